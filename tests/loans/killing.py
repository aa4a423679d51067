"""Workers killed while they debit, and everything that may be wrong with the ledger afterwards.

A real prefork worker, a real broker, a real bank. The tick is the test's own: it comes whenever
the queue is empty, not once a minute, and lets the parts of a run out bit by bit, the last one
after the last kill, so that no kill comes too late to hurt.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import redis
from django.conf import settings
from django.db.models import Count, Sum

from backoffice.core import clock
from backoffice.core.models import JobChunk, JobRun
from backoffice.platform import jobs
from backoffice.platform.tasks import run_chunk
from loans.collection.queries import due
from loans.migration.operations.generating import generate
from loans.models import Account, DebitOrder, Repayment
from loans.models.debit import OPEN_ORDER_STATES
from loans.reconciliation.operations import reconcile
from loans.reconciliation.queries import balance_fen
from tests.sandbox import PROJECT, SECRET, BankProcess

QUEUE = f"killed-{os.getpid()}"  # what an earlier run left in the broker is not ours
TICKS = f"{QUEUE}-ticks"  # the product's own ticks wait here for nobody
PAUSE_SECONDS = 0.15
STALLED_SECONDS = 60
# A second debit of a bill must not fail for want of money: it is what we look for.
PLENTY_FEN = 100_000_00


class Worker:
    """A Celery worker with two children on the test database, to be killed at will."""

    def __init__(self, database: str, bank: BankProcess, log: Path, *, include: str) -> None:
        url = with_name(os.environ["DATABASE_URL"], database)
        self.environment = os.environ | {
            "DATABASE_URL": url,
            "DATABASE_OWNER_URL": url,
            "CHANNEL_URL": bank.url,
            "CHANNEL_SECRET": SECRET,
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "SANDBOX": "1",
        }
        self.log, self.include = log, ["--include", include] if include else []
        self.shot: set[int] = set()
        self.start()

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "backoffice", "worker", "--queues", QUEUE,
                 "--concurrency", "2", "--loglevel", "ERROR", "--without-gossip",
                 "--without-mingle", *self.include, "--", f"task.default_queue={TICKS}"],
                cwd=PROJECT, env=self.environment, start_new_session=True, stdout=log, stderr=log,
            )  # fmt: skip

    def revive(self) -> None:
        """Start it again when it has ended, as a supervisor would."""
        if self.process.poll() is not None:
            self.start()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_a_child(self, dice: random.Random) -> int | None:
        """Kill one child that has begun to work, at a part or between two; return its pid.

        A worker whose children all die before it is up ends itself: that would be another test.
        """
        owners = {name_of(pid): pid for pid in self._children() if pid not in self.shot}
        begun = JobChunk.objects.filter(owner__in=owners).values_list("owner", flat=True)
        if not begun:
            return None
        pid = owners[dice.choice(sorted(set(begun)))]
        self.shot.add(pid)
        os.kill(pid, signal.SIGKILL)
        return pid

    def _children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()] if tasks.exists() else []

    def failures(self) -> list[str]:
        """Return what parts of a run raised; that a child was lost is no failure."""
        return [line for line in self.log.read_text().splitlines() if "ChunkFailedError(" in line]


def name_of(pid: int) -> str:
    """Return the name under which a process owns its parts."""
    return f"{socket.gethostname()}:{pid}"


def with_name(url: str, database: str) -> str:
    """Return a database URL with another database's name."""
    base, _, query = url.partition("?")
    head = base.rpartition("/")[0]
    return f"{head}/{database}" + (f"?{query}" if query else "")


@dataclass
class Kills:
    """Who was killed; ``mid_debit`` of the children had an order out and its answer not stored."""

    children: int = 0
    mid_debit: int = 0
    workers: int = 0

    @property
    def at_work(self) -> int:
        """Return how often a part was begun and not ended: each time somebody was killed at it."""
        return JobChunk.objects.aggregate(n=Sum("tries", default=0) - Count("done_at"))["n"]


class Siege:
    """Works through runs with a worker that is killed again and again.

    ``kills`` says how many children die in which job of which day, ``worker_every`` after how
    many of them the whole worker does.
    """

    def __init__(
        self, worker: Worker, *, kills: Mapping[tuple[date, str], int], worker_every: int
    ) -> None:
        self.worker, self.planned, self.worker_every = worker, kills, worker_every
        self.dice = random.Random(9)
        self.kills = Kills()
        self.broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.worker.kill()
        self.broker.delete(QUEUE, TICKS)
        self.broker.close()

    def live(self, day: date) -> None:
        """Live a day hour by hour until the bank has given its last word on each order."""
        for hour in range(9, 22):
            clock.move_to(clock.moment_of(day, jobs.job_named(f"{hour:02}:00", on=day).at))
            for on, job in jobs.due(now=clock.now()):
                if job.limit is not None:
                    continue  # a check: its hours are over at nine, and it gives way
                run = jobs.claim(job, on=on, by="test", at=clock.now())
                self._work_through(run, kills=self.planned.get((on, job.name), 0))
            if not due.to_debit(on=day).ids:
                return

    def _work_through(self, run: JobRun, *, kills: int) -> None:
        parts, killed = run.chunks.count(), 0
        deadline = time.monotonic() + STALLED_SECONDS + kills + parts
        while JobRun.objects.get(pk=run.pk).finished_at is None:
            assert time.monotonic() < deadline, f"{run} does not end"
            self.worker.revive()
            self._tick(run, out=-(-parts * (killed + 1) // (kills + 1)))
            time.sleep(self.dice.uniform(0, PAUSE_SECONDS))
            killed += killed < kills and self._kill()

    def _tick(self, run: JobRun, *, out: int) -> None:
        """Send what is open of the first parts of a run, unless something waits already."""
        if not self.broker.llen(QUEUE):
            open_parts = run.chunks.filter(number__lte=out, done_at=None).order_by("number")
            for chunk_id in open_parts.values_list("pk", flat=True):
                run_chunk.apply_async((chunk_id,), queue=QUEUE)

    def _kill(self) -> bool:
        pid = self.worker.kill_a_child(self.dice)
        if pid is None:
            return False
        self.kills.children += 1
        self.kills.mid_debit += _died_mid_debit(pid)
        if self.kills.children % self.worker_every == 0:
            self.worker.kill()
            self.kills.workers += 1
        return True


def _died_mid_debit(pid: int) -> bool:
    """Say whether a process left orders without an answer, if its part has no new owner yet."""
    parts = JobChunk.objects.filter(owner=name_of(pid), done_at=None)
    bills = [bill_id for ids in parts.values_list("ids", flat=True) for bill_id in ids]
    return DebitOrder.objects.filter(bill_id__in=bills, state="sent").exists()


class Purse:
    """Puts plenty on every card of a portfolio but those that are to have nothing."""

    def __init__(self, bank: BankProcess) -> None:
        self.bank = bank
        self.poor: list[str] = []

    def fund(self, balances: Mapping[str, int]) -> None:
        self.poor += [account for account, fen in balances.items() if not fen]
        self.bank.fund({account: fen and PLENTY_FEN for account, fen in balances.items()})


def make_book(bills: int, *, bank: BankProcess, on: date) -> list[str]:
    """Make a portfolio of which every bill falls due on a day; return the empty cards, a fifth."""
    early = clock.moment_of(on, jobs.job_named("02:00", on=on).at)
    purse = Purse(bank)
    generate(bills, bank=purse, on=on, at=early, due_share_ppm=1_000_000, seed=1)
    clock.move_to(early, is_back_allowed=True)
    return purse.poor


def findings(bank: BankProcess, *, days: Sequence[date]) -> list[str]:
    """Return all that does not agree between bank, orders, ledger and bills, a line each."""
    with bank.channel() as channel:
        differences = reconcile(days=days, on=days[-1], channel=channel)
    return [
        *doubled(bank),
        *(f"order {number} was executed twice" for (number,) in bank.executed_twice()),
        *_forgotten(),
        *_unequal_sums(bank),
        *map(str, differences),
    ]


def doubled(bank: BankProcess) -> list[str]:
    """Name the bills for which the bank took money more than once, under whatever numbers."""
    taken = bank.query_store(
        "SELECT count(*), group_concat(number, ', ') FROM attempts WHERE executed"
        " GROUP BY account HAVING count(*) > 1 ORDER BY min(id)"
    )
    return [
        f"bill {numbers.partition('-')[0]} was debited {times} times: {numbers}"
        for times, numbers in taken
    ]


def _forgotten() -> Iterator[str]:
    for bill_id in due.to_debit(on=clock.business_date()).ids:
        yield f"bill {bill_id} was forgotten"
    for order in DebitOrder.objects.filter(state__in=OPEN_ORDER_STATES):
        yield f"order {order.number} is open"


def _unequal_sums(bank: BankProcess) -> Iterator[str]:
    sums = {
        "bank": bank.taken_fen(),
        "orders": DebitOrder.objects.aggregate(fen=Sum("taken_fen", default=0))["fen"],
        "repayments": Repayment.objects.aggregate(fen=Sum("amount_fen", default=0))["fen"],
        "ledger": balance_fen(Account.BANK),
    }
    if len(set(sums.values())) > 1:
        yield f"the sums differ: {sums}"
