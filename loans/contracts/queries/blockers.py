"""What stops new loans of a customer while bills are unpaid (REPAY-18)."""

from datetime import date

from loans.models import Bill, BillState, DebitOrder, Origin
from loans.models.debit import OPEN_ORDER_STATES

# Unpaid after their due date; a bill that waits for the close of its due date is one of them.
_UNPAID_STATES = (BillState.BILLED, BillState.GRACE, BillState.OVERDUE)


def has_unpaid_bill(customer_id: int, *, on: date) -> bool:
    """Return whether a bill of a customer is unpaid after its due date, grace included."""
    late = Bill.objects.filter(customer=customer_id, due_on__lt=on, state__in=_UNPAID_STATES)
    return late.exists()


def has_pending_debit(customer_id: int) -> bool:
    """Return whether the result of a debit of a customer is not known yet.

    Automatic orders are found by their customer, requests by their bill: each has such an index.
    """
    still_open = DebitOrder.objects.filter(state__in=OPEN_ORDER_STATES)
    automatic = still_open.filter(origin=Origin.AUTO, customer=customer_id)
    requested = still_open.filter(origin=Origin.CUSTOMER, bill__customer=customer_id)
    return automatic.exists() or requested.exists()
