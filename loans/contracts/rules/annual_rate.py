"""What a loan costs a year, from its real payments: the internal rate of return (LAW-1, GEN-7).

The one place where rates are floating-point numbers: they are shown, never posted. Every function
returns whole millionths, half-up.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pyxirr

from backoffice.core.money import divide_half_up

_PPM = 1_000_000
YEAR_DAYS = 365  # GEN-7 every legal figure
HEADLINE_YEAR_DAYS = 360  # GEN-7 only the headline 7.2 % to 18 %


class Flow(NamedTuple):
    """Money that moves on a day, in fen: what the customer receives is negative, as to a lender."""

    on: date
    amount_fen: int


class MonthlyRate(NamedTuple):
    """The rate of payments that are a month apart, and what it makes in a year, in ppm."""

    month_ppm: int
    nominal_ppm: int
    effective_ppm: int


def irr_ppm(flows: Sequence[Flow], *, year_days: int = YEAR_DAYS) -> int:
    """Return the compound yearly rate of payments on their real days, actual/365 (LAW-1).

    With ``year_days`` of 360 the rate is that of the headline, which is smaller (GEN-7).
    """
    days, amounts = [flow.on for flow in flows], [flow.amount_fen for flow in flows]
    rate = pyxirr.xirr(days, amounts, day_count="act/365F")
    assert rate is not None, "a loan is paid out and paid back"
    return _rounded((1 + rate) ** (year_days / YEAR_DAYS) - 1)


def monthly_rate(amounts_fen: Sequence[int]) -> MonthlyRate:
    """Return the rate of payments of which each is a month after the one before (REPAY-5)."""
    month = pyxirr.irr(amounts_fen)
    assert month is not None, "a loan is paid out and paid back"
    return MonthlyRate(_rounded(month), _rounded(month * 12), _rounded((1 + month) ** 12 - 1))


def simple_ppm(daily_ppb: int, *, year_days: int = YEAR_DAYS) -> int:
    """Return a daily rate in parts per billion as a simple yearly rate (RATE-2, GEN-7)."""
    return divide_half_up(daily_ppb * year_days, 1000)


def _rounded(rate: float) -> int:
    return int(rate * _PPM + 0.5)
