"""Growth points of a year and the rise that they give (SCORE-10)."""

from datetime import date
from fractions import Fraction

import pytest

from risk.lines.rules.points import (
    MonthOfUse,
    months_of_use,
    next_anniversary,
    points,
    yearly_step,
)
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


@pytest.mark.parametrize(
    ("opened_on", "after", "anniversary_on"),
    [
        (date(2026, 10, 1), date(2026, 10, 1), date(2027, 10, 1)),
        (date(2026, 10, 1), date(2027, 9, 30), date(2027, 10, 1)),
        (date(2026, 10, 1), date(2027, 10, 1), date(2028, 10, 1)),
        (date(2024, 2, 29), date(2024, 2, 29), date(2025, 3, 1)),
        (date(2024, 2, 29), date(2027, 3, 1), date(2028, 2, 29)),
    ],
)
def test_the_next_anniversary(opened_on, after, anniversary_on):
    assert next_anniversary(opened_on, after=after) == anniversary_on


def test_a_month_that_an_anniversary_divides_has_its_days_on_their_side():
    days = {date(2026, 10, 1): 0b111, date(2026, 11, 1): 1 << 29}
    facts = {"in_full": [date(2026, 10, 2)], "overdue": {date(2026, 11, 5)}}

    before = months_of_use(days, since=date(2025, 10, 2), until=date(2026, 10, 2), **facts)
    after = months_of_use(days, since=date(2026, 10, 2), until=date(2027, 10, 2), **facts)

    assert before == [MonthOfUse(1, 0, False), MonthOfUse(0, 0, True)]
    assert after == [MonthOfUse(2, 1, False), MonthOfUse(1, 0, True)]


def test_the_first_day_counts_and_the_day_of_the_next_anniversary_does_not():
    days = {date(2026, 10, 1): 1 << 30 | 1, date(2026, 12, 1): 0b1001}
    span = {"since": date(2026, 10, 1), "until": date(2026, 12, 4)}

    found = months_of_use(
        days,
        in_full=[date(2026, 10, 1), date(2026, 11, 30), date(2026, 12, 3), date(2026, 12, 4)],
        overdue=set(),
        **span,
    )

    # A month in which nothing was paid by card, but a bill in full, is one too.
    assert found == [MonthOfUse(2, 1, False), MonthOfUse(0, 1, False), MonthOfUse(1, 1, False)]
    assert months_of_use({}, in_full=[], overdue={date(2026, 10, 1)}, **span) == []
