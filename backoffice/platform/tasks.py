"""Background work of the platform: the tick of the day, one chunk, the outbox, exports."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from celery import shared_task
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock, partitions
from backoffice.platform import approvals, export, jobs, outbox, work_queue
from backoffice.platform.jobs import Job, Tally
from backoffice.platform.reasons import PlatformActor, PlatformReason


@shared_task
def tick() -> None:
    """Send the work that the tables show as due; a lost tick loses nothing."""
    for chunk_id in jobs.next_chunks(by=PlatformActor.TICK, now=clock.now()):
        run_chunk.delay(chunk_id)
    deliver_messages.delay()
    end_overdue.delay()
    for export_id in export.waiting(before=clock.now() - timedelta(minutes=5)):
        run_export.delay(export_id)


@shared_task
def run_chunk(chunk_id: int) -> None:
    """Work on one chunk; the last chunk of a run starts the next run at once."""
    if jobs.run_chunk(chunk_id, at=clock.now()):
        tick.delay()


@shared_task
def deliver_messages() -> None:
    """Deliver the waiting messages of the outbox."""
    outbox.deliver()


@shared_task
def end_overdue() -> None:
    """Expire requests, escalate overdue work and delete expired files."""
    approvals.expire_overdue(
        by=PlatformActor.EXPIRY, reason=PlatformReason.NOT_DECIDED, at=clock.now()
    )
    work_queue.escalate_overdue(at=clock.now())
    export.delete_expired(by=PlatformActor.EXPIRY, at=clock.now())


@shared_task
def run_export(export_id: int) -> None:
    """Write the file of an export; skip one that has a result."""
    export.run(export_id, by=PlatformActor.EXPORT, at=clock.now())


def _add_months(_ids: Sequence[int], *, on: date, **_facts: Any) -> Tally:
    return Tally(done=partitions.add_months(on=on))


JOBS = (
    Job(
        name="03:30",
        at=time(3, 30),
        title=_("partitions of the months ahead"),
        work=_add_months,
        optional=True,
    ),
)
