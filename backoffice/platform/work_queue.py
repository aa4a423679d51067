"""Work queues: one queue per kind of record that a person must review.

An app registers a queue with its title, SLA and permission. The operation that creates the need
calls ``add``, the one that decides calls ``finish``; both run in their caller's transaction.
``claim_next`` skips locked rows: two people never get the same item. All moments are the
product's time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, F, Min, Model, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.core import workflow
from backoffice.core.clock import day_of
from backoffice.core.errors import Refused
from backoffice.core.models import WorkItem, WorkItemState
from backoffice.core.reasons import Given
from backoffice.core.staff import StaffMember
from backoffice.platform.reasons import PlatformReason

_HOLDER = ("claimed_by", "claimed_at")


class UnknownQueueError(Refused):
    """No app registered this queue."""

    status = HTTPStatus.NOT_FOUND
    code = "queue-unknown"
    message = _("The queue {queue} does not exist.")
    remedy = _("The queues are: {queues}.")


class QueueNotPermittedError(Refused):
    """The person lacks the permission that the queue requires."""

    status = HTTPStatus.FORBIDDEN
    code = "queue-not-permitted"
    message = _("{person} does not have the permission {permission} that this queue requires.")
    remedy = _("Choose a person who has it.")


class NotClaimedError(Refused):
    """An item is not claimed, or does not exist."""

    code = "work-not-claimed"
    message = _("This work item is not claimed.")
    remedy = _("Reload the page: it may be finished or back in its queue.")


class NotHolderError(Refused):
    """Another person holds the item."""

    code = "work-held-by-another"
    message = _("Another person holds this work item.")
    remedy = _("Ask that person, or a person who may reassign work.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of work: ``sla`` is the time from adding an item to its deadline.

    A function returns that of a day, for a queue whose time is a product number.
    """

    name: str
    title: Promise | str
    sla: timedelta | Callable[[date], timedelta]
    permission: str


class Summary(NamedTuple):
    """The figures of a queue at a moment."""

    queue: Queue
    waiting: int
    claimed: int
    overdue: int
    oldest_at: datetime | None
    deadline_at: datetime | None


_queues: dict[str, Queue] = {}


def register(queue: Queue) -> None:
    """Add a queue, once, when an app is ready."""
    assert queue.name not in _queues, f"queue {queue.name} is registered already"
    _queues[queue.name] = queue


def queues() -> Mapping[str, Queue]:
    """Return the registered queues by name."""
    return _queues


def queue_named(name: str) -> Queue:
    """Return a queue.

    Raises:
        UnknownQueueError: no app registered it.
    """
    if name not in _queues:
        raise UnknownQueueError(queue=name, queues=", ".join(sorted(_queues)))
    return _queues[name]


def add(
    subjects: Sequence[Model],
    *,
    queue: str,
    at: datetime,
    priority: int = 0,
    deadline_at: datetime | None = None,
) -> None:
    """Add records to a queue; a record with an open item keeps that item.

    The deadline is that of the records if they have one, else it comes from the queue's SLA.

    Raises:
        UnknownQueueError: no app registered the queue.
    """
    assert connection.in_atomic_block, "work is added in the transaction that creates the need"
    if deadline_at is None:
        sla = queue_named(queue).sla
        deadline_at = at + (sla if isinstance(sla, timedelta) else sla(day_of(at)))
    WorkItem.objects.bulk_create(
        (
            WorkItem(
                queue=queue,
                subject_type=subject._meta.label_lower,
                subject_id=subject.pk,
                priority=priority,
                added_at=at,
                deadline_at=deadline_at,
            )
            for subject in subjects
        ),
        ignore_conflicts=True,
    )


@transaction.atomic
def claim_next(queue: str, *, by: StaffMember, at: datetime) -> WorkItem | None:
    """Claim the first waiting item of a queue for a person; None if there is none.

    Higher priority comes first, then the earlier deadline.

    Raises:
        UnknownQueueError: no app registered the queue.
        QueueNotPermittedError: the person may not do the work of this queue.
    """
    _require(by, queue_named(queue))
    waiting = WorkItem.objects.filter(queue=queue, state=WorkItemState.WAITING)
    ordered = waiting.order_by("-priority", "deadline_at", "pk")
    item = ordered.select_for_update(skip_locked=True).first()
    if item is None:
        return None
    workflow.move([item], "claim", by=str(by), reason=PlatformReason.CLAIMED, at=at, holder=by)
    workflow.save([item], *_HOLDER)
    return item


@transaction.atomic
def release(
    item_ids: Collection[int], *, by: StaffMember, reason: str, at: datetime
) -> list[WorkItem]:
    """Put claimed items back into their queues.

    Raises:
        NotClaimedError: one is not claimed, or unknown.
        NotHolderError: one is held by another person, and the person may not reassign.
    """
    items = _held(item_ids, by=by)
    workflow.move(items, "release", by=str(by), reason=reason, at=at)
    workflow.save(items, *_HOLDER)
    return items


@transaction.atomic
def hand_over(
    item_ids: Collection[int], *, to: StaffMember, by: StaffMember, reason: str, at: datetime
) -> list[WorkItem]:
    """Give claimed items to another person.

    Raises:
        NotClaimedError: one is not claimed, or unknown.
        NotHolderError: one is held by another person, and the person may not reassign.
        QueueNotPermittedError: the other person may not do the work.
        UnknownQueueError: no app registers the queue of one.
    """
    items = _held(item_ids, by=by)
    for item in items:
        _require(to, queue_named(item.queue))
    workflow.move(items, "hand_over", by=str(by), reason=reason, at=at, holder=to)
    workflow.save(items, *_HOLDER)
    return items


def finish(
    subjects: Sequence[Model], *, queue: str, by: str, reason: Given, at: datetime
) -> list[WorkItem]:
    """Close the open items of records in a queue, also those of other holders; return them."""
    assert connection.in_atomic_block, "work is finished in the transaction of its decision"
    if not subjects:
        return []
    wanted = WorkItem.objects.filter(
        queue=queue,
        subject_type=subjects[0]._meta.label_lower,
        subject_id__in=[subject.pk for subject in subjects],
    )
    open_items = wanted.exclude(state=WorkItemState.DONE)
    items = list(open_items.select_for_update().order_by("pk"))
    workflow.move(items, "finish", by=by, reason=reason, at=at)
    workflow.save(items, "done_at")
    return items


def escalate_overdue(*, at: datetime) -> int:
    """Mark overdue open items, once each; return their number."""
    overdue = WorkItem.objects.filter(deadline_at__lt=at, escalated_at=None)
    return overdue.exclude(state=WorkItemState.DONE).update(escalated_at=at)


def summaries(*, at: datetime) -> list[Summary]:
    """Return the figures of each registered queue, the earliest deadline first."""
    still_open = WorkItem.objects.exclude(state=WorkItemState.DONE)
    counted = still_open.values("queue").annotate(
        waiting=Count("pk", filter=Q(state=WorkItemState.WAITING)),
        claimed=Count("pk", filter=Q(state=WorkItemState.CLAIMED)),
        overdue=Count("pk", filter=Q(deadline_at__lt=at)),
        oldest_at=Min("added_at"),
        first_deadline_at=Min("deadline_at"),
    )
    by_queue = {row["queue"]: row for row in counted}
    found = [_summary(queue, by_queue.get(name)) for name, queue in _queues.items()]
    return sorted(found, key=lambda one: (one.deadline_at is None, one.deadline_at or at))


def held_by(person: StaffMember) -> list[WorkItem]:
    """Return the items that a person holds, the earliest deadline first."""
    mine = WorkItem.objects.filter(claimed_by=person.pk, state=WorkItemState.CLAIMED)
    return list(mine.order_by(F("deadline_at"), "pk"))


def _summary(queue: Queue, row: Mapping[str, Any] | None) -> Summary:
    if row is None:
        return Summary(queue, 0, 0, 0, None, None)
    return Summary(
        queue,
        row["waiting"],
        row["claimed"],
        row["overdue"],
        row["oldest_at"],
        row["first_deadline_at"],
    )


def _held(item_ids: Collection[int], *, by: StaffMember) -> list[WorkItem]:
    """Lock and return claimed items that the person holds or may reassign."""
    wanted = WorkItem.objects.filter(pk__in=item_ids, state=WorkItemState.CLAIMED)
    items = list(wanted.select_for_update().order_by("pk"))
    if len(items) != len(set(item_ids)):
        raise NotClaimedError
    is_own = all(item.claimed_by_id == by.pk for item in items)
    if not is_own and not by.has_perm("backoffice.reassign_workitem"):
        raise NotHolderError
    return items


def _require(person: StaffMember, queue: Queue) -> None:
    if not person.has_perm(queue.permission):
        raise QueueNotPermittedError(person=person, permission=queue.permission)
