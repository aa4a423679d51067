"""The 9:00 run with its workers killed at random: no bill debited twice, none forgotten.

A real prefork worker, a real broker and a real bank; only the tick is the test's own, faster than
the one a minute of beat.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time as clocks
from datetime import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from backoffice import clock, jobs
from backoffice.models import JobRun
from backoffice.tasks import run_chunk
from loans.models import Bill, DebitOrder, Repayment
from loans.operations import closing
from loans.operations.reconciling import reconcile
from tests.loans.conftest import day
from tests.sandbox import PROJECT, SECRET, BankProcess

BILLS = int(os.environ.get("WEIDAI_KILL_BILLS", "400"))
CHILD_KILLS = 20
WORKER_KILLS = 2
QUEUE = f"killed-{os.getpid()}"  # what an earlier run left in the broker is not ours

pytestmark = pytest.mark.usefixtures("committed_db")


class Worker:
    """A Celery worker with two children on the test database, to be killed at will."""

    def __init__(self, database: str, bank_url: str, broker: str) -> None:
        self.environment = os.environ | {
            "DATABASE_URL": with_name(os.environ["DATABASE_URL"], database),
            "DATABASE_OWNER_URL": with_name(os.environ["DATABASE_URL"], database),
            "CHANNEL_URL": bank_url,
            "CHANNEL_SECRET": SECRET,
            "CELERY_BROKER_URL": broker,
            "SANDBOX": "1",
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "backoffice", "worker", "--concurrency", "2",
             "--queues", QUEUE, "--loglevel", "ERROR", "--without-gossip", "--without-mingle"],
            cwd=PROJECT, env=self.environment, start_new_session=True,
        )  # fmt: skip

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()] if tasks.exists() else []

    def kill_a_child(self, dice: random.Random) -> bool:
        children = self.children()
        if not children:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(dice.choice(children), signal.SIGKILL)
        return True

    def revive(self) -> None:
        """Start it again when it died of a kill, as a supervisor would."""
        if self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def with_name(url: str, database: str) -> str:
    """Return a database URL with another database's name."""
    base, _, query = url.partition("?")
    head = base.rpartition("/")[0]
    return f"{head}/{database}" + (f"?{query}" if query else "")


@pytest.fixture
def bank(tmp_path):
    with BankProcess(tmp_path) as process:
        yield process


@pytest.fixture
def book(make_bill, bank):
    """Bills of which every fourth card has no money, on the morning they fall due."""
    bills = [make_bill(principal_fen=100_000 + n) for n in range(BILLS)]
    rich = {bill.customer.mandates.get().card.account: bill.total_fen for bill in bills}
    bank.fund({account: 0 if n % 4 == 0 else fen for n, (account, fen) in enumerate(rich.items())})
    clock.move_to(clock.moment_of(day(0), time(9, 0)), is_back_allowed=True)
    return bills


def plan_run() -> JobRun:
    """Let the morning's empty slots pass, then plan the 9:00 run in small parts."""
    for at, slot in jobs.due(now=clock.now()):
        run = jobs.claim(slot, on=at, at=clock.now())
        if slot.name == "09:00":
            return run
        JobRun.objects.filter(pk=run.pk).update(finished_at=clock.wall())
    raise AssertionError("the 9:00 run was not due")


def send_again() -> None:
    for chunk_id in jobs.next_chunks(now=clock.now()):
        run_chunk.apply_async((chunk_id,), queue=QUEUE)


def test_killed_workers_neither_repeat_nor_forget_a_debit(book, bank, database_name, monkeypatch):
    if not settings.CELERY_BROKER_URL.startswith("redis://"):
        pytest.fail("CELERY_BROKER_URL must name the embedded Valkey; run the tests by make test")
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 20)
    run = plan_run()
    dice = random.Random(9)
    worker = Worker(database_name, bank.url, settings.CELERY_BROKER_URL)
    child_kills = worker_kills = 0
    deadline = clocks.monotonic() + 150
    try:
        while JobRun.objects.get(pk=run.pk).finished_at is None:
            assert clocks.monotonic() < deadline, "the run was not finished in time"
            worker.revive()
            send_again()
            clocks.sleep(dice.random() * 0.4)
            if child_kills < CHILD_KILLS and worker.kill_a_child(dice):
                child_kills += 1
            if child_kills in (7, 14) and worker_kills < child_kills // 7:
                worker.kill()
                worker_kills += 1
                worker.start()
    finally:
        worker.kill()

    run = JobRun.objects.get(pk=run.pk)
    poor = len(book) // 4
    assert (run.planned, run.done, run.failed, run.unknown) == (BILLS, BILLS - poor, poor, 0)
    assert DebitOrder.objects.count() == BILLS
    assert bank.executed_twice() == []
    assert bank.taken_fen() == sum(Repayment.objects.values_list("amount_fen", flat=True))
    assert Bill.objects.filter(state="paid").count() == BILLS - poor
    assert Bill.objects.filter(state="billed", refusals=1, debit_on=day(1)).count() == poor
    connection.close()
    closing.accrue_night(on=day(0), at=clock.now())
    with bank.channel() as channel:
        assert reconcile(days=[day(0)], on=day(0), channel=channel) == []
    assert child_kills + worker_kills >= 3, "the run was over before anything was killed"
