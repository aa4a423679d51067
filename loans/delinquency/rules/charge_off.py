"""Loans given up as a loss: the balance sheet changes, the debt does not (OPS-3).

An event of the engine. The claim stays what it was: penalty goes on by the contract under the cap
of RATE-7, since stopping it would change the debt. But nothing of it is income any more: what is
charged after the charge-off, and what is paid, is marked by the engine (``is_off_books``,
``is_recovery``) and posted against the contra account of the charged-off claims.
"""

from datetime import date
from typing import NamedTuple

from loans.accounting.rules.codes import LoanMove, LoanState
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Cause, ChargedOffLoan
from loans.accounting.rules.reasons import LoanReason


class ChargeOffLoan(NamedTuple):
    """A loan charged off on a day."""

    loan_id: int
    on: date

    def apply(self, run: Run) -> None:
        """Charge the loan up to the day and take it out of the balance sheet.

        Its bills are debited as before: only a transfer of the debt would end that (OPS-3). A loan
        that an earlier value date has cured or settled meanwhile stays as it is.
        """
        if run.position.loans[self.loan_id].state != LoanState.OVERDUE:
            return
        run.accrue_loan(self.loan_id, on=self.on, cause=Cause("charge_off", self.loan_id))
        loan = run.position.loans[self.loan_id]
        owed_fen = sum(part.debt.total_fen for part in loan.parts)
        run.move_loan(
            self.loan_id,
            LoanMove.CHARGE_OFF,
            on=self.on,
            reason=LoanReason.GIVEN_UP,
            ended_on=self.on,
        )
        run.charged_off.append(ChargedOffLoan(self.loan_id, self.on, owed_fen))
