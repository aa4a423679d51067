"""Positions, amounts and days in the words of the rulebook's examples."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from backoffice.core.money import divide_half_up
from loans.accounting.rules.debt import COMPONENTS, Debt
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
)
from loans.policy import LoanTerms

TERMS = LoanTerms()
DUE_ON = date(2026, 10, 1)
DATA = Path(__file__).parents[1] / "data"


def read(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def fen(words: str) -> int:
    """``10,120.00`` as fen."""
    amount = Decimal(words.replace(",", "")) * 100
    assert amount == int(amount), words
    return int(amount)


def ppm(percent: str) -> int:
    """``0.05`` percent a day as ppm a day."""
    rate = Decimal(percent) * 10_000
    assert rate == int(rate), percent
    return int(rate)


def amounts(words: str) -> list[int]:
    """Every amount with two decimals in a text, as fen."""
    return [fen(found) for found in re.findall(r"\d[\d,]*\.\d\d(?!\d)", words)]


def half_up(exact: Decimal) -> int:
    """A decimal amount of yuan rounded to fen by the product's division."""
    scale = 10**12
    return divide_half_up(int(exact * 100 * scale), scale)


def day(n: int) -> date:
    """D+n."""
    return DUE_ON + timedelta(days=n)


def part(principal_fen: int = 1_000_000, accrual: str = "own", **facts: Any) -> InstalmentPosition:
    """An instalment on which nothing is charged yet, in a segment from 30 nights before D."""
    owed = {name: facts.pop(name) for name in COMPONENTS if name in facts}
    segment = {"segment_on": day(-30), "segment_base_fen": principal_fen} | facts
    return InstalmentPosition(Debt(principal_fen=principal_fen, **owed), accrual, **segment)


def loan(
    *parts: InstalmentPosition, rate_ppm: int = 500, accrued_on: date | None = None
) -> LoanPosition:
    """A loan whose nights are charged up to a day, the drawdown by default."""
    return LoanPosition(rate_ppm, parts, accrued_on or day(-30))


def bill(*rows: InstalmentKey, **facts: Any) -> BillPosition:
    """A bill of the table 1.9 with these instalments under it, issued and not paid yet."""
    loan_ids = tuple(dict.fromkeys(loan_id for loan_id, _index in rows))
    common = {"id": 1, "state": "billed", "rows": rows, "loan_ids": loan_ids,
              "terms_id": min(loan_ids, default=None), "due_on": DUE_ON,
              "billed_on": day(-10), "total_fen": 1_015_000, "minimum_fen": 101_500,
              "mode": "full", "cycle_on": DUE_ON, "debit_on": DUE_ON}  # fmt: skip
    return BillPosition(**(common | facts))
