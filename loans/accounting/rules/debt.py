"""What is owed, component by component, in the one order of REPAY-8."""

from operator import add, sub
from typing import NamedTuple, Self


class Debt(NamedTuple):
    """Amounts in fen, in the order in which a repayment settles them (REPAY-8, Article §5).

    The only list of the components: columns, receivable accounts and SQL are made from
    ``COMPONENTS``, and nothing addresses a component by its position.
    """

    penalty_fen: int = 0
    late_fee_fen: int = 0
    interest_fen: int = 0
    plan_fee_fen: int = 0
    principal_fen: int = 0

    @property
    def total_fen(self) -> int:
        """Return the sum of all components."""
        return sum(self)

    def __add__(self, other: Self) -> Self:  # type: ignore[override]  # amounts, not a longer tuple
        """Return the sum, component by component."""
        return type(self)(*map(add, self, other))

    def __sub__(self, other: Self) -> Self:
        """Return the difference, component by component."""
        return type(self)(*map(sub, self, other))


NOTHING = Debt()
COMPONENTS = Debt._fields


def columns(prefix: str = "") -> tuple[str, ...]:
    """Return the column names of a table that stores a debt, in the order of ``Debt``."""
    return tuple(prefix + name for name in COMPONENTS)


def sql_total(prefix: str, *, table: str) -> str:
    """Return the SQL sum of a stored debt's columns."""
    return " + ".join(f"{table}.{name}" for name in columns(prefix))
