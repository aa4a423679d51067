"""The hours of direct debits (REPAY-11)."""

from datetime import time

import pytest

from loans.collection.rules.hours import name_of, retries


@pytest.mark.parametrize(
    ("first", "until", "expected"),
    [
        (time(9), time(21), [time(hour) for hour in range(10, 22)]),
        (time(8, 30), time(10, 30), [time(9, 30), time(10, 30)]),
        (time(8, 30), time(10, 29), [time(9, 30)]),
        (time(9), time(9), []),
        (time(9), time(9, 59), []),
    ],
)
def test_the_retries_follow_each_hour_up_to_the_last(first, until, expected):
    assert retries(first, until) == expected


def test_a_job_is_named_by_its_time():
    assert name_of(time(8, 5)) == "08:05"
