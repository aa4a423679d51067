"""What a portfolio's labels imply for the first debits, against the orders in the database."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from loans.collection.queries.first_attempts import by_origin
from loans.migration.operations.reading import BadLine, ClientRow, chunks, read
from loans.migration.operations.writing import origin_of
from loans.models import DebitOrderState

PAID, REFUSED = str(DebitOrderState.SUCCEEDED), str(DebitOrderState.FAILED)
NO_ORDER, NOT_IMPORTED = "no_order", "not_imported"
_CHUNK_ROWS = 5_000


class Mismatch(NamedTuple):
    """A customer whose first debit did not end as the portfolio's label implies."""

    origin: str
    line: int
    expected: str
    found: str


@dataclass
class Check:
    """How many first debits were to be and were paid and refused; who differs."""

    expected: dict[str, int] = field(default_factory=lambda: {PAID: 0, REFUSED: 0})
    found: dict[str, int] = field(default_factory=lambda: {PAID: 0, REFUSED: 0})
    mismatches: list[Mismatch] = field(default_factory=list)


def check_portfolio(file: Path, *, limit: int | None = None) -> Check:
    """Compare each row with a live bill with the first attempt at it; bad lines are left out.

    Raises:
        UnreadableBookError: the file is not there, damaged or empty.
        WrongColumnsError: a column is missing, unknown or named twice.
    """
    check = Check()
    lines = (line for line in read(file, limit=limit) if not isinstance(line, BadLine))
    live = (row for row in lines if row.bills[0] > 0)
    for rows in chunks(live, size=_CHUNK_ROWS):
        states = by_origin([origin_of(row) for row in rows])
        for row in rows:
            _compare(check, row, states)
    return check


def _compare(check: Check, row: ClientRow, states: dict[str, str | None]) -> None:
    origin = origin_of(row)
    expected = REFUSED if row.has_defaulted else PAID
    found = (states[origin] or NO_ORDER) if origin in states else NOT_IMPORTED
    check.expected[expected] += 1
    check.found[found] = check.found.get(found, 0) + 1
    if found != expected:
        check.mismatches.append(Mismatch(origin, row.line, expected, found))
