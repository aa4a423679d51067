"""How bills and loans end once nothing is owed of them: paid, settled, cured, recovered (1.10)."""

from datetime import date
from typing import Any

from loans.accounting.rules.codes import (
    COLLECTED_STATES,
    Accrual,
    BillMove,
    BillState,
    LoanMove,
    LoanState,
)
from loans.accounting.rules.engine import Run
from loans.accounting.rules.position import BillPosition, LoanPosition
from loans.accounting.rules.reasons import LoanReason

# What ends PAID once nothing is owed; after its minimum a bill stays as it ended (REPAY-9, 16).
PAYABLE = (*COLLECTED_STATES, BillState.CARRIED)
_SETTLED_BY: dict[str, tuple[LoanMove, LoanReason]] = {
    LoanState.ACTIVE: (LoanMove.SETTLE, LoanReason.REPAID_IN_FULL),
    LoanState.OVERDUE: (LoanMove.SETTLE, LoanReason.REPAID_IN_FULL),
    LoanState.CHARGED_OFF: (LoanMove.RECOVER, LoanReason.REPAID_IN_FULL),
}


def end_bill(run: Run, bill: BillPosition, *, on: date, **changes: Any) -> BillPosition:
    """Change values of a bill and let it end PAID if nothing is owed of it; return it."""
    if bill.state in PAYABLE and bill.rows and not run.unpaid_fen(bill):
        reason = LoanReason.PAID_IN_FULL
        return run.move_bill(bill.id, BillMove.PAY, on=on, reason=reason, paid_on=on, **changes)
    return run.change_bill(bill.id, **changes) if changes else bill


def end_loans(run: Run, bill: BillPosition, *, on: date) -> None:
    """Settle the loans under a bill that owe nothing; those that are only cured go on.

    A plan is not cured by one bill while rows of it under another one are overdue.
    """
    for loan_id in bill.loan_ids:
        loan = run.position.loans[loan_id]
        state = loan.state
        if state in _SETTLED_BY and not loan.owes:
            move, reason = _SETTLED_BY[state]
            run.move_loan(loan_id, move, on=on, reason=reason, ended_on=on)
        elif state == LoanState.OVERDUE and bill.state == BillState.PAID and not _is_late(loan):
            reason = LoanReason.PAST_DUE_PAID
            run.move_loan(loan_id, LoanMove.CURE, on=on, reason=reason, overdue_on=None)


def _is_late(loan: LoanPosition) -> bool:
    """Say whether any part of a loan is overdue: it bears penalty as long as it owes (RATE-5)."""
    return any(part.accrual == Accrual.PENALTY and any(part.debt) for part in loan.parts)
