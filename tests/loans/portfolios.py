"""Small portfolios of a lender, written for one test each."""

import gzip
from collections.abc import Mapping
from pathlib import Path

from loans.gateways.channel import ChannelError, ChannelFault
from loans.migration.operations.reading import COLUMNS

# One customer with the bill of the rulebook's table 1.9, 10,150.00 yuan, and a full history.
PLAIN = {
    "ID": 1, "LIMIT_BAL": 80_000, "SEX": 1, "EDUCATION": 2, "MARRIAGE": 1, "AGE": 35,
    "PAY_0": 0, "PAY_2": -1, "PAY_3": 2, "PAY_4": -2, "PAY_5": 0, "PAY_6": 0,
    "BILL_AMT1": 40_600, "BILL_AMT2": 40_000, "BILL_AMT3": 30_000, "BILL_AMT4": 20_000,
    "BILL_AMT5": 0, "BILL_AMT6": 400,
    "PAY_AMT1": 4_000, "PAY_AMT2": 30_000, "PAY_AMT3": 1_999, "PAY_AMT4": 5, "PAY_AMT5": 360,
    "PAY_AMT6": 7, "default.payment.next.month": 0,
}  # fmt: skip
LABEL = "default.payment.next.month"


def row(**changes: object) -> dict[str, object]:
    """The plain customer with some columns changed; ``label`` is the last column."""
    if "label" in changes:
        changes[LABEL] = changes.pop("label")
    assert set(changes) <= set(COLUMNS)
    return {**PLAIN, **changes}


def text(*rows: Mapping[str, object], columns: tuple[str, ...] = COLUMNS) -> str:
    lines = [",".join(columns), *(",".join(str(r[name]) for name in columns) for r in rows)]
    return "\n".join(lines) + "\n"


def portfolio(folder: Path, *rows: Mapping[str, object]) -> Path:
    """A plain file of these rows."""
    file = folder / "book.csv"
    file.write_text(text(*rows), encoding="utf-8")
    return file


def packed(folder: Path, content: str | bytes) -> Path:
    """The content as a gzip file."""
    file = folder / "book.csv.gz"
    file.write_bytes(gzip.compress(content.encode() if isinstance(content, str) else content))
    return file


class FakeBank:
    """Remembers balances; ``is_down`` lets it fail."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = {}
        self.calls = 0
        self.is_down = False

    def fund(self, balances: Mapping[str, int]) -> None:
        if self.is_down:
            raise ChannelError(ChannelFault.UNREACHABLE, "nobody there")
        self.calls += 1
        self.balances |= balances
