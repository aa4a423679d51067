"""What stops new loans of a customer: no line, unpaid bills, pending debits (REPAY-18)."""

from datetime import date
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS

from backoffice.core import prepared
from risk.models import CreditLine

_COLUMNS = tuple(field.attname for field in CreditLine._meta.concrete_fields)
# Unpaid after its due date is also a bill that waits for the close of its due date, and one in
# grace. Automatic orders are found by their customer, the others by their bill or loan, each
# through the index of what is open.
_READ = f"""
SELECT {", ".join(f"line.{column}" for column in _COLUMNS)},
EXISTS (
    SELECT FROM loans_bill
    WHERE customer_id = line.customer_id AND due_on < %s
      AND state IN ('billed', 'grace', 'overdue')
),
EXISTS (
    SELECT FROM loans_debitorder
    WHERE origin = 'auto' AND state IN ('planned', 'sent', 'unknown')
      AND customer_id = line.customer_id
) OR EXISTS (
    SELECT FROM loans_bill AS bill JOIN loans_debitorder AS asked ON asked.bill_id = bill.id
    WHERE bill.customer_id = line.customer_id AND asked.origin = 'customer'
      AND asked.state IN ('planned', 'sent', 'unknown')
) OR EXISTS (
    SELECT FROM loans_loan AS loan JOIN loans_debitorder AS asked ON asked.loan_id = loan.id
    WHERE loan.customer_id = line.customer_id AND asked.state IN ('planned', 'sent', 'unknown')
)
FROM risk_creditline AS line
WHERE line.customer_id = %s AND line.state <> 'closed'
"""  # nosec B608: the columns are those of the model


class OpenLine(NamedTuple):
    """The line of a customer that is not closed, and what stops new loans on it."""

    line: CreditLine
    has_unpaid_bill: bool
    has_pending_debit: bool


def open_line(customer_id: int, *, on: date) -> OpenLine | None:
    """Return the line of a customer, whether a bill is unpaid after its due date, grace included,
    and whether the result of a debit is not known yet, as of a day; None without a line.
    """
    found = prepared.rows(_READ, [on, customer_id])
    if not found:
        return None
    *columns, has_unpaid_bill, has_pending_debit = found[0]
    line = CreditLine.from_db(DEFAULT_DB_ALIAS, _COLUMNS, columns)
    return OpenLine(line, has_unpaid_bill, has_pending_debit)
