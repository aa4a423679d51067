"""On which days loans fall due: the repayment day of a customer, and the months after (REPAY-2).

Due dates are natural days: weekends and holidays move nothing (GEN-5).
"""

import calendar
from datetime import date, timedelta

from loans.policy import LoanTerms

DAY_MAX = 28  # every month has this day
LATE_DAY = 21  # REPAY-2 of a first drawdown on the 29th to 31st


def repayment_day(first_on: date) -> int:
    """Return the repayment day of a customer whose first drawdown was on a day (REPAY-2).

    The 29th to the 31st become the 21st, so that every month has the day.
    """
    return first_on.day if first_on.day <= DAY_MAX else LATE_DAY


def first_due_on(drawn_on: date, day: int, terms: LoanTerms) -> date:
    """Return the first repayment day that is at least 20 nights after a drawdown (REPAY-2).

    ``day`` is a day of the month from 1 to 28.
    """
    assert 1 <= day <= DAY_MAX, "a repayment day is one that every month has"
    earliest_on = drawn_on + timedelta(days=terms.first_due_nights_min)
    due_on = earliest_on.replace(day=day)
    return due_on if due_on >= earliest_on else months_after(due_on, 1)


def months_after(first_on: date, months: int) -> date:
    """Return the same day some months later; the last day of a month that is too short.

    It is counted from the first date, so a short month moves no later one. Only a plan that a bill
    was converted to can begin after the 28th (REPAY-6).
    """
    year, month = divmod(first_on.year * 12 + first_on.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(first_on.day, last_day))


def converted_first_due_on(due_on: date) -> date:
    """Return when the first row of a plan falls due that a bill due on a day became (REPAY-6)."""
    return months_after(due_on, 1)
