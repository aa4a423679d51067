"""Growth points of a year and the rise that they give (SCORE-10)."""

from fractions import Fraction

import pytest

from risk.lines.rules.points import MonthOfUse, points, yearly_step
from risk.policy import LimitPolicy

POLICY = LimitPolicy()


def test_a_day_gives_one_a_bill_ten_and_a_month_with_an_overdue_nothing():
    months = [MonthOfUse(20, 1, False), MonthOfUse(31, 2, True), MonthOfUse(0, 0, False)]

    assert points(months, policy=POLICY) == 30


@pytest.mark.parametrize(
    ("earned", "step"),
    [
        (0, "1"),
        (1, "8003/8000"),
        (200, "43/40"),
        (399, "9197/8000"),
        (400, "23/20"),
        (999, "23/20"),
    ],
)
def test_points_give_up_to_15_percent(earned, step):
    assert yearly_step(earned, policy=POLICY) == Fraction(step)
