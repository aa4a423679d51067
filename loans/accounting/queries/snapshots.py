"""Where loans stood when a bill was issued: stored once, read when a value date is earlier."""

import json
from collections.abc import Collection, Sequence
from datetime import date

from backoffice.core import bulk
from loans.accounting.rules.codes import Accrual
from loans.accounting.rules.debt import Debt
from loans.accounting.rules.position import (
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
    blank,
)
from loans.models import BillSnapshot, Instalment

SNAPSHOT_COLUMNS = (
    "bill", "loan", "revision", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen",
    "parts",
)  # fmt: skip


def to_row(
    bill_id: int, loan_id: int, loan: LoanPosition, *, revision: int = 1
) -> tuple[object, ...]:
    """Return a loan's position at the issue of a bill as the values of ``SNAPSHOT_COLUMNS``."""
    parts = [
        {
            "debt": part.debt._asdict(),
            "accrual": part.accrual,
            "segment_on": part.segment_on.isoformat(),
            "segment_base_fen": part.segment_base_fen,
            "segment_posted_fen": part.segment_posted_fen,
            "due_on": part.due_on.isoformat(),
            "uncharged_plan_fee_fen": part.uncharged_plan_fee_fen,
            "is_billed": part.bill_id == bill_id,
        }
        for part in loan.parts
    ]
    return (
        bill_id,
        loan_id,
        revision,
        loan.accrued_on,
        loan.principal_nights_fen,
        loan.charged_fen,
        loan.waived_fen,
        json.dumps(parts),
    )


def latest(bill_ids: Collection[int]) -> dict[tuple[int, int], BillSnapshot]:
    """Return the snapshots of bills by (bill, loan): of each the revision that holds."""
    if not bill_ids:
        return {}
    rows = BillSnapshot.objects.filter(bill_id__any=bulk.Of(bill_ids)).order_by("revision")
    return {(row.bill_id, row.loan_id): row for row in rows}


def is_of(snapshot: BillSnapshot, row: tuple[object, ...]) -> bool:
    """Say whether a stored snapshot holds the values of a row, its revision left out."""
    stored = (
        snapshot.bill_id, snapshot.loan_id, snapshot.accrued_on, snapshot.principal_nights_fen,
        snapshot.charged_fen, snapshot.waived_fen, snapshot.parts,
    )  # fmt: skip
    bill_id, loan_id, _revision, *values, parts = row
    return stored == (bill_id, loan_id, *values, json.loads(str(parts)))


def billed_rows(snapshot: BillSnapshot) -> tuple[InstalmentKey, ...]:
    """Return the instalments of a loan that stood under the bill when it was issued."""
    return tuple(
        InstalmentKey(snapshot.loan_id, index)
        for index, part in enumerate(snapshot.parts)
        if part["is_billed"]
    )


def reset_to(snapshot: BillSnapshot, loan: LoanPosition, *, billed_on: date) -> LoanPosition:
    """Return a loan as it stood when a bill was issued: debt, segments and account with the cap.

    Which instalments stand under which bill, and the loan's state, stay as they are. A loan that
    was converted later is a bullet again, its rows are rows of nothing (REPAY-6).
    """
    if loan.converted_on is not None and loan.converted_on > billed_on:
        loan = _unconverted(loan)
    stands = snapshot.parts
    now, later = loan.parts, loan.parts[:0]
    if loan.is_bullet:
        now, later = loan.parts[: len(stands)], loan.parts[len(stands) :]
    parts = tuple(
        part._replace(
            debt=Debt(**stored["debt"]),
            accrual=stored["accrual"],
            segment_on=date.fromisoformat(stored["segment_on"]),
            segment_base_fen=stored["segment_base_fen"],
            segment_posted_fen=stored["segment_posted_fen"],
            due_on=date.fromisoformat(stored["due_on"]),
            uncharged_plan_fee_fen=stored["uncharged_plan_fee_fen"],
        )
        for part, stored in zip(now, stands, strict=True)
    )
    return loan._replace(
        parts=(*parts, *map(blank, later)),
        accrued_on=snapshot.accrued_on,
        principal_nights_fen=snapshot.principal_nights_fen,
        charged_fen=snapshot.charged_fen,
        waived_fen=snapshot.waived_fen,
    )


def reset_to_drawdown(loan: LoanPosition, rows: Sequence[Instalment]) -> LoanPosition:
    """Return a loan as it stood when it was drawn: its principal owed, nothing charged.

    The loan's state stays as it is.
    """
    loan = _unconverted(loan) if loan.converted_on else loan
    accrual = Accrual.OWN if loan.is_bullet else Accrual.NONE
    parts = tuple(
        InstalmentPosition(
            Debt(principal_fen=row.principal_fen),
            accrual,
            loan.drawn_on,
            row.principal_fen,
            due_on=row.due_on,
            uncharged_plan_fee_fen=row.plan_fee_fen,
        )
        for row in rows
    )
    if loan.is_bullet:  # further rows belong to a conversion
        parts = (parts[0], *map(blank, parts[1:]))
    return loan._replace(
        parts=parts, accrued_on=loan.drawn_on, principal_nights_fen=0, charged_fen=0, waived_fen=0
    )


def _unconverted(loan: LoanPosition) -> LoanPosition:
    return loan._replace(is_bullet=True, converted_on=None, converted_to="")
