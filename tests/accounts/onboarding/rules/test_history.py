"""Months of WeChat history, as calendar months (ELIG-12)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.onboarding.rules.history import enough_history_on
from tests.profiles import pure

days = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("used_since_on", "months", "on"),
    [
        (date(2026, 5, 24), 6, date(2026, 11, 24)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 6, 30), 6, date(2026, 12, 30)),
        (date(2026, 7, 31), 6, date(2027, 1, 31)),
        (date(2026, 7, 31), 0, date(2026, 7, 31)),
    ],
)
def test_months_of_history_are_calendar_months(used_since_on, months, on):
    assert enough_history_on(used_since_on, months) == on


@pure
@given(days, st.integers(0, 120))
def test_a_history_grows_by_whole_months(used_since_on, months):
    on = enough_history_on(used_since_on, months)

    gone = (on.year - used_since_on.year) * 12 + on.month - used_since_on.month
    assert gone == months
    assert on.day <= used_since_on.day
