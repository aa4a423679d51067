"""A bullet under a bill becomes an instalment plan on the due date (REPAY-6, GEN-8 step 3).

An event of the engine. The unpaid principal leaves the bill and becomes rows of the same loan, so
that its cap goes on as it was (RATE-7). The bill keeps the interest to the due date, which is paid
as it would have been; a plan bears no interest, and RATE-10 does not touch its fee.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from loans.accounting.rules.codes import Accrual, BillMove, BillState, LoanState, Plan
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.ending import end_bill
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Cause, ConvertedLoan
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
    blank,
    start_segment,
)
from loans.accounting.rules.reasons import LoanReason
from loans.billing.rules.minimum import minimum_fen
from loans.contracts.rules import plans
from loans.contracts.rules.due_dates import converted_first_due_on
from loans.contracts.rules.plans import PlanRow
from loans.policy import LoanTerms


class ConversionBlocker(StrEnum):
    """Why a bill, or a loan under it, cannot be converted into instalments."""

    PAST_DUE = "bill-past-due"
    CLOSED = "bill-closed"
    PLANNED = "conversion-planned"
    OTHER_LOAN = "loan-not-convertible"
    NO_BULLET = "no-bullet-principal"
    NO_PLAN = "no-plan"


def bill_blocker(state: str, *, due_on: date, on: date) -> ConversionBlocker | None:
    """Return why a bill cannot be converted on a day, None from its issue to its due date."""
    if state in (BillState.GRACE, BillState.OVERDUE):
        return ConversionBlocker.PAST_DUE
    if state != BillState.BILLED:
        return ConversionBlocker.CLOSED
    return ConversionBlocker.PAST_DUE if on > due_on else None


def convertible_fen(bill: BillPosition, loan_id: int, loan: LoanPosition, plan: Plan) -> int:
    """Return the unpaid principal of a loan under a bill that a plan may take over, in fen.

    0 where there is none: the bill is not asked any more, the loan is no bullet under it, or less
    is unpaid than a fen an instalment.
    """
    is_under_it = InstalmentKey(loan_id, 0) in bill.rows and loan.is_bullet
    if bill.state != BillState.BILLED or loan.state != LoanState.ACTIVE or not is_under_it:
        return 0
    principal_fen = loan.parts[0].debt.principal_fen
    return principal_fen if principal_fen >= plans.count_of(plan) else 0


class Convert(NamedTuple):
    """A loan under a bill converted on ``on``, the due date; ``fee_terms`` are those of its sheet.

    Everything but the fee stays under the terms of the loan.
    """

    conversion_id: int
    bill_id: int
    loan_id: int
    plan: Plan
    on: date
    fee_terms: LoanTerms

    def apply(self, run: Run) -> None:
        """Make the rows of the plan of what is unpaid, and let the bill ask what is left.

        A bill that an earlier value date has paid, or that is due on another day by now, stays as
        it is: then nothing is converted.
        """
        bill = run.position.bills[self.bill_id]
        rows: tuple[PlanRow, ...] = ()
        if bill.due_on == self.on:
            loan = run.position.loans[self.loan_id]
            fen = convertible_fen(bill, self.loan_id, loan, self.plan)
            if fen:
                rows = self._convert(run, bill, fen)
        run.converted.append(
            ConvertedLoan(self.conversion_id, self.loan_id, rows, bill.total_fen, bill.minimum_fen)
        )

    def _convert(self, run: Run, bill: BillPosition, principal_fen: int) -> tuple[PlanRow, ...]:
        # The same charges as those of the close after the due date, which then finds them posted.
        run.accrue(bill, on=self.on, cause=Cause("end_of_day", bill.id))
        loan = run.position.loans[self.loan_id]
        rows = plans.rows(
            principal_fen, self.plan, first_due_on=converted_first_due_on(self.on),
            terms=self.fee_terms,
        )  # fmt: skip
        kept = loan.parts[0]._replace(debt=loan.parts[0].debt._replace(principal_fen=0))
        parts = [start_segment(kept, Accrual.NONE, on=self.on)]
        parts += [self._part(row) for row in rows]
        parts += [blank(part) for part in loan.parts[len(parts) :]]
        run.position.loans[self.loan_id] = loan._replace(
            parts=tuple(parts), is_bullet=False, converted_on=self.on, converted_to=self.plan.value
        )
        self._ask_what_is_left(run, bill)
        return rows

    def _part(self, row: PlanRow) -> InstalmentPosition:
        return InstalmentPosition(
            Debt(principal_fen=row.principal_fen),
            Accrual.NONE,
            self.on,
            0,
            due_on=row.due_on,
            uncharged_plan_fee_fen=row.fee_fen,
        )

    def _ask_what_is_left(self, run: Run, bill: BillPosition) -> None:
        """Let the bill ask what was paid of it and what is left: interest, fees, other loans.

        Of a bill without payments that is the interest to the due date and the other loans
        (REPAY-6). What was paid before stays in the total, for it counts against it (REPAY-7).
        Of the minimum everything but the principal of other bullets is mandatory (REPAY-7). A bill
        that was to be paid whole still is, and one that is paid by now ends.
        """
        run.move_bill(bill.id, BillMove.CONVERT, on=self.on, reason=LoanReason.CONVERTED)
        left_fen = bill.paid_fen + bill.waived_fen + run.unpaid_fen(bill) - bill.late_fee_fen
        total_fen = left_fen if left_fen > 0 else bill.total_fen
        loans = run.position.loans
        bullets_fen = sum(
            loans[loan_id].parts[index].debt.principal_fen
            for loan_id, index in bill.rows
            if loans[loan_id].is_bullet
        )
        is_whole = bill.minimum_fen == bill.total_fen
        least_fen = minimum_fen(
            total_fen, mandatory_fen=total_fen - bullets_fen, terms=run.bill_terms(bill)
        )
        bill = run.move_bill(
            bill.id, BillMove.ISSUE, on=self.on, reason=LoanReason.CONVERTED, total_fen=total_fen,
            minimum_fen=total_fen if is_whole else least_fen,
        )  # fmt: skip
        end_bill(run, bill, on=bill.last_paid_on or self.on)
