"""Where loans stood when a bill was issued: stored once, read when a value date is earlier."""

import json
from datetime import date

from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import LoanPosition
from loans.models import BillSnapshot

SNAPSHOT_COLUMNS = (
    "bill", "loan", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen", "parts",
)  # fmt: skip


def to_row(bill_id: int, loan_id: int, loan: LoanPosition) -> tuple[object, ...]:
    """Return a loan's position as the values of ``SNAPSHOT_COLUMNS``."""
    parts = [
        {
            "debt": part.debt._asdict(),
            "accrual": part.accrual,
            "segment_on": part.segment_on.isoformat(),
            "segment_base_fen": part.segment_base_fen,
            "segment_posted_fen": part.segment_posted_fen,
        }
        for part in loan.parts
    ]
    return (
        bill_id,
        loan_id,
        loan.accrued_on,
        loan.principal_nights_fen,
        loan.charged_fen,
        loan.waived_fen,
        json.dumps(parts),
    )


def reset_to(snapshot: BillSnapshot, loan: LoanPosition) -> LoanPosition:
    """Return a loan as it stood in a snapshot: its debt, segments and account with the cap.

    Which instalments stand under which bill, and the loan's state, stay as they are.
    """
    parts = tuple(
        part._replace(
            debt=Debt(**stored["debt"]),
            accrual=stored["accrual"],
            segment_on=date.fromisoformat(stored["segment_on"]),
            segment_base_fen=stored["segment_base_fen"],
            segment_posted_fen=stored["segment_posted_fen"],
        )
        for part, stored in zip(loan.parts, snapshot.parts, strict=True)
    )
    return loan._replace(
        parts=parts,
        accrued_on=snapshot.accrued_on,
        principal_nights_fen=snapshot.principal_nights_fen,
        charged_fen=snapshot.charged_fen,
        waived_fen=snapshot.waived_fen,
    )
