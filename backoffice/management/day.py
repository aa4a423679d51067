"""Run business days in one process: every due run, in order, to its end."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import JobRun
from backoffice.platform import jobs
from backoffice.platform.reasons import PlatformActor

WAIT_SECONDS = 0.2


class JobPausedError(Refused):
    """A required job is paused."""

    code = "job-paused"
    message = _("The job {job} of {day} is paused and blocks the day.")
    remedy = _("Have two people resume it, then run the day again.")


def run_due() -> Iterator[JobRun]:
    """Run what is due, oldest first; held runs and paused optional jobs are skipped.

    A run that is passed over comes last, and stays unfinished when something else falls due.

    Raises:
        JobPausedError: a job that later ones depend on is paused.
        ChunkFailedError: a chunk of a run raised an error.
    """
    for day, job in jobs.in_turn(now=clock.now()):
        if jobs.is_paused(job.code):
            if not job.optional:
                raise JobPausedError(job=job.name, day=day)
            continue
        yield finish(jobs.claim(job, on=day, by=PlatformActor.COMMAND, at=clock.now()))


def finish(run: JobRun) -> JobRun:
    """Work on a run until it is finished; wait for chunks that another process owns."""
    while not (run.finished_at or jobs.is_held(run) or jobs.gives_way(run, now=clock.now())):
        for chunk_id in run.chunks.filter(done_at=None).order_by("number").values_list("pk"):
            jobs.run_chunk(chunk_id[0], at=clock.now())
        run = JobRun.objects.get(pk=run.pk)
        if run.finished_at is None:
            time.sleep(WAIT_SECONDS)
    return run


def run_until(moment: datetime) -> Iterator[JobRun]:
    """Advance a sandbox's clock to a moment and run every job on the way at its time.

    Raises:
        JobPausedError: a job that later ones depend on is paused.
        ChunkFailedError: a chunk of a run raised an error.
    """
    yield from run_due()
    for day, job in jobs.upcoming(after=clock.now(), until=moment):
        _move_to(clock.moment_of(day, job.at))
        yield from run_due()
    _move_to(moment)


def _move_to(moment: datetime) -> None:
    if moment > clock.now():
        clock.move_to(moment)


def as_dict(run: JobRun) -> dict[str, Any]:
    """Return a run as commands print it."""
    title = str(jobs.job_named(run.job, on=run.business_date).title)
    unfinished = "held" if jobs.is_held(run) else "passed-over"
    return {
        "business_date": run.business_date,
        "job": run.job,
        "title": title,
        "planned": run.planned,
        "planned_fen": run.planned_fen,
        "done": run.done,
        "failed": run.failed,
        "unknown": run.unknown,
        "state": "finished" if run.finished_at else unfinished,
        "held_reason": run.held_because if not run.finished_at else "",
        "seconds": round((run.finished_at - run.started_at).total_seconds(), 2)
        if run.finished_at
        else None,
    }


def line(run: dict[str, Any]) -> str:
    """Return a run from ``as_dict`` as one line for people."""
    seconds = "" if run["seconds"] is None else f" {run['seconds']:8.2f} s"
    planned, done, failed, unknown = _("planned"), _("done"), _("failed"), _("unknown")
    return (
        f"{run['business_date']} {run['job']:6} "
        f"{planned} {run['planned']:>6} {done} {run['done']:>6} "
        f"{failed} {run['failed']:>6} {unknown} {run['unknown']:>4}"
        f"{seconds} {run['title']} {run['held_reason']}"
    ).rstrip()
