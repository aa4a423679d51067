"""Ages, histories and the cooling-off period, on their days and to the hour."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.onboarding.rules import cooling_off
from accounts.onboarding.rules.ages import birthday, complete_years, is_of_age
from accounts.onboarding.rules.history import enough_history_on
from tests.profiles import pure

days = st.dates(date(1900, 1, 1), date(2100, 12, 31))
REGISTERED_AT = datetime(2026, 10, 24, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("born_on", "on", "years"),
    [
        (date(2008, 11, 23), date(2026, 11, 22), 17),
        (date(2008, 11, 23), date(2026, 11, 23), 18),
        (date(1965, 11, 24), date(2026, 11, 23), 60),
        (date(1965, 11, 24), date(2026, 11, 24), 61),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2008, 2, 29), date(2008, 2, 29), 0),
        (date(2008, 2, 29), date(2007, 3, 1), -1),
    ],
)
def test_years_are_complete_on_the_birthday(born_on, on, years):
    assert complete_years(born_on, on) == years


@pure
@given(days, st.integers(0, 120))
def test_a_year_of_life_begins_on_its_birthday(born_on, years):
    on = birthday(born_on, years)

    assert complete_years(born_on, on) == years
    assert complete_years(born_on, on - timedelta(days=1)) == years - 1


@pure
@given(days, days)
def test_nobody_is_of_age_on_both_sides_of_a_bound(born_on, on):
    is_inside = birthday(born_on, 18) <= on < birthday(born_on, 61)

    assert is_of_age(born_on, on, 18, 60) == is_inside


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


@pure
@given(st.integers(0, 2_000), st.timedeltas(timedelta(0), timedelta(days=100)))
def test_the_cooling_off_is_exact_hours_and_its_end_is_open(hours, later):
    is_cooling = cooling_off.is_cooling(REGISTERED_AT, REGISTERED_AT + later, hours)

    assert is_cooling == (later < timedelta(hours=hours))
