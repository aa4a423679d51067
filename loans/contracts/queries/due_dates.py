"""The repayment day of a customer, from what was drawn so far (REPAY-2)."""

from datetime import date

from loans.billing.queries.unbilled import repayment_days
from loans.contracts.rules.due_dates import first_due_on, repayment_day
from loans.policy import LoanTerms


def repayment_day_of(customer_id: int) -> int | None:
    """Return the day of the month on which a customer repays; None before the first drawdown.

    A migrated customer keeps the day of the bills at the earlier lender.
    """
    return repayment_days([customer_id]).get(customer_id)


def next_first_due_on(customer_id: int, *, drawn_on: date, terms: LoanTerms) -> date:
    """Return when a loan that is drawn on a day falls due for the first time (REPAY-2)."""
    day = repayment_day_of(customer_id) or repayment_day(drawn_on)
    return first_due_on(drawn_on, day, terms)
