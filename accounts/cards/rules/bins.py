"""How card numbers of each bank begin, read from the text of ``accounts/data/bank_bins.csv``."""

import csv
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

COLUMNS = ["prefix", "length", "bank_zh", "bank_en", "code", "kind"]


class CardKind(StrEnum):
    """Whether a card takes from an account or from a credit."""

    DEBIT = "debit"
    CREDIT = "credit"


class BinRow(NamedTuple):
    """One beginning of card numbers and how many digits these have."""

    prefix: str
    length: int
    bank: str
    bank_en: str
    code: str
    kind: CardKind


class BadBins(ValueError):
    """A table that cannot be trusted; the words name the line."""


def read(text: str) -> list[BinRow]:
    """Return the rows of a table with its heading line.

    Raises: BadBins for a wrong heading, a malformed line or a beginning that stands twice.
    """
    first, *lines = list(csv.reader(text.splitlines())) or [[]]
    if first != COLUMNS:
        raise BadBins(f"line 1: expected {','.join(COLUMNS)}")
    rows = [_row(number, line) for number, line in enumerate(lines, 2)]
    _refuse_twins(rows)
    return rows


def _row(number: int, line: list[str]) -> BinRow:
    """Return the row of one line; ``number`` is where it stands in the file."""
    if len(line) != len(COLUMNS) or not all(cell and cell == cell.strip() for cell in line):
        raise BadBins(f"line {number}: six filled columns are wanted")
    prefix, length, bank, bank_en, code, kind = line
    if not (prefix.isascii() and prefix.isdigit() and 4 <= len(prefix) <= 10):
        raise BadBins(f"line {number}: a beginning is 4 to 10 digits")
    if length not in ("16", "17", "18", "19"):
        raise BadBins(f"line {number}: card numbers have 16 to 19 digits")
    if kind not in list(CardKind):
        raise BadBins(f"line {number}: a card is debit or credit")
    return BinRow(prefix, int(length), bank, bank_en, code, CardKind(kind))


def _refuse_twins(rows: Iterable[BinRow]) -> None:
    seen: set[str] = set()
    for number, row in enumerate(rows, 2):
        if row.prefix in seen:
            raise BadBins(f"line {number}: {row.prefix} stands twice")
        seen.add(row.prefix)
