"""Growth points of a year, and the rise they give on the anniversary of a line (SCORE-10)."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from risk.policy import LimitPolicy


class MonthOfUse(NamedTuple):
    """A month: days with at least one payment, bills paid in full, and whether one was overdue."""

    payment_days: int
    bills_in_full: int
    is_overdue: bool


def points(months: Iterable[MonthOfUse], *, policy: LimitPolicy) -> int:
    """Return the points since the last anniversary; a month with a classification has none."""
    return sum(
        month.payment_days * policy.growth_point_day
        + month.bills_in_full * policy.growth_point_bill
        for month in months
        if not month.is_overdue
    )


def yearly_step(points_of_year: int, *, policy: LimitPolicy) -> Fraction:
    """Return the factor that points give, at most 1.15 and unrounded.

    It is a step of ``growth.grown``, which shares its ceiling with the rises of bills.
    """
    counted = min(points_of_year, policy.growth_points_full)
    full = policy.growth_points_full * 100
    return Fraction(full + counted * policy.growth_points_max_percent, full)
