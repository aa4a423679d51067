"""The end of a preferred rate whose use was not proven in time (RATE-10)."""

from datetime import date
from typing import NamedTuple

from loans.accounting.rules.codes import LoanState
from loans.accounting.rules.engine import Run
from loans.accounting.rules.outcomes import Cause

RATE_END = "rate_end"
RUNNING = (LoanState.ACTIVE, LoanState.OVERDUE)


class PreferredRateEnd(NamedTuple):
    """The day from whose night on a loan bears its full rate; earlier nights keep the lower one."""

    loan_id: int
    on: date

    def apply(self, run: Run) -> None:
        """Charge the nights before, and begin a new segment where the engine finds the end due.

        A loan that is not running any more keeps its charges until something else is posted to it.
        """
        if run.position.loans[self.loan_id].state in RUNNING:
            run.accrue_loan(self.loan_id, on=self.on, cause=Cause(RATE_END, self.loan_id))
