"""Bills that the account of their card cannot pay in one day: warned before (FAQ-4)."""

from collections.abc import Collection
from datetime import date, timedelta

from backoffice.core.policy import current
from loans.accounting.rules.codes import BillState, DebitMode
from loans.billing.rules.day_limits import DayLimitWarning, PlannedDebit, warning_of
from loans.models import Bill, Mandate, MandateState
from loans.policy import LoanOperations


def warnings(bills: Collection[Bill], *, on: date) -> dict[int, DayLimitWarning]:
    """Return the warnings of some bills by their ids."""
    days = current(LoanOperations, on=on).card_limit_warning_days
    customer_ids = {bill.customer_id for bill in bills}
    live = Mandate.objects.filter(customer__in=customer_ids, state=MandateState.SIGNED)
    classes = dict(live.values_list("customer_id", "card__account_class"))
    found = {}
    for bill in bills:
        debit = PlannedDebit(bill.state, bill.due_on, bill.mode, bill.total_fen, bill.minimum_fen,
                             bill.paid_fen, classes.get(bill.customer_id, ""))  # fmt: skip
        warning = warning_of(debit, on=on, days=days)
        if warning is not None:
            found[bill.pk] = warning
    return found


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
