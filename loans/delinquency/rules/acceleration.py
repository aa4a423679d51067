"""Later instalments called due under an overdue bill (RATE-5).

An event of the engine. From its day on their principal bears penalty interest: one rate a fen and
night. No plan fee is charged any more, also not that of the period under way: the customer did not
choose to repay early (REPAY-4), and the penalty is the price of the nights that follow.
"""

from datetime import date
from typing import NamedTuple

from loans.accounting.rules.codes import Accrual, BillState
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Cause
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
    start_segment,
)
from loans.policy import LoanTerms


def is_long_overdue(bill: BillPosition, *, on: date, terms: LoanTerms) -> bool:
    """Say whether a bill has been past due for so long that later instalments may be called due."""
    days_past_due = (on - bill.due_on).days
    return bill.state == BillState.OVERDUE and days_past_due > terms.acceleration_after_days


def later_rows(loans: dict[int, LoanPosition], bill: BillPosition) -> list[InstalmentKey]:
    """Return the instalments of a bill's loans that no bill has asked for yet."""
    return [
        InstalmentKey(loan_id, index)
        for loan_id in bill.loan_ids
        for index, part in enumerate(loans[loan_id].parts)
        if part.bill_id is None and part.debt.principal_fen
    ]


class Accelerate(NamedTuple):
    """The later instalments of a bill's loans fall due on a day."""

    bill_id: int
    on: date

    def apply(self, run: Run) -> None:
        """Put the instalments under the bill, where they bear penalty from the night of the day.

        A bill that an earlier value date has paid, or that is not overdue any more, stays as it is.
        """
        bill = run.position.bills[self.bill_id]
        if bill.state != BillState.OVERDUE:
            return
        run.accrue(bill, on=self.on, cause=Cause("acceleration", bill.id))
        rows = later_rows(run.position.loans, bill)
        for loan_id, index in rows:
            part = _called_due(run.position.loans[loan_id].parts[index], bill.id)
            run.change_part(loan_id, index, start_segment(part, Accrual.PENALTY, on=self.on))
        run.change_bill(bill.id, rows=tuple(sorted((*bill.rows, *rows))))


def _called_due(part: InstalmentPosition, bill_id: int) -> InstalmentPosition:
    """Return an instalment under the bill, without the plan fee that is not charged any more."""
    return part._replace(bill_id=bill_id, uncharged_plan_fee_fen=0)
