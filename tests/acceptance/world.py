"""Worked lives of customers, run through the product's own operations and jobs.

Many lives share one database and one calendar, each with a customer of its own. A day is its jobs
in the order of their times, and between them the events of the lives; after the jobs of the night
a row of a life is compared with what the product shows.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from backoffice.core import clock
from backoffice.core.models import JobRun
from backoffice.platform import jobs
from loans.tasks import debit_jobs
from tests.acceptance import customers, events, reading
from tests.acceptance.bank import LifeBank, Script

NIGHT_OVER = time(0, 20)  # the jobs of the new day have run, debits have not
# Jobs that only compare, and the transfer of a night, which no row shows.
NOT_IN_A_LIFE = ("00:30", "02:00", "02:30")


@dataclass
class Life:
    """One life: what happens in it, to whom, and what differed so far."""

    id: str
    input: dict[str, Any]
    rows: dict[date, dict[str, Any]]
    bills_final: list[list[Any]]
    customer_id: int = 0
    account: str = ""
    loan_ids: list[int] = field(default_factory=list)
    done: dict[date, list[Any]] = field(default_factory=lambda: defaultdict(list))
    payments: dict[str, Any] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, scenario: dict[str, Any]) -> "Life":
        """Read a life as the file has it."""
        rows = {date.fromisoformat(row["date"]): row for row in scenario["expect"]}
        return cls(scenario["id"], scenario["input"], rows, scenario["bills_final"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return what happens beside drawdowns, in the order of the file."""
        return list(self.input.get("events", []))

    @property
    def begins_on(self) -> date:
        """Return the day of the first drawdown."""
        return min(date.fromisoformat(loan["date"]) for loan in self.input["loans"])

    @property
    def ends_on(self) -> date:
        """Return the last day."""
        return date.fromisoformat(self.input["until"])

    def is_waiting(self, on: date) -> bool:
        """Say whether money of a day or of one before it was received later than on that day.

        The rows of such days show what nobody knows yet: they are compared from its reception on.
        """
        return any(
            events.moment(event["t"]).date() <= on < events.moment(event["received"]).date()
            for event in self.events
            if "received" in event
        )

    def differs(self, on: date, what: str, expected: object, found: object) -> None:
        """Keep a difference."""
        self.differences.append(f"{self.id} {on} {what}: expected {expected}, found {found}")


class World:
    """The calendar of some lives."""

    def __init__(self, lives: Sequence[Life], bank: LifeBank) -> None:
        self.lives, self.bank = lives, bank
        self.retries: set[str] = set()

    def run(self) -> None:
        """Run every day from the first drawdown to the last day of the last life."""
        today = min(life.begins_on for life in self.lives)
        for number, life in enumerate(self.lives):
            customers.create(life, number=number, on=today - timedelta(days=1))
            answers = life.input.get("bank", []), life.input.get("bank_default", "ok")
            self.bank.scripts[life.account] = Script(*answers)
        end = max(life.ends_on for life in self.lives)
        while today <= end:
            alive = [life for life in self.lives if life.begins_on <= today <= life.ends_on]
            if alive:
                self.run_day(today, alive)
            today += timedelta(days=1)

    def run_day(self, today: date, alive: Sequence[Life]) -> None:
        """Run one day in the order of its moments; at the same moment the jobs come first."""
        self.retries = {job.name for job in debit_jobs(today)[1:]}
        plan: list[tuple[time, Callable[[datetime], None]]] = [
            (job.at, partial(self.work, job)) for job in jobs.in_order(on=today) if _is_run(job)
        ]
        for life in alive:
            plan += [(at, partial(event, life)) for at, event in events.of_day(life, today)]
        plan.append((NIGHT_OVER, partial(self.compare, alive)))
        clock.move_to(clock.moment_of(today, time()), is_back_allowed=True)
        for at, step in sorted(plan, key=lambda one: one[0]):
            step(clock.moment_of(today, at))
        reading.compare_done(alive, on=today)
        reading.compare_ends([life for life in alive if life.ends_on == today])

    def work(self, job: jobs.Job, at: datetime) -> None:
        """Work through a job of the day; one that has nothing planned is left out.

        The hourly debits ask those again whom the bank could not answer: without one nobody.
        """
        on = at.date()
        if job.name in self.retries and on not in self.bank.technical_days:
            return
        plan = job.plan(on=on, at=at) if job.plan else jobs.RunPlan([0])
        if not plan.ids:
            return
        assert plan.held_because is None
        clock.move_to(at, is_back_allowed=True)
        run = JobRun.objects.create(business_date=on, job=job.name, started_at=at, heartbeat_at=at)
        job.work(plan.ids, run_id=run.pk, on=on, at=at)

    def compare(self, alive: Sequence[Life], at: datetime) -> None:
        """Compare the rows of the day."""
        reading.compare_rows([life for life in alive if at.date() in life.rows], on=at.date())


def _is_run(job: jobs.Job) -> bool:
    """Say whether a job moves money or bills."""
    return job.work.__module__.startswith("loans") and job.name not in NOT_IN_A_LIFE


def scenarios(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lives of a file, the earliest first, so that neighbours share their days."""
    found = json.loads(path.read_text())["scenarios"]
    yield from sorted(found, key=lambda one: min(loan["date"] for loan in one["input"]["loans"]))
