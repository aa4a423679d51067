"""What may still be drawn on a credit line: one formula for Python, SQL and trigger (LIMIT-9)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

PERMILLE = 1000


class LineAmounts(NamedTuple):
    """The amounts of a credit line in fen, and its buffer in permille.

    Numbers, or what stands for them in SQL.
    """

    limit_fen: Any
    temporary_fen: Any
    buffer_permille: Any
    held_fen: Any
    reserved_fen: Any
    drawn_fen: Any


def uncovered_fen(line: LineAmounts, *, thousandth: Any) -> Any:
    """Return the limit less buffer, holds, reservations and drawn principal; it may be negative.

    The buffer is a share of the whole limit, not of what is left of it, and what it leaves is
    rounded down to the fen: ``thousandth`` divides so (LIMIT-9, 实际可用额度比显示额度低15%).
    """
    limit_fen = line.limit_fen + line.temporary_fen
    less_buffer_fen = thousandth(limit_fen * (PERMILLE - line.buffer_permille))
    return less_buffer_fen - line.held_fen - line.reserved_fen - line.drawn_fen


def available_fen(line: LineAmounts) -> int:
    """Return the amount that may be drawn, at least 0 (LIMIT-9)."""
    uncovered: int = uncovered_fen(line, thousandth=lambda fen: fen // PERMILLE)
    return max(0, uncovered)


@dataclass(frozen=True, slots=True)
class Sql:
    """A term of a formula as SQL."""

    text: str

    def __add__(self, other: "Sql") -> "Sql":
        return Sql(f"({self.text} + {other.text})")

    def __sub__(self, other: "Sql") -> "Sql":
        return Sql(f"({self.text} - {other.text})")

    def __rsub__(self, other: int) -> "Sql":
        return Sql(f"({other} - {self.text})")

    def __mul__(self, other: "Sql") -> "Sql":
        return Sql(f"({self.text} * {other.text})")


def uncovered_sql(row: str) -> str:
    """Return the formula over the columns of a row, such as NEW."""
    columns = LineAmounts(*(Sql(f"{row}.{name}") for name in LineAmounts._fields))
    # Of whole numbers that are not negative; PostgreSQL cuts the fraction off.
    formula: Sql = uncovered_fen(columns, thousandth=lambda fen: Sql(f"({fen.text} / {PERMILLE})"))
    return formula.text
