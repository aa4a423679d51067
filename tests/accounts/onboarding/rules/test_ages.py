"""Ages in complete years, on their days (ELIG-1)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.onboarding.rules.ages import birthday, complete_years, is_of_age
from tests.profiles import pure

days = st.dates(date(1900, 1, 1), date(2100, 12, 31))


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
