"""The repayment day and the due dates of a schedule (REPAY-2)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.contracts.rules.due_dates import (
    converted_first_due_on,
    first_due_on,
    months_after,
    repayment_day,
)
from tests.loans.cases import TERMS
from tests.profiles import pure

days = st.dates(date(2024, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("drawn_on", "day"),
    [
        (date(2026, 9, 1), 1),
        (date(2026, 9, 28), 28),
        (date(2026, 9, 29), 21),
        (date(2026, 9, 30), 21),
        (date(2026, 10, 31), 21),
    ],
)
def test_the_day_of_the_first_drawdown_is_the_repayment_day(drawn_on, day):
    assert repayment_day(drawn_on) == day


@pytest.mark.parametrize(
    ("drawn_on", "day", "due_on"),
    [
        (date(2026, 9, 1), 1, date(2026, 10, 1)),  # 30 nights
        (date(2026, 1, 31), 21, date(2026, 2, 21)),  # 21 nights
        (date(2026, 9, 11), 1, date(2026, 10, 1)),  # exactly 20 nights
        (date(2026, 9, 12), 1, date(2026, 11, 1)),  # 19 nights: the next month
        (date(2026, 12, 11), 1, date(2027, 1, 1)),  # 21 nights, over the year
        (date(2026, 12, 31), 21, date(2027, 1, 21)),
        (date(2026, 1, 15), 21, date(2026, 2, 21)),  # 6 nights are too few
    ],
)
def test_a_loan_joins_the_first_repayment_day_that_is_20_nights_away(drawn_on, day, due_on):
    assert first_due_on(drawn_on, day, TERMS) == due_on


@pure
@given(days, st.integers(1, 28))
def test_the_first_due_date_is_20_to_50_nights_away(drawn_on, day):
    due_on = first_due_on(drawn_on, day, TERMS)

    assert due_on.day == day
    assert timedelta(20) <= due_on - drawn_on <= timedelta(50)


@pytest.mark.parametrize(
    ("months", "due_on"),
    [(0, date(2026, 1, 31)), (1, date(2026, 2, 28)), (2, date(2026, 3, 31)),
     (3, date(2026, 4, 30)), (12, date(2027, 1, 31)), (25, date(2028, 2, 29))],
)  # fmt: skip
def test_a_short_month_ends_early_and_moves_no_later_one(months, due_on):
    assert months_after(date(2026, 1, 31), months) == due_on


def test_a_converted_bill_begins_its_plan_a_month_later():
    assert converted_first_due_on(date(2026, 10, 1)) == date(2026, 11, 1)
    assert converted_first_due_on(date(2026, 12, 31)) == date(2027, 1, 31)
    assert converted_first_due_on(date(2027, 1, 31)) == date(2027, 2, 28)


@pytest.mark.parametrize("day", [0, 29])
def test_a_repayment_day_is_one_that_every_month_has(day):
    with pytest.raises(AssertionError, match=r"^a repayment day is one that every month has"):
        first_due_on(date(2026, 9, 1), day, TERMS)
