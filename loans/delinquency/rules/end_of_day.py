"""The end of a day for one bill: late fee, grace, small balances, overdue, penalty (GEN-8).

The 00:05 batch of a date decides on the position as of 00:00. An event of the engine: the nightly
batch, a day that is caught up and a day that is reprocessed apply the same one.
"""

from datetime import date
from typing import NamedTuple

from loans.accounting.rules.codes import (
    COLLECTED_STATES,
    Accrual,
    BillMove,
    BillState,
    DebitMode,
    LoanMove,
    LoanState,
)
from loans.accounting.rules.engine import Run, accrued
from loans.accounting.rules.outcomes import Cause
from loans.accounting.rules.position import BillPosition
from loans.accounting.rules.reasons import LoanReason
from loans.collection.rules import cycle as cycles
from loans.delinquency.rules.classification import Unpaid, decide, is_minimum_met
from loans.delinquency.rules.late_fee import is_late_fee_due, late_fees_fen

REASONS = {
    BillMove.SETTLE_MINIMUM: LoanReason.MINIMUM_MET,
    BillMove.ENTER_GRACE: LoanReason.UNPAID_WHEN_DUE,
    BillMove.CARRY: LoanReason.SMALL_BALANCE,
    BillMove.RECORD_OVERDUE: LoanReason.GRACE_OVER,
}


class Refusals(NamedTuple):
    """What was known of refused debits when a past day began: counted ones, and the first day."""

    counted: int
    first_on: date | None


class EndOfDay(NamedTuple):
    """The 00:05 batch of ``on`` for one bill.

    ``has_mandate`` says whether somebody could be debited. ``refusals`` are those of a past day
    that is reprocessed; without them the bill's own counter holds.
    """

    bill_id: int
    on: date
    has_mandate: bool
    refusals: Refusals | None = None

    def apply(self, run: Run) -> None:
        """Decide on the bill and carry the decision out; a day that was closed changes nothing."""
        bill = run.position.bills[self.bill_id]
        if self.refusals is not None:
            counted, first_on = self.refusals
            bill = run.change_bill(bill.id, refusals=counted, refused_on=first_on)
        is_closed = bill.closed_through is not None and bill.closed_through >= self.on
        if bill.state not in COLLECTED_STATES or is_closed:
            return
        bill = run.change_bill(bill.id, closed_through=self.on)
        if bill.state == BillState.BILLED:
            run.accrue(bill, on=bill.due_on, cause=self.cause)
        unpaid = self._as_of_midnight(run, bill)
        outcome = decide(unpaid, on=self.on, terms=run.bill_terms(bill))
        for move in outcome.moves:
            if move == BillMove.ENTER_GRACE:
                bill = self._enter_grace(run, bill, is_minimum_met=is_minimum_met(unpaid))
            elif move == BillMove.SETTLE_MINIMUM:
                assert outcome.revolves_on is not None
                bill = self._revolve(run, bill, on=outcome.revolves_on)
            elif move == BillMove.CARRY:
                bill = self._carry(run, bill)
            else:
                bill = self._record_overdue(run, bill)
        if bill.state in (BillState.GRACE, BillState.OVERDUE):
            self._charge_late_fee(run, bill)

    @property
    def cause(self) -> Cause:
        """Return the cause of what this day charges."""
        return Cause("end_of_day", self.bill_id)

    def _is_debited(self, bill: BillPosition) -> bool:
        return self.has_mandate and bill.mode != DebitMode.OFF

    def _as_of_midnight(self, run: Run, bill: BillPosition) -> Unpaid:
        """Return the bill with what was charged and paid before today.

        Mandatory is what stood when the last payment came: nights after it do not undo a cure.
        Whether a small balance is small counts the nights before today (REPAY-16).
        """
        unpaid_fen = run.position.owed(bill.id).total_fen
        if unpaid_fen <= run.bill_terms(bill).tolerance_fen:
            for loan_id in bill.loan_ids:
                loan = run.position.loans[loan_id]
                ahead = accrued(
                    loan, on=max(self.on, loan.accrued_on), terms=run.terms[loan_id]
                ).end
                unpaid_fen += sum(
                    ahead.parts[index].debt.total_fen - loan.parts[index].debt.total_fen
                    for owner, index in bill.rows
                    if owner == loan_id
                )
        return Unpaid(
            state=bill.state,
            due_on=bill.due_on,
            minimum_fen=bill.minimum_fen,
            paid_fen=bill.paid_fen + bill.waived_fen,
            last_paid_on=bill.last_paid_on,
            shortfall_fen=bill.shortfall_fen,
            unpaid_fen=unpaid_fen,
            mandatory_unpaid_fen=run.position.mandatory_fen(bill.id),
            late_fee_fen=bill.late_fee_fen,
            refusals=bill.refusals,
            is_debited=self._is_debited(bill),
        )

    def _move(
        self, run: Run, bill: BillPosition, move: BillMove, **changes: object
    ) -> BillPosition:
        return run.move_bill(bill.id, move, on=self.on, reason=REASONS[move], **changes)

    def _enter_grace(self, run: Run, bill: BillPosition, *, is_minimum_met: bool) -> BillPosition:
        """Fix the base of the late fee: what is unpaid at the end of the due date (REPAY-13)."""
        for loan_id, index in bill.rows:
            part = run.position.loans[loan_id].parts[index]
            debt = part.debt
            base_fen = debt.principal_fen + debt.interest_fen + debt.plan_fee_fen
            run.change_part(
                loan_id, index, part._replace(late_fee_base_fen=0 if is_minimum_met else base_fen)
            )
        charged_fen = sum(run.position.loans[loan_id].charged_fen for loan_id in bill.loan_ids)
        return self._move(run, bill, BillMove.ENTER_GRACE, charged_at_due_fen=charged_fen)

    def _revolve(self, run: Run, bill: BillPosition, *, on: date) -> BillPosition:
        """Let the unpaid bullet principal bear 1.5 times its rate from a night on (REPAY-9, 15).

        Where a waiver completed the minimum after the last payment, the nights before the waiver
        are charged already: nothing is charged again for them.
        """
        for loan_id in bill.loan_ids:
            begins_on = max(on, run.position.loans[loan_id].accrued_on)
            run.start_segments(
                bill, Accrual.REVOLVING, on=begins_on, only=Accrual.OWN, loan_id=loan_id
            )
        return self._move(run, bill, BillMove.SETTLE_MINIMUM, debit_on=None)

    def _carry(self, run: Run, bill: BillPosition) -> BillPosition:
        """Leave the small balance to the next bill, at its own rate (REPAY-16).

        Also what revolved since an earlier bill returns to it. Until the next bill is issued the
        balance stands under this one and can be paid.
        """
        run.accrue(bill, on=self.on, cause=self.cause)
        run.start_segments(bill, Accrual.OWN, on=self.on, only=Accrual.REVOLVING)
        return self._move(run, bill, BillMove.CARRY, debit_on=None)

    def _record_overdue(self, run: Run, bill: BillPosition) -> BillPosition:
        """Start the penalty on what was due, mark the loans, open a recovery cycle (RATE-5)."""
        run.accrue(bill, on=self.on, cause=self.cause)
        run.start_segments(bill, Accrual.PENALTY, on=self.on)
        for loan_id in bill.loan_ids:
            if run.position.loans[loan_id].state == LoanState.ACTIVE:
                run.move_loan(
                    loan_id,
                    LoanMove.RECORD_OVERDUE,
                    on=self.on,
                    reason=LoanReason.GRACE_OVER,
                    overdue_on=self.on,
                )
        cycle = cycles.after_classification(
            cycles.Cycle(bill.cycle, bill.cycle_on, bill.refusals),
            on=self.on,
            terms=run.bill_terms(bill),
        )
        return self._move(
            run, bill, BillMove.RECORD_OVERDUE, overdue_on=self.on, cycle=cycle.number,
            cycle_on=cycle.first_on, refusals=cycle.refusals, tries=0, debit_on=cycle.first_on,
        )  # fmt: skip

    def _charge_late_fee(self, run: Run, bill: BillPosition) -> None:
        """Charge the one late fee of the bill when its day has come (REPAY-11, REPAY-13)."""
        if not is_late_fee_due(
            on=self.on,
            refused_on=bill.refused_on,
            charged_on=bill.late_fee_on,
            is_debited=self._is_debited(bill),
        ):
            return
        loans = run.position.loans
        rows = sorted(bill.rows, key=lambda row: (loans[row[0]].drawn_on, row[0]))
        bases_fen = [loans[loan_id].parts[index].late_fee_base_fen for loan_id, index in rows]
        fees_fen = late_fees_fen(bases_fen, run.bill_terms(bill))
        kept_fen = run.charge_late_fee(
            bill, dict(zip(rows, fees_fen, strict=True)), on=self.on, cause=self.cause
        )
        run.change_bill(bill.id, late_fee_on=self.on, late_fee_fen=kept_fen)
