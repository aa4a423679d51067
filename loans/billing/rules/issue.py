"""The issue of a bill: what it takes over from earlier ones, and what it asks (REPAY-7, 9, 16).

An event of the engine. A value date earlier than the issue of a bill runs it again: the bill then
contains what was really owed that day (GEN-9).
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from loans.accounting.rules import cap
from loans.accounting.rules.codes import REST_STATES, BillMove, BillState
from loans.accounting.rules.engine import Run, accrued
from loans.accounting.rules.outcomes import IssuedLoan
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
)
from loans.accounting.rules.reasons import LoanReason
from loans.billing.rules.minimum import minimum_fen

# What is owed under an earlier bill in one of these states is past due (REPAY-7).
PAST_DUE_STATES = (BillState.GRACE, BillState.OVERDUE)


class Earlier(NamedTuple):
    """An earlier bill of the customer and how it ended, as it is known outside of the run."""

    bill_id: int
    state: str


class Issue(NamedTuple):
    """A bill that is issued on ``on``; ``earlier`` are those before it, the latest first.

    It takes over what the closed ones among them left. The position holds those that are open or
    left something, and may hold bills of other customers too.
    """

    bill_id: int
    on: date
    earlier: tuple[Earlier, ...] = ()

    def apply(self, run: Run) -> None:
        """Put the instalments under the bill, and compute its total and its minimum.

        It asks its own instalments and what closed bills left; what an open one asks stays there.
        A bill of which nothing is owed is paid already.
        """
        bill = self._take_over(run, run.position.bills[self.bill_id])
        run.issued += [
            IssuedLoan(bill.id, loan_id, run.position.loans[loan_id]) for loan_id in bill.loan_ids
        ]
        total_fen, mandatory_fen = self._asked_fen(run, bill)
        if not total_fen:
            run.move_bill(bill.id, BillMove.PAY, on=self.on, reason=LoanReason.PAID_IN_FULL)
            return
        run.change_bill(
            bill.id,
            total_fen=total_fen,
            minimum_fen=minimum_fen(
                total_fen,
                mandatory_fen=mandatory_fen,
                minimum_months=self._minimum_months(run),
                terms=run.bill_terms(bill),
            ),
            past_due_fen=self._past_due_fen(run),
        )

    def _take_over(self, run: Run, bill: BillPosition) -> BillPosition:
        closed = [
            other
            for other in self._in_run(run)
            if other.state in REST_STATES and other.rows and other.due_on < bill.due_on
        ]
        left = {row for other in closed for row in other.rows if any(_part(run, row).debt)}
        for other in closed:
            run.change_bill(other.id, rows=(), loan_ids=(), billed_rows=other.rows)
        own = {
            row
            for row in bill.billed_rows
            if _part(run, row).bill_id is None and any(_part(run, row).debt)
        }
        rows = tuple(sorted(left | own | set(bill.rows)))
        for loan_id, index in rows:
            part = run.position.loans[loan_id].parts[index]
            run.change_part(loan_id, index, part._replace(bill_id=bill.id))
        loans = run.position.loans
        loan_ids = sorted({row.loan_id for row in rows}, key=lambda one: (loans[one].drawn_on, one))
        return run.change_bill(
            bill.id,
            rows=rows,
            loan_ids=tuple(loan_ids),
            terms_id=loan_ids[0] if loan_ids else bill.terms_id,
            billed_rows=rows,
        )

    def _in_run(self, run: Run) -> list[BillPosition]:
        """Return the earlier bills of the customer that the position holds."""
        bills = run.position.bills
        return [bills[one.bill_id] for one in self.earlier if one.bill_id in bills]

    def _asked_fen(self, run: Run, bill: BillPosition) -> tuple[int, int]:
        """Return total and mandatory part, with the contract's interest to the due date.

        Up to the bill date that is what the loans are charged, the cap included; from there on
        what the contract bears (REPAY-7).
        """
        total_fen = principal_fen = 0
        for loan_id in bill.loan_ids:
            loan, terms = self._as_of_today(run, loan_id), run.terms[loan_id]
            _end, charges = cap.accrue(loan, on=max(bill.due_on, loan.accrued_on), terms=terms)
            for owner, index in bill.rows:
                if owner == loan_id:
                    debt = loan.parts[index].debt
                    charged, fee_fen = charges[index], loan.parts[index].uncharged_plan_fee_fen
                    total_fen += debt.total_fen + charged.contract_fen + fee_fen
                    principal_fen += debt.principal_fen * loan.is_bullet
        return total_fen, total_fen - principal_fen

    def _past_due_fen(self, run: Run) -> int:
        """Return what is owed on the bill date under earlier bills whose due date has passed."""
        return sum(
            self._as_of_today(run, loan_id).parts[index].debt.total_fen
            for other in self._in_run(run)
            if other.state in PAST_DUE_STATES
            for loan_id, index in other.rows
        )

    def _as_of_today(self, run: Run, loan_id: int) -> LoanPosition:
        """Return a loan charged its nights before the bill date; nothing is posted for a bill."""
        loan = run.position.loans[loan_id]
        return accrued(loan, on=max(self.on, loan.accrued_on), terms=run.terms[loan_id]).end

    def _minimum_months(self, run: Run) -> int:
        """Return how many bills before this one ended with the minimum, one after another."""
        bills = run.position.bills
        return minimum_months(
            bills[one.bill_id].state if one.bill_id in bills else one.state for one in self.earlier
        )


def minimum_months(states: Iterable[str]) -> int:
    """Return how many of the latest bills, the latest first, ended MIN_PAID in a row (REPAY-7)."""
    count = 0
    for state in states:
        if state != BillState.MIN_PAID:
            break
        count += 1
    return count


def _part(run: Run, row: InstalmentKey) -> InstalmentPosition:
    return run.position.loans[row.loan_id].parts[row.part_index]
