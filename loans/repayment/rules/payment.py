"""A repayment of a bill: allocation, new segments, paid bills and loans (REPAY-8).

An event of the engine, fresh or reprocessed. Money offered may be refused before; money that
arrived never is: what is not owed is a surplus that waits for its refund.
"""

from datetime import date
from typing import Any, NamedTuple

from loans.accounting.rules.accrual import rate_micro
from loans.accounting.rules.allocation import Claim, allocate
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.ending import end_bill, end_loans
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Allocation, Cause, Surplus
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
    restart_segment,
)
from loans.policy import LoanTerms


class Payment(NamedTuple):
    """Money taken for a bill, in fen, on the day the channel took it (GEN-9).

    ``older_ids`` are the bills of the customer that were due before, the oldest first: money paid
    by hand settles them first, whichever bill it names (REPAY-8). A direct debit pays the bill it
    was ordered for and has none.
    """

    repayment_id: int
    bill_id: int
    amount_fen: int
    on: date
    older_ids: tuple[int, ...] = ()

    def apply(self, run: Run) -> None:
        """Settle what is owed in the order of REPAY-8, then close what is paid.

        What a later bill has taken over of a bill is settled there (GEN-9). A plan fee that the
        money reaches before its due date is charged with it (RATE-7).
        """
        left_fen = self.amount_fen
        for bill_id in self.older_ids:
            if left_fen and _is_payable(run.position.bills[bill_id]):
                left_fen = self._settle(run, bill_id, left_fen)
        if left_fen:
            left_fen = self._settle(run, self.bill_id, left_fen)
        if left_fen:
            run.surpluses.append(Surplus(self.repayment_id, self.bill_id, self.on, left_fen))

    def _settle(self, run: Run, bill_id: int, amount_fen: int) -> int:
        """Settle one bill, close it if it is paid, and return the fen left over."""
        asked = run.position.bills[bill_id]
        bill = run.position.holder_of(asked)
        rows = bill.rows
        if bill is not asked:
            rows = tuple(row for row in rows if row in asked.billed_rows)
        cause = Cause("repayment", self.repayment_id)
        run.accrue(bill, on=self.on, cause=cause)
        payable = run.payable(bill)
        owed_fen = sum(
            payable[row.loan_id].parts[row.part_index].debt.total_fen for row in bill.rows
        )
        claims = [claim_of(payable[row.loan_id], row, run.terms[row.loan_id]) for row in rows]
        parts, left_fen = allocate(amount_fen, claims)
        paid_fees = [row for row, paid in zip(rows, parts, strict=True) if paid.plan_fee_fen]
        run.charge_plan_fees(paid_fees, on=self.on, cause=cause)
        for (loan_id, index), paid in zip(rows, parts, strict=True):
            if any(paid):
                pay_part(run, loan_id, index, paid)
                run.allocations.append(
                    Allocation(self.repayment_id, loan_id, index, self.on, paid, bill.id)
                )
        owed_fen -= amount_fen - left_fen
        changes: dict[str, Any] = {}
        if left_fen < amount_fen:
            changes = {
                "paid_fen": bill.paid_fen + amount_fen - left_fen,
                "last_paid_on": self.on,
                "shortfall_fen": owed_fen,
            }
        bill = end_bill(run, bill, on=self.on, **changes)
        end_loans(run, bill, on=bill.last_paid_on or self.on)
        return left_fen


def _is_payable(bill: BillPosition) -> bool:
    """Say whether an older bill still asks for something under its own number."""
    return bool(bill.rows) and bill.state in (*COLLECTED_STATES, *REST_STATES)


def pay_part(run: Run, loan_id: int, index: int, paid: Debt) -> None:
    """Take what was paid off an instalment, which goes on in a new segment (GEN-3)."""
    loan = run.position.loans[loan_id]
    debt, *segment = loan.parts[index]
    part = InstalmentPosition._make((debt - paid, *segment))
    run.change_part(loan_id, index, restart_segment(part, on=loan.accrued_on))


def claim_of(loan: LoanPosition, row: InstalmentKey, terms: LoanTerms) -> Claim:
    """Return an instalment as a claim with its current daily rate (REPAY-8)."""
    part = loan.parts[row.part_index]
    rate = rate_micro(part.accrual, loan.rate_ppm, terms, factor_permille=loan.factor_of(part))
    return Claim(part.debt, rate, not loan.is_bullet, loan.drawn_on)
