"""Bills that the account of their card cannot pay in one day: warned before (FAQ-4)."""

from collections.abc import Collection
from datetime import date, timedelta

from django.db.models import Sum

from backoffice.core.policy import current
from loans.accounting.rules.codes import BillState, DebitMode
from loans.billing.rules.day_limits import DayLimitWarning, PlannedDebit, warning_of
from loans.models import Bill, Conversion, ConversionState, Mandate, MandateState
from loans.policy import LoanOperations


def warnings(bills: Collection[Bill], *, on: date) -> dict[int, DayLimitWarning]:
    """Return the warnings of some bills by their ids.

    Principal that is going to be converted on the due date is not debited (REPAY-6).
    """
    days = current(LoanOperations, on=on).card_limit_warning_days
    customer_ids = {bill.customer_id for bill in bills}
    live = Mandate.objects.filter(customer__in=customer_ids, state=MandateState.SIGNED)
    classes = dict(live.values_list("customer_id", "card__account_class"))
    found, asked = {}, {}
    for bill in bills:
        debit = PlannedDebit(bill.state, bill.due_on, bill.mode, bill.total_fen, bill.minimum_fen,
                             bill.paid_fen, classes.get(bill.customer_id, ""))  # fmt: skip
        if warning := warning_of(debit, on=on, days=days):
            found[bill.pk], asked[bill.pk] = warning, debit
    for bill_id, converted_fen in _converted_fen(found).items():
        left_fen = asked[bill_id].total_fen - converted_fen
        least_fen = min(asked[bill_id].minimum_fen, left_fen)
        debit = asked[bill_id]._replace(total_fen=left_fen, minimum_fen=least_fen)
        del found[bill_id]
        if warning := warning_of(debit, on=on, days=days):
            found[bill_id] = warning
    return found


def _converted_fen(bill_ids: Collection[int]) -> dict[int, int]:
    """Return the principal of bills that is planned to be converted, where there is any."""
    if not bill_ids:
        return {}
    planned = Conversion.objects.filter(bill__in=bill_ids, state=ConversionState.PLANNED)
    return dict(planned.values_list("bill_id").annotate(Sum("offered_fen")))


def warned(*, on: date) -> list[int]:
    """Return the bills that carry a warning on a day, for a list of the staff."""
    days = current(LoanOperations, on=on).card_limit_warning_days
    limited = Mandate.objects.filter(state=MandateState.SIGNED).exclude(card__account_class="I")
    bills = Bill.objects.filter(
        state=BillState.BILLED,
        due_on__gte=on,
        due_on__lte=on + timedelta(days=days),
        customer__in=limited.values("customer"),
    ).exclude(mode=DebitMode.OFF)
    return sorted(warnings(list(bills), on=on))
