"""On which days bills are due and issued (REPAY-2)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from loans.contracts.rules.due_dates import months_after


class Unbilled(NamedTuple):
    """Something that a bill is to ask: when it falls due, or fell due, and since when it is left.

    ``left_on`` is the day on which an earlier bill closed and left it, None for what stands under
    no bill.
    """

    due_on: date
    left_on: date | None = None


def repayment_on(day: int, *, after: date) -> date:
    """Return the next repayment day of a customer after a day; ``day`` is from 1 to 28."""
    this_month = after.replace(day=day)
    return this_month if this_month > after else months_after(this_month, 1)


def due_dates(
    unbilled: Iterable[Unbilled], *, day: int | None, on: date, lead_days: int
) -> list[date]:
    """Return the due dates of the bills that a customer is issued on a day, the earliest first.

    Each instalment is billed ``lead_days`` before it falls due, or later where that was missed.
    What closed bills left goes with it. Without such an instalment there is a bill on the
    customer's repayment ``day`` all the same, if something was left by its bill date (REPAY-2, 9,
    16).
    """
    things = list(unbilled)
    last_on = on + timedelta(days=lead_days)
    coming = {one.due_on for one in things if one.left_on is None and on < one.due_on <= last_on}
    if coming or day is None:
        return sorted(coming)
    next_on = repayment_on(day, after=on)
    bill_date = next_on - timedelta(days=lead_days)
    is_left = any((one.left_on or one.due_on) <= bill_date for one in things)
    return [next_on] if next_on <= last_on and is_left else []
