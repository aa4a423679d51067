"""The business day: jobs, runs, chunks and their owners.

A job has a time of the day, a plan and a work function. ``JobRun`` rows record what was planned,
``JobChunk`` rows who works on which part. The broker is only a hint: every tick sends again what
the tables show as unfinished. A chunk belongs to the process whose connection holds its advisory
lock, so the chunk of a killed worker is free at once. Runs go in order, oldest day first; a held
run or a paused optional job does not block the later ones, and neither does a job whose time limit
is over: it is passed over, and worked on when nothing else is due.
"""

import gc
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Min
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import JobChunk, JobPause, JobPauseState, JobRun
from backoffice.core.reasons import Reason, stored

CHUNK_SIZE = 5_000
LOCK_SPACE = 7_701  # first key of the advisory locks of chunks


class RunPlan(NamedTuple):
    """The plan of a run: ids in order, their total, and the reason to hold it, if any.

    ``owners`` names the owner of each id: neighbours of one owner are worked on in one chunk.
    """

    ids: Sequence[int]
    amount_fen: int = 0
    held_because: Reason | None = None
    owners: Sequence[int] | None = None


class Tally(NamedTuple):
    """The results of a chunk, counted."""

    done: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of the business day, named by its time.

    ``code`` stays the same when the time changes, so that a pause holds the job at its new time;
    it is the name where nothing else is given. ``plan(on=, at=)`` runs in the transaction that
    creates the run; a job without a plan is one chunk without ids. ``work(ids, run_id=, on=, at=)``
    must be repeatable. A paused optional job is skipped; any other paused job blocks the day.
    ``limit`` is for jobs that only check: that long after its time a run is passed over.
    """

    name: str
    at: time
    title: Promise | str
    work: Callable[..., Tally]
    plan: Callable[..., RunPlan] | None = None
    optional: bool = False
    limit: timedelta | None = None
    code: str = ""

    def __post_init__(self) -> None:
        assert self.optional or not self.limit, "the day waits for a job that it needs"
        object.__setattr__(self, "code", self.code or self.name)


class UnknownJobError(Refused):
    """No job of the day has this name."""

    code = "unknown-job"
    message = _("There is no job {job}.")
    remedy = _("The jobs are: {jobs}.")


class ChunkFailedError(Refused):
    """A chunk of a run raised an error; the run stays unfinished."""

    code = "chunk-failed"
    message = _("Chunk {number} of the run {run} failed: {error}")
    remedy = _("The chunk was rolled back. Fix the cause and run the day again.")


_jobs: dict[str, Job] = {}
_tables: list[Callable[[date], Iterable[Job]]] = []


def register(job: Job) -> None:
    """Add a job that runs every day at the same time."""
    _jobs[job.name] = job


def register_table(jobs_of: Callable[[date], Iterable[Job]]) -> None:
    """Add jobs whose times depend on the day, because a policy sets them."""
    _tables.append(jobs_of)


def in_order(*, on: date) -> list[Job]:
    """Return the jobs of a day in order."""
    of_day = (job for jobs_of in _tables for job in jobs_of(on))
    return sorted(chain(_jobs.values(), of_day), key=lambda job: job.at)


def job_named(name: str, *, on: date) -> Job:
    """Return the job of a day by its name.

    Raises:
        UnknownJobError: no app registered it.
    """
    of_day = {job.name: job for job in in_order(on=on)}
    if name not in of_day:
        raise UnknownJobError(job=name, jobs=", ".join(of_day))
    return of_day[name]


def due(*, now: datetime) -> list[tuple[date, Job]]:
    """Return every due run that has not finished, oldest first."""
    runs = JobRun.objects.all()
    last = _last_finished_day()
    first = runs.aggregate(day=Min("business_date"))["day"] or now.date()
    day = last + timedelta(days=1) if last else first
    finished = set(
        runs.filter(business_date__gte=day, finished_at__isnull=False).values_list(
            "business_date", "job"
        )
    )
    missing = []
    while day <= now.date():
        missing += [
            (day, job)
            for job in in_order(on=day)
            if clock.moment_of(day, job.at) <= now and (day, job.name) not in finished
        ]
        day += timedelta(days=1)
    return missing


def is_passed_over(job: Job, *, on: date, now: datetime) -> bool:
    """Return whether the time limit of a job is over: the later ones do not wait for its run."""
    return job.limit is not None and now >= clock.moment_of(on, job.at) + job.limit


def in_turn(*, now: datetime) -> list[tuple[date, Job]]:
    """Return every due run that has not finished, oldest first, those passed over at the end."""
    return sorted(due(now=now), key=lambda one: is_passed_over(one[1], on=one[0], now=now))


def gives_way(run: JobRun, *, now: datetime) -> bool:
    """Return whether a run is passed over and another one, which is not, may continue."""
    job = job_named(run.job, on=run.business_date)
    if not is_passed_over(job, on=run.business_date, now=now):
        return False
    paused = pauses()
    for day, other in in_turn(now=now):
        if is_passed_over(other, on=day, now=now):
            return False
        if other.code in paused:
            if other.optional:
                continue
            return False
        waiting = JobRun.objects.filter(business_date=day, job=other.name).first()
        if waiting is None or not is_held(waiting):
            return True
    return False


def _last_finished_day() -> date | None:
    """Return the latest day whose last job has finished."""
    finished = JobRun.objects.filter(finished_at__isnull=False).order_by("-business_date")
    rows = finished.values_list("business_date", "job").iterator(chunk_size=100)
    by_day: Iterator[tuple[date, Iterator[tuple[date, str]]]] = groupby(rows, key=itemgetter(0))
    for day, of_day in by_day:
        if in_order(on=day)[-1].name in {name for _day, name in of_day}:
            return day
    return None


def upcoming(*, after: datetime, until: datetime) -> list[tuple[date, Job]]:
    """Return the runs that fall due after one moment and up to another, in order."""
    days = (until.date() - after.date()).days
    return [
        (day, job)
        for day in (after.date() + timedelta(days=n) for n in range(days + 1))
        for job in in_order(on=day)
        if after < clock.moment_of(day, job.at) <= until
    ]


@transaction.atomic
def claim(job: Job, *, on: date, by: str, at: datetime) -> JobRun:
    """Return the run of a job and day; create and plan it if it does not exist.

    Two schedulers compete for the insert; the second waits for the plan of the first. ``by`` is
    stored with the run that it creates.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO backoffice_jobrun (business_date, job, planned, planned_fen, done, "
            "failed, unknown, held_reason, released_by, started_by, started_at, heartbeat_at) "
            "VALUES (%s, %s, 0, 0, 0, 0, 0, '', '', %s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING id",
            [on, job.name, by, clock.wall(), clock.wall()],
        )
        created = cursor.fetchone()
    run = JobRun.objects.get(business_date=on, job=job.name)
    if created:
        _plan(run, job, at=at)
    return run


def _plan(run: JobRun, job: Job, *, at: datetime) -> None:
    plan = job.plan(on=run.business_date, at=at) if job.plan else None
    parts = _parts(plan) if plan else [[]]
    JobChunk.objects.bulk_create(
        JobChunk(run=run, number=number, ids=part) for number, part in enumerate(parts, 1)
    )
    if plan:
        run.planned, run.planned_fen = len(plan.ids), plan.amount_fen
        if plan.held_because:
            run.held_reason, run.held_facts = stored(plan.held_because)
    if not parts:
        run.finished_at = clock.wall()
    run.save()


def _parts(plan: RunPlan) -> list[list[int]]:
    """Return the ids in parts of at most ``CHUNK_SIZE``, or of one owner where he has more."""
    if plan.owners is None:
        ids = list(plan.ids)
        return [ids[start : start + CHUNK_SIZE] for start in range(0, len(ids), CHUNK_SIZE)]
    parts: list[list[int]] = []
    for _owner, pairs in groupby(zip(plan.owners, plan.ids, strict=True), key=itemgetter(0)):
        together = [one for _, one in pairs]
        if parts and len(parts[-1]) + len(together) <= CHUNK_SIZE:
            parts[-1] += together
        else:
            parts.append(together)
    return parts


def pauses() -> dict[str, JobPause]:
    """Return the pauses in force by the code of their job."""
    in_force = JobPause.objects.exclude(state=JobPauseState.RESUMED).select_related("paused_by")
    return {job_named(one.job, on=clock.day_of(one.paused_at)).code: one for one in in_force}


def is_paused(code: str) -> bool:
    """Return whether staff have paused the job of a code."""
    return code in pauses()


def is_held(run: JobRun) -> bool:
    """Return whether a run waits for its release by a person."""
    return bool(run.held_reason) and not run.released_by


def next_chunks(*, by: str, now: datetime) -> list[int]:
    """Return the chunks to work on now: those of the first unfinished run that may continue.

    Earlier runs are finished, held, paused or passed over; later runs wait. ``by`` starts what is
    not planned.
    """
    paused = pauses()
    for day, job in in_turn(now=now):
        if job.code in paused:
            if job.optional:
                continue
            return []
        run = claim(job, on=day, by=by, at=now)
        if run.finished_at is None and not is_held(run):
            return list(
                run.chunks.filter(done_at=None).order_by("number").values_list("pk", flat=True)
            )
    return []


@contextmanager
def _owning(chunk_id: int) -> Iterator[bool]:
    """Hold the lock of a chunk on this connection; yield False when another process holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, chunk_id])
        owned = cursor.fetchone()[0]
    try:
        yield owned
    finally:
        if owned:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, chunk_id])


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Switch the garbage collector off: a chunk keeps its objects until its end.

    Repeated collection costs a quarter of the time; the number of objects is bounded by the chunk
    size.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def run_chunk(chunk_id: int, *, at: datetime) -> bool:
    """Work on one chunk unless it is done or owned by another process.

    Returns: whether the run is finished. An unknown id is ignored, because the broker is only a
    hint.

    Raises:
        ChunkFailedError: the work raised; the error is stored on the chunk, which stays open.
    """
    with _owning(chunk_id) as owned:
        chunk = JobChunk.objects.select_related("run").filter(pk=chunk_id).first()
        if chunk is None or chunk.done_at or not owned:
            return False
        run = chunk.run
        job = job_named(run.job, on=run.business_date)
        if is_held(run) or is_paused(job.code) or gives_way(run, now=at):
            return False
        JobChunk.objects.filter(pk=chunk_id).update(
            owner=f"{socket.gethostname()}:{os.getpid()}", tries=F("tries") + 1
        )
        try:
            with _not_collecting():
                tally = job.work(chunk.ids, run_id=run.pk, on=run.business_date, at=at)
        except Exception as error:
            JobChunk.objects.filter(pk=chunk_id).update(error=f"{type(error).__name__}: {error}")
            raise ChunkFailedError(number=chunk.number, run=run, error=error) from error
        return _finish(chunk, tally)


@transaction.atomic
def _finish(chunk: JobChunk, tally: Tally) -> bool:
    """Mark the chunk done and add its tally; return whether the run is finished."""
    run = JobRun.objects.select_for_update().get(pk=chunk.run_id)
    JobChunk.objects.filter(pk=chunk.pk).update(done_at=clock.wall(), error="")
    run.done += tally.done
    run.failed += tally.failed
    run.unknown += tally.unknown
    run.heartbeat_at = clock.wall()
    if not run.chunks.filter(done_at=None).exists():
        run.finished_at = run.heartbeat_at
    run.save()
    return run.finished_at is not None
