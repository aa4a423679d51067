"""A later due date of a bill, asked by the customer and approved by the staff (FAQ-7).

An event of the engine. The bill is asked again with its total, minimum and payments as they were;
attempts and grace start again from the new due date, interest goes on at the contract's rate, and
a late fee that was charged stays and is not charged again.
"""

from datetime import date
from typing import NamedTuple

from loans.accounting.rules.codes import BillMove, BillState
from loans.accounting.rules.engine import Run
from loans.accounting.rules.reasons import LoanReason
from loans.contracts.rules.due_dates import months_after

EXTENDABLE = (BillState.BILLED, BillState.GRACE)


def days_max(due_on: date, *, policy_days_max: int) -> int:
    """Return by how many days a due date may move: it stays before that of the next bill.

    FAQ-7 names the most, 30 days, and no right to them; a customer has one bill a due date
    (REPAY-2), so that a bill due in a month of 30 days moves by 29 at most.
    """
    return min(policy_days_max, (months_after(due_on, 1) - due_on).days - 1)


class Extend(NamedTuple):
    """A bill that is due later from a day on; ``tries`` are orders of its cycle so far."""

    bill_id: int
    on: date
    due_on: date
    tries: int = 0

    def apply(self, run: Run) -> None:
        """Move the due date, and start attempts and grace again.

        A bill that an earlier value date has paid, or that is not asked any more, stays as it is.
        """
        bill = run.position.bills[self.bill_id]
        if bill.state not in EXTENDABLE:
            return
        run.move_bill(bill.id, BillMove.EXTEND, on=self.on, reason=LoanReason.EXTENDED)
        run.move_bill(
            bill.id, BillMove.ISSUE, on=self.on, reason=LoanReason.EXTENDED, due_on=self.due_on,
            cycle_on=self.due_on, debit_on=self.due_on, refusals=0, tries=self.tries,
            refused_on=None,
        )  # fmt: skip
