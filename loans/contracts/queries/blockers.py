"""What stops new loans of a customer while bills are unpaid (REPAY-18)."""

from datetime import date

from django.db import connection

from loans.models import Bill, BillState

# Unpaid after their due date; a bill that waits for the close of its due date is one of them.
_UNPAID_STATES = (BillState.BILLED, BillState.GRACE, BillState.OVERDUE)
_PENDING = """
SELECT EXISTS (
    SELECT FROM loans_debitorder
    WHERE origin = 'auto' AND state IN ('planned', 'sent', 'unknown')
      AND customer_id = %(customer)s
) OR EXISTS (
    SELECT FROM loans_bill AS bill JOIN loans_debitorder AS asked ON asked.bill_id = bill.id
    WHERE bill.customer_id = %(customer)s AND asked.origin = 'customer'
      AND asked.state IN ('planned', 'sent', 'unknown')
) OR EXISTS (
    SELECT FROM loans_loan AS loan JOIN loans_debitorder AS asked ON asked.loan_id = loan.id
    WHERE loan.customer_id = %(customer)s AND asked.state IN ('planned', 'sent', 'unknown')
)
"""


def has_unpaid_bill(customer_id: int, *, on: date) -> bool:
    """Return whether a bill of a customer is unpaid after its due date, grace included."""
    late = Bill.objects.filter(customer=customer_id, due_on__lt=on, state__in=_UNPAID_STATES)
    return late.exists()


def has_pending_debit(customer_id: int) -> bool:
    """Return whether the result of a debit of a customer is not known yet.

    One statement: automatic orders are found by their customer, the others by their bill or loan,
    each through the index of what is open.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, {"customer": customer_id})
        (is_pending,) = cursor.fetchone()
    return bool(is_pending)
