"""Lives business days through the runs that staff see."""

from collections.abc import Sequence
from datetime import date

from backoffice.core import clock
from backoffice.core.models import JobRun, SandboxClock
from backoffice.platform import jobs

# The jobs that move money; the hourly ones do nothing where no answer is missing.
MOVING = ("00:05", "00:30", "09:00")


def live(
    channel, monkeypatch, *days: date, until: str = "21:00", only: Sequence[str] = MOVING
) -> None:
    """Work through some jobs of some days in order, up to a job of the last one."""
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)
    for day in days:
        for name in only:
            if day != days[-1] or name <= until:
                work(name, day)


def work(name: str, day: date) -> JobRun:
    """Plan a job and work through all its parts."""
    job = jobs.job_named(name, on=day)
    at = clock.moment_of(day, job.at)
    run = jobs.claim(job, on=day, by="system:tick", at=at)
    for chunk in run.chunks.filter(done_at=None):
        jobs.run_chunk(chunk.pk, at=at)
    return JobRun.objects.get(pk=run.pk)


def set_clock(day: date, job: str = "09:00") -> None:
    """Let the product's time stand at a job of a day."""
    moment = clock.moment_of(day, jobs.job_named(job, on=day).at)
    SandboxClock.objects.update(ahead=moment - clock.wall())
