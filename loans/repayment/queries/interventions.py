"""What staff did to bills and loans, and what customers converted: events of a replay (GEN-9)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.db.models import QuerySet

from loans.accounting.rules.debt import Debt
from loans.billing.rules.extension import Extend
from loans.conversion.queries import conversions
from loans.delinquency.rules.acceleration import Accelerate
from loans.delinquency.rules.charge_off import ChargeOffLoan
from loans.delinquency.rules.waiver import WAIVABLE, WaiveCharges
from loans.models import Acceleration, ChargeOff, Extension, ExtensionState, Waiver

Kind = TypeVar("Kind")  # of event


class Happened(NamedTuple, Generic[Kind]):
    """An event with its business day, and the moment at which it was recorded."""

    on: date
    at: datetime
    event: Kind


def of(bill_ids: Collection[int], loan_ids: Collection[int]) -> list[Happened[Any]]:
    """Return what was decided of some bills and loans, conversions included, by its days."""
    found: list[Happened[Any]] = [
        Happened(
            row.waived_on, row.at, WaiveCharges(row.pk, row.bill_id, _debt(row), row.waived_on)
        )
        for row in Waiver.objects.filter(bill__in=bill_ids).order_by("pk")
    ]
    for one in _approved(bill_ids):
        assert one.decided_on and one.decided_at, "an approved extension was decided"
        extend = Extend(one.bill_id, one.decided_on, one.extended_to_on)
        found.append(Happened(one.decided_on, one.decided_at, extend))
    found += [
        Happened(row.accelerated_on, row.at, Accelerate(row.bill_id, row.accelerated_on))
        for row in Acceleration.objects.filter(bill__in=bill_ids).order_by("pk")
    ]
    found += [
        Happened(row.charged_off_on, row.at, ChargeOffLoan(row.loan_id, row.charged_off_on))
        for row in ChargeOff.objects.filter(loan__in=loan_ids).order_by("pk")
    ]
    found += [
        Happened(row.effective_on, row.decided_at, conversions.event_of(row))
        for row in conversions.effective(bill_ids)
        if row.decided_at is not None
    ]
    return sorted(found, key=lambda one: (one.on, one.at))


def waivers_among(decided: Iterable[Happened[Any]]) -> dict[int, date]:
    """Return the waivers among what was decided, by id with their days."""
    return {one.event.waiver_id: one.on for one in decided if isinstance(one.event, WaiveCharges)}


def _debt(waiver: Waiver) -> Debt:
    return Debt(**{name: getattr(waiver, name) for name in WAIVABLE})


class DueDates(NamedTuple):
    """The due date a bill was issued with, and the later one that holds after ``extended_on``."""

    issued: date
    extended: date | None = None
    extended_on: date | None = None

    def on(self, today: date) -> date:
        """Return the due date that holds when a day begins."""
        is_moved = self.extended_on is not None and self.extended_on < today
        return self.extended if is_moved and self.extended else self.issued

    def restarted_on(self, today: date) -> date:
        """Return the day whose debits, and those before it, no longer count when a day begins."""
        is_moved = self.extended_on is not None and self.extended_on < today
        return self.extended_on if is_moved and self.extended_on else date.min


def due_dates(bills: Iterable[tuple[int, date]]) -> dict[int, DueDates]:
    """Return the due dates of bills, given by id with the one that holds now."""
    found = {bill_id: DueDates(due_on) for bill_id, due_on in bills}
    for one in _approved(found.keys()):
        found[one.bill_id] = DueDates(one.due_on, one.extended_to_on, one.decided_on)
    return found


def _approved(bill_ids: Collection[int]) -> QuerySet[Extension]:
    return Extension.objects.filter(bill__in=bill_ids, state=ExtensionState.APPROVED).defer(
        "reason", "answer"
    )
