"""How late a customer is, in words for staff."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.customers.debts import DebtState
from loans.delinquency.queries import CustomerDebt, customer_debts
from loans.models import BillState, LoanState


def debt_states(customer_ids: Sequence[int], *, on: date) -> dict[int, DebtState]:
    """Return the state of the debt of each customer who has a running or a charged-off loan."""
    found = customer_debts(customer_ids)
    return {customer_id: _in_words(debt, on=on) for customer_id, debt in found.items()}


def _in_words(debt: CustomerDebt, *, on: date) -> DebtState:
    """Return the worst state of a customer's debt; days past due count from the due date."""
    if debt.is_charged_off:
        return DebtState(_("charged off"), LoanState.CHARGED_OFF)
    if debt.late_since is None:
        return DebtState(_("not past due"), LoanState.ACTIVE)
    days = (on - debt.late_since).days
    if debt.is_overdue:
        text = ngettext("overdue, {days} day past due", "overdue, {days} days past due", days)
        return DebtState(text.format(days=days), BillState.OVERDUE)
    text = ngettext("in grace, {days} day past due", "in grace, {days} days past due", days)
    return DebtState(text.format(days=days), BillState.GRACE)
