"""Which conversions are planned, which took effect, and what they are in the engine (REPAY-6)."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from backoffice.core import bulk
from loans.accounting.queries.positions import terms_of
from loans.accounting.rules.codes import Plan
from loans.conversion.rules.conversion import Convert
from loans.models import Conversion, ConversionState


def due(*, on: date) -> list[int]:
    """Return the bills with conversions that take effect on a day, or should have before it."""
    planned = Conversion.objects.filter(state=ConversionState.PLANNED, effective_on__lte=on)
    return sorted(set(planned.values_list("bill_id", flat=True)))


def missed(customer_ids: Collection[int], *, before: date) -> list[int]:
    """Return the bills of customers with conversions that should have taken effect before a day."""
    late = Conversion.objects.filter(
        customer_id__any=bulk.Of(customer_ids), state=ConversionState.PLANNED,
        effective_on__lt=before,
    )  # fmt: skip
    return sorted({bill_id for (bill_id,) in bulk.rows(late, "bill_id")})


def planned(bill_ids: Collection[int], *, until: date = date.max) -> list[Conversion]:
    """Return the conversions planned of some bills up to a day, in the order of their requests."""
    return _with_terms(bill_ids, ConversionState.PLANNED, until)


def effective(bill_ids: Collection[int]) -> list[Conversion]:
    """Return the conversions of some bills that took effect, in the order of their requests."""
    return _with_terms(bill_ids, ConversionState.EFFECTIVE, date.max)


def event_of(conversion: Conversion) -> Convert:
    """Return a conversion as the engine applies it, with the fee of its cost sheet."""
    return Convert(
        conversion.pk,
        conversion.bill_id,
        conversion.loan_id,
        Plan(conversion.plan),
        conversion.effective_on,
        terms_of(conversion.quote.terms_id),
    )


def printed(bill_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return what bills asked before their first conversion, as values of their positions."""
    found: dict[int, dict[str, Any]] = {}
    for row in effective(list(bill_ids)):
        assert row.printed_total_fen is not None and row.printed_minimum_fen is not None
        before = {"total_fen": row.printed_total_fen, "minimum_fen": row.printed_minimum_fen}
        found.setdefault(row.bill_id, before)
    return found


def _with_terms(bill_ids: Collection[int], state: ConversionState, until: date) -> list[Conversion]:
    rows = Conversion.objects.filter(
        bill_id__any=bulk.Of(bill_ids), state=state, effective_on__lte=until
    )
    with_terms = rows.select_related("quote").only(
        *(field.name for field in Conversion._meta.concrete_fields), "quote__terms_id"
    )
    return list(with_terms.order_by("pk"))
