"""The repayment day of a customer, from what was drawn so far (REPAY-2)."""

from datetime import date

from accounts.models import Customer
from loans.contracts.rules.due_dates import first_due_on, repayment_day
from loans.models import Bill, Loan, LoanState
from loans.policy import LoanTerms
from risk.models import Conduct

# Reports of our own bills name them; the others came with a migrated customer.
_OWN_BILL = "bill:"


def repayment_day_of(customer_id: int) -> int | None:
    """Return the day of the month on which a customer repays; None before the first drawdown.

    A migrated customer keeps the day of the bills at the earlier lender.
    """
    first_on = _migrated_on(customer_id) or _first_drawn_on(customer_id)
    return None if first_on is None else repayment_day(first_on)


def next_first_due_on(customer_id: int, *, drawn_on: date, terms: LoanTerms) -> date:
    """Return when a loan that is drawn on a day falls due for the first time (REPAY-2)."""
    day = repayment_day_of(customer_id) or repayment_day(drawn_on)
    return first_due_on(drawn_on, day, terms)


def _migrated_on(customer_id: int) -> date | None:
    """Return when the last bill before the migration was due, or the one that came with it."""
    if not Customer.objects.filter(pk=customer_id, origin__isnull=False).exists():
        return None
    reports = Conduct.objects.filter(customer=customer_id).exclude(source__startswith=_OWN_BILL)
    bills = Bill.objects.filter(customer=customer_id).order_by("pk")
    return (
        reports.order_by("-due_on").values_list("due_on", flat=True).first()
        or bills.values_list("due_on", flat=True).first()
    )


def _first_drawn_on(customer_id: int) -> date | None:
    loans = Loan.objects.filter(customer=customer_id).exclude(state=LoanState.CANCELLED)
    return loans.order_by("drawn_on", "pk").values_list("drawn_on", flat=True).first()
