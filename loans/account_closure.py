"""What keeps a customer from leaving, and what of ours ends when one leaves (LAW-18)."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import NextCall
from loans.billing.operations import auto_debit
from loans.models import DebitOrder, Loan, LoanState, UnappliedFunds
from loans.models.debit import OPEN_ORDER_STATES

WORDS = {
    "debts-open": _(
        "A loan is not repaid: pay its bills, or settle it, which is possible at any time; a "
        "direct debit you have chosen takes what is due on the due dates."
    ),
    "debit-under-way": _("A debit is under way: wait for the answer of your bank."),
    "money-waiting": _("We hold money of yours: it is refunded to your card the next day."),
}
CALLS = {
    "debts-open": (
        NextCall("list-bills", "GET", "/api/v1/bills"),
        NextCall("pay-bill", "POST", "/api/v1/bills/{id}/payments"),
        NextCall("list-loans", "GET", "/api/v1/loans"),
        NextCall("settle", "POST", "/api/v1/loans/{id}/settlement"),
    ),
    "debit-under-way": (NextCall("list-payments", "GET", "/api/v1/payments"),),
}
_SETTLED = (LoanState.SETTLED, LoanState.RECOVERED, LoanState.CANCELLED)


def blocker(customer_id: int) -> str:
    """Return why a customer cannot leave: money is owed to us, on its way, or waits for them."""
    mine = {"customer": customer_id}
    if Loan.objects.filter(**mine).exclude(state__in=_SETTLED).exists():
        return "debts-open"
    if DebitOrder.objects.filter(**mine, state__in=OPEN_ORDER_STATES).exists():
        return "debit-under-way"
    waiting = UnappliedFunds.objects.filter(**mine, refunded_at=None)
    return "money-waiting" if waiting.exists() else ""


def end(customer_id: int, *, by: str, reason: str, at: datetime) -> None:
    """End the mandate of a customer who leaves: nothing may be debited any more."""
    auto_debit.end([customer_id], by=by, reason=reason, at=at)
