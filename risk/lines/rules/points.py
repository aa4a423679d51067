"""Growth points of a year, and the rise they give on the anniversary of a line (SCORE-10)."""

from collections.abc import Collection, Iterable, Mapping, Set
from datetime import date, timedelta
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


def next_anniversary(opened_on: date, *, after: date) -> date:
    """Return the first anniversary of a line after a day; that of 29 February may be 1 March."""
    year = (
        after.year
        if (after.month, after.day) < (opened_on.month, opened_on.day)
        else (after.year + 1)
    )
    try:
        return opened_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def months_of_use(
    days: Mapping[date, int],
    *,
    in_full: Collection[date],
    overdue: Set[date],
    since: date,
    until: date,
) -> list[MonthOfUse]:
    """Return the calendar months from a day up to another, which does not count.

    ``days`` holds, by the first day of a month, the days with a payment as bits: the lowest bit is
    the first day. ``in_full`` and ``overdue`` are the days on which bills counted so. A month that
    an anniversary divides has its days on the side they belong to, and no points on either after a
    classification.
    """
    months = sorted({*days, *(day.replace(day=1) for day in in_full)})
    return [
        MonthOfUse(
            sum(
                since <= month + timedelta(n) < until
                for n in range(31)
                if days.get(month, 0) >> n & 1
            ),
            sum(day.replace(day=1) == month and since <= day < until for day in in_full),
            any(day.replace(day=1) == month for day in overdue),
        )
        for month in months
    ]
