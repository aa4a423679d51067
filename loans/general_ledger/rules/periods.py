"""Periods of the ledger: a day or a month, written as 2026-09-30 or 2026-09."""

import re
from datetime import date, timedelta
from typing import NamedTuple

# The years for which the ledger is asked; beyond them days cannot be computed with.
YEARS = range(2000, 2100)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class LedgerPeriod(NamedTuple):
    """Days from the first to the last, both included."""

    first_on: date
    last_on: date

    @property
    def code(self) -> str:
        """Return the period as it is written."""
        is_day = self.first_on == self.last_on
        return self.first_on.isoformat() if is_day else month_code(self.first_on)


def period_of(code: str) -> LedgerPeriod:
    """Return the period that is written so.

    Raises:
        ValueError: it is no day and no month of the years of the ledger.
    """
    if _MONTH.fullmatch(code):
        return month_of(_checked(date.fromisoformat(f"{code}-01")))
    if _DAY.fullmatch(code):
        day = _checked(date.fromisoformat(code))
        return LedgerPeriod(day, day)
    raise ValueError(f"no day and no month: {code}")


def _checked(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"no year of the ledger: {day.year}")
    return day


def month_of(day: date) -> LedgerPeriod:
    """Return the month of a day."""
    first_on = day.replace(day=1)
    return LedgerPeriod(first_on, next_month(first_on) - timedelta(days=1))


def next_month(day: date) -> date:
    """Return the first day of the month after that of a day."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month_code(day: date) -> str:
    """Return the month of a day as it is written: 2026-09."""
    return f"{day:%Y-%m}"
