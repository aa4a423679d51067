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
from loans.collection.queries import due
from loans.tasks import debit_jobs
from tests.acceptance import customers, events, forms, reading
from tests.acceptance.bank import LifeBank, Script

NIGHT_OVER = time(0, 20)  # the jobs of the new day have run, debits have not
FIRST_DEBITS = time(9, 0)
ONE_DAY = timedelta(days=1)
# Jobs that only compare: a life is reconciled at its end.
NOT_IN_A_LIFE = ("02:00", "02:30")


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
    uncompared: list[date] = field(default_factory=list)
    bank: LifeBank = field(default_factory=LifeBank)
    differences: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, scenario: dict[str, Any]) -> "Life":
        """Read a life as the file has it."""
        forms.require_input(scenario["id"], scenario["input"])
        forms.require_rows(scenario["id"], scenario["expect"])
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

    def received(self, *, after: date, on: date) -> list[datetime]:
        """Return when money that was paid on a day or before it was received after that day.

        On a later day ``on`` or after it: until then we do not know where that day ended.
        """
        late = (event for event in self.events if "received" in event)
        moments = ((events.moment(one["t"]), events.moment(one["received"])) for one in late)
        return [
            received for paid, received in moments
            if paid.date() <= after < received.date() and received.date() >= on
        ]  # fmt: skip

    def compared_at(self, on: date) -> time | None:
        """Return when the row of a day can be compared: after its night, and with all money known.

        None where money of earlier days is received when the debits of the day have run.
        """
        known = [NIGHT_OVER]
        for received in self.received(after=on - ONE_DAY, on=on):
            known.append(received.time() if received.date() == on else time.max)
        return max(known) if max(known) < FIRST_DEBITS else None

    def differs(self, on: date, what: str, expected: object, found: object) -> None:
        """Keep a difference."""
        self.differences.append(f"{self.id} {on} {what}: expected {expected}, found {found}")


class World:
    """The calendar of some lives."""

    def __init__(self, lives: Sequence[Life], bank: LifeBank) -> None:
        self.lives, self.bank = lives, bank

    def run(self) -> None:
        """Run every day from the first drawdown to the last day of the last life."""
        today = min(life.begins_on for life in self.lives)
        for number, life in enumerate(self.lives):
            life.bank = self.bank
            customers.create(life, number=number, on=today - ONE_DAY)
            answers = life.input.get("bank", []), life.input.get("bank_default", "ok")
            self.bank.scripts[life.account] = Script(*answers)
        end = max(life.ends_on for life in self.lives)
        while today <= end:
            alive = [life for life in self.lives if life.begins_on <= today <= life.ends_on]
            if alive:
                self.run_day(today, alive)
            today += ONE_DAY

    def run_day(self, today: date, alive: Sequence[Life]) -> None:
        """Run one day in the order of its moments; at the same moment the jobs come first."""
        retries = {job.name for job in debit_jobs(today)[1:]}
        plan: list[tuple[time, Callable[[datetime], None]]] = [
            (job.at, partial(work, job, is_retry=job.name in retries))
            for job in jobs.in_order(on=today) if is_run(job)
        ]  # fmt: skip
        for life in alive:
            plan += [(at, partial(event, life)) for at, event in events.of_day(life, today)]
        for at, lives in self.compared(today, alive).items():
            plan.append((at, partial(self.compare, lives)))
        clock.move_to(clock.moment_of(today, time()), is_back_allowed=True)
        for at, step in sorted(plan, key=lambda one: one[0]):
            step(clock.moment_of(today, at))
        self.compare_done(today, alive)
        reading.compare_ends([life for life in alive if life.ends_on == today])

    def compared(self, today: date, alive: Sequence[Life]) -> dict[time, list[Life]]:
        """Return the lives with a row of the day by the time at which it can be compared."""
        found: dict[time, list[Life]] = defaultdict(list)
        for life in alive:
            at = life.compared_at(today) if today in life.rows else None
            if at is not None:
                found[at].append(life)
        return found

    def compare(self, lives: Sequence[Life], at: datetime) -> None:
        """Compare the rows of the day."""
        reading.compare_rows(lives, on=at.date())

    def compare_done(self, today: date, alive: Sequence[Life]) -> None:
        """Compare what happened on the day, and on earlier ones whose money is known by now."""
        known: dict[date, list[Life]] = defaultdict(list)
        for life in alive:
            life.uncompared.append(today)
            for day in [*life.uncompared]:
                if not life.received(after=day, on=today + ONE_DAY):
                    life.uncompared.remove(day)
                    known[day].append(life)
        for day, lives in sorted(known.items()):
            reading.compare_done(lives, on=day)


def is_run(job: jobs.Job) -> bool:
    """Say whether a job moves money or bills."""
    return job.work.__module__.startswith("loans") and job.name not in NOT_IN_A_LIFE


def work(job: jobs.Job, at: datetime, *, is_retry: bool = False) -> bool:
    """Work through a job of the day; return False for one that has nothing planned.

    Of hourly debits that is asked first: what else their plan reads is of no use then.
    """
    on = at.date()
    if is_retry and not due.to_debit(on=on).ids:
        return False
    plan = job.plan(on=on, at=at) if job.plan else jobs.RunPlan([0])
    if not plan.ids:
        return False
    assert plan.held_because is None
    clock.move_to(at, is_back_allowed=True)
    run = JobRun.objects.create(business_date=on, job=job.name, started_at=at, heartbeat_at=at)
    job.work(plan.ids, run_id=run.pk, on=on, at=at)
    return True


def scenarios(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lives of a file, the earliest first, so that neighbours share their days."""
    file = json.loads(path.read_text())
    forms.require_columns(file["about"])
    yield from sorted(
        file["scenarios"], key=lambda one: min(loan["date"] for loan in one["input"]["loans"])
    )
