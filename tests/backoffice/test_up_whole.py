"""A whole checkout: whatever ends its launcher ends all, and the next start finds it in order."""

import os
import shutil
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest

from backoffice.up import environment
from tests.launcher import ANONYMOUS_UID, READY_SECONDS_MAX, as_root, built, is_progress, until

PARTS = ("postgres", "valkey-server", "sandbox_bank", "backoffice.web.server", "celery", "beat")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the parent-death signal is Linux's"
)
with_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")


@pytest.fixture(scope="module")
def checkout():
    with built() as checkout:
        yield checkout


def everyone(checkout):
    """See that each part of the checkout runs, the worker with its children."""

    def is_whole():
        lines = list(checkout.processes().values())
        workers = [line for line in lines if " worker " in line]
        return all(any(part in line for line in lines) for part in PARTS) and len(workers) >= 3

    assert until(is_whole), checkout.processes()


def no_one(checkout, seconds):
    assert until(lambda: not checkout.processes(), seconds), checkout.processes()


def test_a_killed_launcher_takes_everyone_along_and_the_next_start_recovers(checkout):
    with checkout.starts() as first:
        everyone(checkout)
        theirs = set(checkout.processes())
        os.kill(first.process.pid, signal.SIGKILL)
        assert first.code() == -signal.SIGKILL

        # At once: the database of the first may still be shutting down.
        with checkout.starts() as second:
            everyone(checkout)
            assert until(lambda: not theirs & set(checkout.processes())), checkout.processes()
            second.type(b"\x03")
            assert second.code() == 0
            assert "everything has stopped" in second.output
            no_one(checkout, seconds=5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everyone(checkout, number):
    with checkout.starts() as start:
        everyone(checkout)
        os.kill(start.process.pid, number)

        assert start.code() == 0
        no_one(checkout, seconds=5)


# A system that has ASCII alone, and no Python that knows better.
ASCII = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def test_a_terminal_without_chinese_shows_escapes(checkout):
    with checkout.starts(sys.executable, "-m", "backoffice.up", names=ASCII) as start:
        everyone(checkout)

        assert r"\u5c31\u7eea / ready: http" in start.output
        assert "admin" in start.output


def test_nobody_need_read_what_it_says(checkout):
    beat = checkout.run / "beat.log"
    beat.unlink(missing_ok=True)
    launcher = subprocess.Popen(
        [checkout.python, "-m", "backoffice.up", "--no-demo", "--sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **checkout.options({}),
    )
    launcher.stdout.close()
    until(lambda: beat.exists() and beat.read_text(), READY_SECONDS_MAX)  # all has been shown

    launcher.terminate()
    shown = launcher.communicate()[1]

    assert launcher.returncode == 0
    assert beat.read_text()
    assert [line for line in shown.splitlines() if not is_progress(line)] == []
    no_one(checkout, seconds=5)


@with_make
def test_a_killed_make_takes_everyone_along(checkout):
    # The shell lives on, as a person's does: its terminal stays open.
    with checkout.starts("sh", "-c", "make run; exec sleep 60") as start:
        everyone(checkout)
        [make] = [pid for pid, line in checkout.processes().items() if line.startswith("make run")]
        os.kill(make, signal.SIGKILL)

        assert until(lambda: set(checkout.processes()) == {start.process.pid}), checkout.processes()
        assert "everything has stopped" in start.listen()


@with_make
def test_a_closed_window_stops_everyone(checkout):
    with checkout.starts("sh", "-c", "make run; exec sleep 60") as start:
        everyone(checkout)
        start.hang_up()

        no_one(checkout, seconds=20)
        assert not (checkout.run / "launcher.log").exists()


@with_make
def test_make_stops_without_a_complaint_and_refuses_a_second_start(checkout):
    with checkout.starts("make", "run", names={"SANDBOX": "1"}) as start:
        everyone(checkout)
        assert "already running: http://127.0.0.1:" in checkout.fails()
        start.type(b"\x03")

        assert start.code() == 0
        assert "Error" not in start.output
        no_one(checkout, seconds=5)


@pytest.fixture
def given():
    """An empty database on the server of the tests, and their broker."""
    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    name = f"weidai_given_{os.getpid()}"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield {
            "DATABASE_URL": on_path(os.environ["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": on_path(owner, name),
            "CELERY_BROKER_URL": on_path(os.environ["CELERY_BROKER_URL"], "9"),
        }
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def on_path(url, path):
    return urlsplit(url)._replace(path=f"/{path}").geturl()


def test_with_services_of_ones_own_nothing_embedded_is_installed_or_started(checkout, given):
    stamp = checkout.root / ".venv" / f"installed-{environment.EMBEDDED.stem}.sha256"
    digest = stamp.read_text()
    stamp.unlink()  # were it wanted, it would be installed
    try:
        with checkout.starts(names=given) as start:
            lines = list(checkout.processes().values())
            assert any("backoffice.web.server" in line for line in lines)
            assert not any("postgres" in line or "valkey-server" in line for line in lines)
            assert "using the given DATABASE_URL" in start.output
            assert "using the given CELERY_BROKER_URL" in start.output
            assert not stamp.exists()
    finally:
        stamp.write_text(digest)


@as_root
def test_a_user_with_a_number_only_starts_and_stops_everyone():
    with built(ANONYMOUS_UID) as checkout, checkout.starts() as start:
        everyone(checkout)
        start.type(b"\x03")

        assert start.code() == 0
        no_one(checkout, seconds=5)
