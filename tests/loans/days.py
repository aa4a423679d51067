"""Lives business days through the runs that staff see."""

from collections.abc import Sequence
from datetime import date

from backoffice.core import clock
from backoffice.core.models import JobRun, SandboxClock
from backoffice.platform import jobs

# The slots that move money; the hourly ones do nothing where no answer is missing.
MOVING = ("00:05", "00:30", "09:00")


def live(
    channel, monkeypatch, *days: date, until: str = "21:00", slots: Sequence[str] = MOVING
) -> None:
    """Work through some slots of some days in order, up to a slot of the last one."""
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)
    for day in days:
        for name in slots:
            if day != days[-1] or name <= until:
                work(name, day)


def work(name: str, day: date) -> JobRun:
    """Plan a slot and work through all its parts."""
    slot = jobs.slot_named(name)
    at = clock.moment_of(day, slot.at)
    run = jobs.claim(slot, on=day, at=at)
    for chunk in run.chunks.filter(done_at=None):
        jobs.run_chunk(chunk.pk, at=at)
    return JobRun.objects.get(pk=run.pk)


def set_clock(day: date, slot: str = "09:00") -> None:
    """Let the product's time stand at a slot of a day."""
    moment = clock.moment_of(day, jobs.slot_named(slot).at)
    SandboxClock.objects.update(ahead=moment - clock.wall())
