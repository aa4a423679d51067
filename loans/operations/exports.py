"""What loans add to a customer's copy of the data, and what keeps a customer from leaving."""

from django.utils.translation import gettext_lazy as _

from accounts.operations.exports import Section, latest
from loans.models import Bill, Loan, LoanState, Repayment, UnappliedFunds

_SETTLED = (LoanState.SETTLED, LoanState.CANCELLED)

SECTIONS = (
    Section(
        "loans", _("Loans"),
        {"plan": _("plan"), "principal_fen": _("principal in fen"),
         "unpaid_principal_fen": _("unpaid principal in fen"), "state": _("state"),
         "drawn_on": _("drawn on"), "closed_on": _("closed on")},
        latest(Loan, "plan", "principal_fen", "unpaid_principal_fen", "state", "drawn_on",
               "closed_on"),
    ),
    Section(
        "bills", _("Bills"),
        {"state": _("state"), "due_on": _("due on")},
        latest(Bill, "state", "due_on"),
    ),
    Section(
        "repayments", _("Repayments"),
        {"amount_fen": _("amount in fen"), "value_on": _("value date")},
        latest(Repayment, "amount_fen", "value_on"),
    ),
)  # fmt: skip


def obstacle(customer_id: int) -> str:
    """Return why a customer cannot leave: money is owed to us, or waits for the customer."""
    mine = {"customer": customer_id}
    if Loan.objects.filter(**mine).exclude(state__in=_SETTLED).exists():
        return "debts-open"
    waiting = UnappliedFunds.objects.filter(**mine, refunded_at=None)
    return "money-waiting" if waiting.exists() else ""
