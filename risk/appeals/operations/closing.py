"""How appeals end: read, forgotten or left behind; and what is past its deadline (FAQ-8)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from backoffice.core import clock, workflow
from backoffice.core.policy import current
from backoffice.platform import approvals, work_queue
from risk.appeals.operations.queue import QUEUE
from risk.appeals.operations.reviewing import KIND
from risk.appeals.rules import deadlines
from risk.appeals.rules.reasons import AppealReason
from risk.models import (
    DECIDED_APPEALS,
    OPEN_APPEALS,
    PREPARED_STATES,
    Appeal,
    AppealState,
    Assessment,
)
from risk.policy import AppealPolicy

BATCH_MAX = 500


class Swept(NamedTuple):
    """How many appeals were closed, ended, handed back to the staff, and escalated."""

    closed: int = 0
    ended: int = 0
    resubmitted: int = 0
    escalated: int = 0


def sweep(*, by: str, at: datetime) -> Swept:
    """Do what deadlines of appeals demand; repeated at the same moment, it changes nothing.

    Closed are outcomes that were read, or that nobody read in 7 days; ended are appeals that were
    prepared and not submitted in time; an appeal that waited 15 days for the customer in vain goes
    back to the staff; an open one past its deadline is escalated once.
    """
    policy = current(AppealPolicy, on=clock.day_of(at))
    return Swept(
        closed=_close_decided(policy, by=by, at=at),
        ended=_end_prepared(policy, by=by, at=at),
        resubmitted=_resubmit(policy, by=by, at=at),
        escalated=_escalate(at=at),
    )


def note_read(appeal: Appeal, *, at: datetime) -> None:
    """Note that the customer has read the outcome, once; the sweep then closes the appeal."""
    if appeal.state in DECIDED_APPEALS and appeal.read_at is None:
        Appeal.objects.filter(pk=appeal.pk, read_at=None).update(read_at=at)


def close_superseded(latest: Assessment, *, by: str, at: datetime) -> None:
    """End what the customer prepared against an earlier decision; the customer is locked."""
    mine = Appeal.objects.filter(customer=latest.customer_id, state__in=PREPARED_STATES)
    earlier = _locked(mine.exclude(assessment=latest))
    _end(earlier, by=by, reason=AppealReason.SUPERSEDED, at=at)


def withdraw(appeal: Appeal, *, by: str, at: datetime) -> None:
    """End an open appeal as its customer asks; the customer and the appeal are locked."""
    _end([appeal], by=by, reason=AppealReason.WITHDRAWN, at=at)


def end(customer_ids: Sequence[int], *, by: str, at: datetime) -> None:
    """End the open appeals of customers who close their accounts (LAW-18)."""
    mine = Appeal.objects.filter(customer__in=customer_ids, state__in=OPEN_APPEALS)
    _end(_locked(mine), by=by, reason=AppealReason.CUSTOMER_LEFT, at=at)


@transaction.atomic
def _close_decided(policy: AppealPolicy, *, by: str, at: datetime) -> int:
    before = at - timedelta(days=policy.close_days)
    is_over = Q(read_at__isnull=False) | Q(decided_at__lte=before)
    found = _locked(Appeal.objects.filter(is_over, state__in=DECIDED_APPEALS))
    read = [one for one in found if one.read_at is not None]
    unread = [one for one in found if one.read_at is None]
    workflow.move(read, "close", by=by, reason=AppealReason.READ, at=at)
    workflow.move(unread, "close", by=by, reason=AppealReason.NOT_READ, at=at)
    workflow.save(found, "closed_at")
    return len(found)


@transaction.atomic
def _end_prepared(policy: AppealPolicy, *, by: str, at: datetime) -> int:
    """End what can no longer be submitted: the time to contest the decision has passed."""
    before = at - timedelta(days=policy.filing_days)
    waiting = Appeal.objects.filter(state__in=PREPARED_STATES)
    found = _locked(waiting.filter(assessment__decided_at__lt=before))
    _end(found, by=by, reason=AppealReason.NOT_SUBMITTED, at=at)
    return len(found)


@transaction.atomic
def _resubmit(policy: AppealPolicy, *, by: str, at: datetime) -> int:
    """Hand back to the staff what waited for the customer in vain: a person decides all the same.

    The time of waiting is the customer's, and moves the deadline on.
    """
    before = at - timedelta(days=policy.answer_days)
    waiting = Appeal.objects.filter(state=AppealState.MORE_INFO, asked_at__lte=before)
    found = _locked(waiting)
    for one in found:
        assert one.due_at is not None and one.asked_at is not None
        due_at = deadlines.moved_on(one.due_at, asked_at=one.asked_at, answered_at=at)
        workflow.move(
            [one], "submit", by=by, reason=AppealReason.NOT_ANSWERED, at=at, due_at=due_at
        )
        work_queue.add([one], queue=QUEUE, at=at, deadline_at=due_at)
    workflow.save(found, "submitted_at", "due_at", "asked_at")
    return len(found)


def _escalate(*, at: datetime) -> int:
    with_staff = (AppealState.SUBMITTED, AppealState.IN_REVIEW)
    late = Appeal.objects.filter(state__in=with_staff, due_at__lt=at, escalated_at=None)
    return late.update(escalated_at=at)


def _end(appeals: Sequence[Appeal], *, by: str, reason: AppealReason, at: datetime) -> None:
    assert connection.in_atomic_block, "appeals end in the transaction of what ends them"
    workflow.move(appeals, "withdraw", by=by, reason=reason, at=at)
    workflow.save(appeals, "outcome", "asked_at", "closed_at")
    work_queue.finish(appeals, queue=QUEUE, by=by, reason=reason, at=at)
    ids = [one.pk for one in appeals]
    approvals.expire_of(KIND, ids, by=by, reason=reason, at=at)


def _locked(appeals: QuerySet[Appeal]) -> list[Appeal]:
    ordered = appeals.select_for_update(of=("self",)).order_by("pk")
    return list(ordered[:BATCH_MAX])
