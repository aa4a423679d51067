"""What a customer has chosen of direct debit, and when bills are debited next."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from loans.accounting.rules.codes import COLLECTED_STATES, DebitMode
from loans.models import AutoDebit, Bill, Mandate, MandateState

_LIVE = Mandate.objects.filter(state=MandateState.SIGNED)
# Whether the customer of a bill has a live mandate, for a list of bills.
HAS_MANDATE = Exists(_LIVE.filter(customer=OuterRef("customer")))


class ChosenDebit(NamedTuple):
    """The mode of the bills to come, and the live mandate with its card, if there is one."""

    mode: str
    mandate: Mandate | None

    @property
    def is_active(self) -> bool:
        """Return whether anything is debited."""
        return self.mandate is not None and self.mode != DebitMode.OFF


def chosen_of(customer_id: int) -> ChosenDebit:
    """Return what a customer has chosen; FULL where nothing was chosen (REPAY-10)."""
    mode = AutoDebit.objects.filter(customer=customer_id).values_list("mode", flat=True).first()
    live = _LIVE.filter(customer=customer_id)
    with_card = live.select_related("card").defer("card__number", "card__phone")
    return ChosenDebit(mode or DebitMode.FULL.value, with_card.first())


def next_debits(bills: Collection[Bill], *, on: date) -> dict[int, date]:
    """Return the day of the next direct debit of each bill that will have one, by bill."""
    customer_ids = {bill.customer_id for bill in bills}
    live = set(_LIVE.filter(customer__in=customer_ids).values_list("customer_id", flat=True))
    days = {bill.pk: next_debit(bill, bill.customer_id in live, on=on) for bill in bills}
    return {bill_id: day for bill_id, day in days.items() if day is not None}


def next_debit(bill: Bill, has_mandate: bool, *, on: date) -> date | None:
    """Return the day of the next direct debit of a bill as of a day; None where none will be asked.

    ``Bill.debit_on`` outlives what lets a bill be debited: it stays on one that is paid, that is
    switched off, or whose mandate has ended (REPAY-10). A day that has passed without an attempt
    is made up for on the next one.
    """
    is_debited = has_mandate and bill.mode != DebitMode.OFF and bill.state in COLLECTED_STATES
    if bill.debit_on is None or not is_debited:
        return None
    return max(bill.debit_on, on)
