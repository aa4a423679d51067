"""A whole house: whatever ends its launcher ends everyone, and the next start finds it in order."""

import os
import shutil
import signal
import sys

import pytest

from tests.weather import STRANGER, as_root, built, until

PARTS = ("postgres", "valkey-server", "sandbox_bank", "gunicorn", "celery", "beat")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the leash is Linux's")


@pytest.fixture(scope="module")
def house():
    with built() as house:
        yield house


def everyone(house):
    """See that each part of the house runs, the worker with its children."""

    def is_whole():
        lines = list(house.processes().values())
        workers = [line for line in lines if " worker " in line]
        return all(any(part in line for line in lines) for part in PARTS) and len(workers) >= 3

    assert until(is_whole), house.processes()


def no_one(house, seconds):
    assert until(lambda: not house.processes(), seconds), house.processes()


def test_a_killed_launcher_takes_everyone_along_and_the_next_start_recovers(house):
    with house.starts() as first:
        everyone(house)
        os.kill(first.launcher(), signal.SIGKILL)
        no_one(house, seconds=15)
        assert first.code() == -signal.SIGKILL

    with house.starts() as second:
        everyone(house)
        assert second.seconds < 30
        second.type(b"\x03")
        assert second.code() == 0
        assert "everything has stopped" in second.said
        no_one(house, seconds=5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_everyone(house, number):
    with house.starts() as start:
        everyone(house)
        os.kill(start.launcher(), number)

        assert start.code() == 0
        no_one(house, seconds=5)


def test_a_closed_window_stops_everyone(house):
    with house.starts() as start:
        everyone(house)
        start.hang_up()

        no_one(house, seconds=20)


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_make_stops_without_a_complaint_and_refuses_a_second_start(house):
    with house.starts("make", "run", names={"SANDBOX": "1"}) as start:
        everyone(house)
        assert "already running: http://127.0.0.1:" in house.fails()
        start.type(b"\x03")

        assert start.code() == 0
        assert "Error" not in start.said
        no_one(house, seconds=5)


@as_root
def test_a_user_with_a_number_only_starts_and_stops_everyone():
    with built(STRANGER) as house, house.starts() as start:
        everyone(house)
        start.type(b"\x03")

        assert start.code() == 0
        no_one(house, seconds=5)
