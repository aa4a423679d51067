"""How long each class of data is kept (LAW-18, LAW-19)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.privacy.rules.retention import (
    DataClass,
    Period,
    due_through,
    erase_after,
    is_due,
    periods,
)
from tests.profiles import pure

PERIODS = periods(face_days=30, log_days=180, kyc_years=10)
ENDED_ON = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("kind", "ended_on", "last_on"),
    [
        (DataClass.FACE, ENDED_ON, date(2026, 12, 24)),
        (DataClass.LOG, ENDED_ON, date(2027, 5, 23)),
        (DataClass.IDENTITY, ENDED_ON, date(2036, 11, 24)),
        (DataClass.TRANSACTION, ENDED_ON, date(2036, 11, 24)),
        (DataClass.IDENTITY, date(2028, 2, 29), date(2038, 3, 1)),
    ],
)
def test_each_class_is_kept_for_its_period(kind, ended_on, last_on):
    assert erase_after(PERIODS[kind], ended_on) == last_on
    assert not is_due(PERIODS[kind], ended_on, last_on, is_held=False)
    assert is_due(PERIODS[kind], ended_on, last_on + timedelta(days=1), is_held=False)


@pytest.mark.parametrize(
    ("on", "ended_on"),
    [
        (date(2036, 11, 25), date(2026, 11, 24)),
        (date(2036, 2, 29), date(2026, 2, 28)),
        (date(2038, 2, 28), date(2028, 2, 27)),
        (date(2038, 3, 1), date(2028, 2, 28)),
        (date(2038, 3, 2), date(2028, 3, 1)),
    ],
)
def test_on_a_day_all_that_ended_long_enough_ago_is_due(on, ended_on):
    assert due_through(PERIODS[DataClass.IDENTITY], on) == ended_on


@pure
@given(
    on=st.dates(date(2026, 1, 1), date(2090, 1, 1)),
    years=st.integers(0, 20),
    days=st.integers(0, 400),
)
def test_what_is_due_is_the_inverse_of_how_long_it_is_kept(on, years, days):
    period = Period(years=years, days=days)

    last = due_through(period, on)

    assert is_due(period, last, on, is_held=False)
    assert not is_due(period, last + timedelta(days=1), on, is_held=False)


def test_a_legal_hold_keeps_what_is_over():
    assert is_due(PERIODS[DataClass.LOG], ENDED_ON, date(2099, 1, 1), is_held=False)
    assert not is_due(PERIODS[DataClass.LOG], ENDED_ON, date(2099, 1, 1), is_held=True)


def test_nothing_of_a_relation_that_goes_on_is_erased():
    assert not is_due(PERIODS[DataClass.IDENTITY], None, date(2099, 1, 1), is_held=False)


@pure
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 30), st.integers(0, 400))
def test_nothing_goes_before_its_whole_period_is_over(ended_on, years, days):
    last_on = erase_after(Period(years, days), ended_on)

    assert (last_on - ended_on).days >= years * 365 + days
    assert (last_on - ended_on).days <= years * 365 + days + years // 4 + 1
