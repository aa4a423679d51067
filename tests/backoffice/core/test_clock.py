"""The product's time follows the machine's, moved by a sandbox's offset and by nothing else."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from backoffice.core import clock
from backoffice.core.clock import ClockMovedBackError, NotASandboxError
from backoffice.core.models import SandboxClock

WALL = datetime(2026, 10, 1, 9, 30, tzinfo=clock.SHANGHAI)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wall():
    with time_machine.travel(WALL, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sandbox(db):
    SandboxClock.objects.update(ahead=timedelta())


def test_a_sandbox_is_as_far_ahead_as_its_database_says(sandbox):
    SandboxClock.objects.update(ahead=40 * DAY + timedelta(seconds=1))

    assert clock.offset() == 40 * DAY + timedelta(seconds=1)
    assert clock.now() == WALL + 40 * DAY + timedelta(seconds=1)
    assert clock.business_date() == date(2026, 11, 10)
    assert clock.wall() == WALL


def test_outside_a_sandbox_the_products_time_is_the_machines(sandbox, settings):
    SandboxClock.objects.update(ahead=40 * DAY)
    settings.SANDBOX = False

    assert clock.now() == WALL
    assert clock.business_date() == date(2026, 10, 1)


def test_both_clocks_are_in_shanghai(sandbox):
    assert (clock.now().tzinfo, clock.wall().tzinfo) == (clock.SHANGHAI, clock.SHANGHAI)


def test_a_database_that_is_no_sandbox_has_no_offset(sandbox):
    SandboxClock.objects.all().delete()

    for read in (clock.now, clock.offset, clock.business_date):
        with pytest.raises(NotASandboxError):
            read()


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 9, 30, 15, 59, 59, 999_999, tzinfo=UTC), date(2026, 9, 30)),
        (datetime(2026, 9, 30, 16, tzinfo=UTC), date(2026, 10, 1)),
        (datetime(2026, 10, 1, 23, 59, 59, tzinfo=clock.SHANGHAI), date(2026, 10, 1)),
    ],
)
def test_the_business_date_changes_at_midnight_in_shanghai(moment, day):
    assert clock.day_of(moment) == day


def test_a_time_of_a_day_is_a_moment_in_shanghai():
    moment = clock.moment_of(date(2026, 10, 1), time(0, 5))

    assert moment == datetime(2026, 9, 30, 16, 5, tzinfo=UTC)
    assert moment.tzinfo == clock.SHANGHAI


def test_the_products_time_moves_on_and_goes_on_with_the_machines(sandbox, wall):
    clock.move_to(WALL + 3 * DAY)

    wall.shift(DAY)
    assert clock.now() == WALL + 4 * DAY
    clock.move_to(WALL + 4 * DAY)  # the present is not the past
    assert clock.offset() == 3 * DAY


def test_the_products_time_never_goes_back_by_itself(sandbox):
    clock.move_to(WALL + 3 * DAY)
    past = WALL + 3 * DAY - timedelta(microseconds=1)

    with pytest.raises(ClockMovedBackError) as refused:
        clock.move_to(past)

    assert refused.value.facts == {"now": "2026-10-04 09:30:00+08:00", "wanted": past}
    assert clock.offset() == 3 * DAY


def test_who_has_checked_that_no_day_was_run_may_move_it_back(sandbox):
    clock.move_to(WALL + 3 * DAY)

    clock.move_to(WALL - DAY, is_back_allowed=True)

    assert clock.now() == WALL - DAY


def test_a_reset_is_the_machines_time_again(sandbox):
    clock.move_to(WALL + 3 * DAY)

    clock.reset()

    assert clock.offset() == timedelta()
    assert clock.now() == WALL


@pytest.mark.parametrize("move", [lambda: clock.move_to(WALL + DAY), clock.reset])
def test_outside_a_sandbox_no_clock_is_moved(sandbox, settings, move):
    SandboxClock.objects.update(ahead=2 * DAY)
    settings.SANDBOX = False

    with pytest.raises(NotASandboxError):
        move()

    assert clock.offset() == 2 * DAY


@pytest.mark.parametrize("move", [lambda: clock.move_to(WALL + DAY), clock.reset])
def test_a_database_that_is_no_sandbox_does_not_become_one(sandbox, move):
    SandboxClock.objects.all().delete()

    with pytest.raises(NotASandboxError):
        move()

    assert not SandboxClock.objects.exists()
