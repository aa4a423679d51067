"""The cooling-off period, to the hour (ELIG-10)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from accounts.onboarding.rules import cooling_off
from tests.profiles import pure

REGISTERED_AT = datetime(2026, 10, 24, 15, tzinfo=UTC)


@pure
@given(st.integers(0, 2_000), st.timedeltas(timedelta(0), timedelta(days=100)))
def test_the_cooling_off_is_exact_hours_and_its_end_is_open(hours, later):
    is_cooling = cooling_off.is_cooling(REGISTERED_AT, REGISTERED_AT + later, hours)

    assert is_cooling == (later < timedelta(hours=hours))
