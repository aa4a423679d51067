"""Background work of the ground floor: the tick of the day, one chunk, the outbox."""

from celery import shared_task

from backoffice.core import clock
from backoffice.platform import jobs, outbox


@shared_task
def tick() -> None:
    """Send what the tables say is to be done now; nothing is lost if this is lost."""
    for chunk_id in jobs.next_chunks(now=clock.now()):
        run_chunk.delay(chunk_id)
    deliver_messages.delay()


@shared_task
def run_chunk(chunk_id: int) -> None:
    """Work on one chunk; the one that finishes a run lets the next run begin at once."""
    if jobs.run_chunk(chunk_id, at=clock.now()):
        tick.delay()


@shared_task
def deliver_messages() -> None:
    """Deliver the messages that wait in the outbox."""
    outbox.deliver()
