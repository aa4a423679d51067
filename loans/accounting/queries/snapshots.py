"""Where loans stood when a bill was issued: stored once, read when a value date is earlier."""

import json
from datetime import date

from loans.accounting.rules.position import (
    Part,
    Position,
)
from loans.models import Opening

OPENING_COLUMNS = (
    "bill", "loan", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen", "parts",
)  # fmt: skip


def to_row(bill_id: int, loan_id: int, position: Position) -> tuple[object, ...]:
    """Return a position as the values of ``OPENING_COLUMNS``."""
    return (
        bill_id,
        loan_id,
        position.accrued_on,
        position.principal_nights_fen,
        position.charged_fen,
        position.waived_fen,
        json.dumps([part._asdict() for part in position.parts], default=str),
    )


def to_position(opening: Opening, *, rate_ppm: int) -> Position:
    """Return the position a row holds."""
    parts = (
        part | {"segment_on": date.fromisoformat(part["segment_on"])} for part in opening.parts
    )
    return Position(
        rate_ppm,
        tuple(Part(**part) for part in parts),
        opening.accrued_on,
        opening.principal_nights_fen,
        opening.charged_fen,
        opening.waived_fen,
    )
