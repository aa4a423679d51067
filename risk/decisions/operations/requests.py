"""Requests of customers: an assessment, and a human review of its decision (GEN-11, LAW-18)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.models import CustomerState
from accounts.onboarding import operations as onboarding
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import Step
from backoffice.core import clock, workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.core.policy import current
from backoffice.platform import idempotency, work_queue
from risk.decisions.rules.reasons import DecisionReason
from risk.models import OPEN_STATES, REVIEWED_STATES, Appeal, Assessment, AssessmentState
from risk.policy import AssessmentPolicy

HUMAN_REVIEWS = "human-review"  # decisions that customers asked a person to look at again

_starters: list[Callable[[int], None]] = []

_READ = (NextCall("read-report", "GET", "/api/v1/me/report"),)


class AssessmentOpenError(Refused):
    """An assessment of the customer is not decided yet; there is one at a time."""

    public_facts = ("assessment",)
    code = "assessment-open"
    message = _("Your assessment is not decided yet.")
    remedy = _("Wait for its decision; it can be read at any time.")


class AssessmentTooSoonError(Refused):
    """The last decision is too recent for another assessment."""

    public_facts = ("available_at",)
    code = "assessment-too-soon"
    message = _("Your last assessment was decided only recently.")
    remedy = _(
        "Ask again from {available_at} on. The report says what can be done about the decision."
    )
    calls = _READ


class AppealUnderReviewError(Refused):
    """The staff reviews an appeal of the customer: its outcome is the next decision (FAQ-8)."""

    public_facts = ("appeal",)
    code = "appeal-under-review"
    message = _("Your appeal is under review.")
    remedy = _("Wait for its outcome; it can be read at any time.")
    calls = (NextCall("list-appeals", "GET", "/api/v1/appeals"),)


class NotDecidedError(Refused):
    """The assessment has no decision that a person could review."""

    code = "assessment-not-decided"
    message = _("This assessment is not decided yet.")
    remedy = _("Wait for its decision.")
    calls = _READ


class ReviewedAlreadyError(Refused):
    """Persons have reviewed this decision or made it, or are asked to; each is reviewed once."""

    code = "human-review-done"
    message = _("A human review of this decision was requested before, or is its origin.")
    remedy = _("Read the report; file a complaint if you do not agree.")
    calls = (*_READ, NextCall("ask-support", "POST", "/api/v1/me/complaints"))


class NotLatestError(Refused):
    """Only the latest decision can be reviewed: a later one took its place."""

    code = "assessment-superseded"
    message = _("A later assessment has taken the place of this one.")
    remedy = _("Ask for a human review of the latest one.")
    calls = _READ


def register(start: Callable[[int], None]) -> None:
    """Add what starts the decision right after the commit; the sweep of each minute is the net."""
    _starters.append(start)


@transaction.atomic(durable=True)
@idempotency.replies
def request(context: RequestContext) -> Assessment:
    """Request an assessment of a customer who is ready, one at a time (GEN-11, GEN-12).

    It is due 15 minutes later. After a decision the next one may be requested when the days of the
    policy have passed.

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        onboarding.StepMissingError: an earlier step is missing; it names the steps (GEN-11).
        AssessmentOpenError: one is not decided yet.
        AppealUnderReviewError: an appeal of the customer is with the staff.
        AssessmentTooSoonError: the last decision is too recent.
    """
    locked = context.locked()
    status = onboarding.require_step(locked, step=Step.ASSESSMENT)
    customer = locked.customer
    onboarding.advance(customer, policy=locked.policy, by=locked.by, at=locked.at)
    if customer.state != CustomerState.READY:
        steps = onboarding_status.guide(status)
        raise onboarding.StepMissingError(**onboarding.missing_facts(Step.PROFILE, steps))
    policy = current(AssessmentPolicy, on=locked.on)
    _require_none_open(customer.pk)
    _require_gap(locked, policy)

    asked = Assessment.objects.create(
        customer=customer,
        requested_at=locked.at,
        due_at=locked.at + timedelta(minutes=policy.decision_minutes),
    )
    trace.note([asked], "request", by=locked.by, reason=DecisionReason.REQUESTED, at=locked.at)
    for start in _starters:
        transaction.on_commit(partial(start, asked.pk), robust=True)
    return asked


@transaction.atomic(durable=True)
@idempotency.replies
def human_review(public_id: UUID, *, context: RequestContext) -> Assessment:
    """Let a person decide again what was decided, from the same inputs (LAW-18, FAQ-1).

    Every decision can be reviewed once, whichever it was. Who decided before cannot decide again.

    Raises:
        Assessment.DoesNotExist: the customer has no such assessment.
        AssessmentOpenError: another one of the customer is not decided yet.
        AppealUnderReviewError: an appeal of the customer is with the staff.
        NotDecidedError: it has no decision yet.
        ReviewedAlreadyError: it was reviewed, is a review itself, or follows from an appeal.
        NotLatestError: a later assessment took its place.
    """
    locked = context.locked()
    mine = Assessment.objects.filter(customer=locked.customer)
    before = mine.select_for_update().get(public_id=public_id)
    if before.is_open:
        raise NotDecidedError
    is_of_persons = before.review_of_id is not None or before.appeal_id is not None
    if is_of_persons or mine.filter(review_of=before).exists():
        raise ReviewedAlreadyError
    _require_none_open(locked.customer.pk)
    if mine.filter(pk__gt=before.pk).exists():
        raise NotLatestError
    policy = current(AssessmentPolicy, on=locked.on)

    review = Assessment.objects.create(
        customer=locked.customer,
        review_of=before,
        requested_at=locked.at,
        due_at=locked.at + timedelta(hours=policy.human_review_hours),
        inputs=before.inputs,
        policies=before.policies,
        result=before.result,
        score=before.score,
        grade=before.grade,
        rate_ppm=before.rate_ppm,
        scored_at=locked.at,
    )
    reason = DecisionReason.HUMAN_REVIEW_REQUESTED
    trace.note([review], "request", by=locked.by, reason=reason, at=locked.at)
    for transition in ("begin", "refer"):  # the database knows no way from the first to the last
        workflow.move([review], transition, by=locked.by, reason=reason, at=locked.at)
        workflow.save([review])
    work_queue.add([review], queue=HUMAN_REVIEWS, at=locked.at)
    return review


def _require_none_open(customer_id: int) -> None:
    still_open = Assessment.objects.filter(customer=customer_id, state__in=OPEN_STATES).first()
    if still_open is not None:
        raise AssessmentOpenError(assessment=str(still_open.public_id))
    contested = Appeal.objects.filter(customer=customer_id, state__in=REVIEWED_STATES).first()
    if contested is not None:
        raise AppealUnderReviewError(appeal=str(contested.public_id))


def _require_gap(locked: RequestContext, policy: AssessmentPolicy) -> None:
    decided = Assessment.objects.filter(customer=locked.customer, decided_at__isnull=False)
    last = decided.order_by("-pk").first()
    if last is None:
        return
    again_at = available_at(last, policy=policy)
    if locked.at < again_at:
        raise AssessmentTooSoonError(available_at=again_at.astimezone(clock.SHANGHAI).isoformat())


def available_at(decided: Assessment, *, policy: AssessmentPolicy) -> datetime:
    """Return from when on another assessment may follow a decided one."""
    assert decided.decided_at is not None, "an assessment is decided first"
    is_refusal = decided.state == AssessmentState.REFUSED
    days = policy.again_after_refusal_days if is_refusal else policy.again_after_approval_days
    return decided.decided_at + timedelta(days=days)
