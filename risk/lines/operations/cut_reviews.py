"""Human reviews of limit cuts that no assessment decided (LAW-18).

A customer asks once for each fall of the limit or of its target. A person confirms it with an
answer, or proposes a higher limit by a limit review, which a second person decides: its approval
upholds the request.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.onboarding.context import RequestContext
from backoffice.core import clock, workflow
from backoffice.core.crypto import Sealed
from backoffice.core.errors import NextCall, Refused
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.core.reasons import Given
from backoffice.core.staff import StaffMember
from backoffice.platform import idempotency, work_queue
from risk.lines.queries import cuts
from risk.lines.queries.amounts import NoLineError, open_line
from risk.lines.rules import cuts as rules
from risk.lines.rules.reasons import LineReason
from risk.models import CutReview, CutReviewState, LimitChange
from risk.policy import AssessmentPolicy

QUEUE = "cut-review"
_CHANGES = (NextCall("list-limit-changes", "GET", "/api/v1/me/line/changes"),)
_REPORT = (NextCall("read-report", "GET", "/api/v1/me/report"),)
_SUPPORT = (NextCall("ask-support", "POST", "/api/v1/me/complaints"),)


def _sla(on: date) -> timedelta:
    return timedelta(hours=current(AssessmentPolicy, on=on).human_review_hours)


WORK_QUEUE = work_queue.Queue(
    name=QUEUE,
    title=_("limit cuts that customers asked to review"),
    sla=_sla,
    permission="risk.review_limitcut",
)


class NoCutError(Refused):
    """The change lowered neither the limit nor its target."""

    code = "limit-change-no-cut"
    message = _("This change lowered neither your limit nor its target.")
    remedy = _("Choose a change by which the limit or its target fell.")
    calls = _CHANGES


class CutByAssessmentError(Refused):
    """An assessment decided the change: that decision has a review of its own."""

    code = "limit-cut-by-assessment"
    message = _("An assessment decided this limit.")
    remedy = _("Read the report; ask for a human review of the assessment, or contest it.")
    calls = _REPORT


class CutTooOldError(Refused):
    """The change is too old."""

    public_facts = ("until_at",)
    code = "limit-cut-too-old"
    message = _("A review of this change could be requested until {until_at}.")
    remedy = _("Ask customer support, or request a new assessment.")
    calls = _SUPPORT


class CutReviewedError(Refused):
    """A person was asked to look at this fall before; its daily steps belong to it."""

    code = "limit-cut-reviewed"
    message = _("A human review of this cut, or of the fall it belongs to, was requested before.")
    remedy = _("Read its answer; file a complaint if you do not agree.")
    calls = (*_CHANGES, *_SUPPORT)


class CutReviewOpenError(Refused):
    """Another cut is being reviewed; there is one review at a time."""

    public_facts = ("change",)
    code = "limit-cut-review-open"
    message = _("Another cut of your limit is being reviewed.")
    remedy = _("Wait for its answer.")
    calls = _CHANGES


class CutReviewDoneError(Refused):
    """The review does not wait for a decision any more."""

    code = "cut-review-not-open"
    message = _("{review} does not wait for a decision.")
    remedy = _("Reload its page; somebody else may have decided.")


class CutDecidedBeforeError(Refused):
    """Who decided the change cannot review it (LAW-18)."""

    status = HTTPStatus.FORBIDDEN
    code = "cut-review-decided-before"
    message = _("You decided the change that {review} is about.")
    remedy = _("Leave the review to another person.")


class CutProposalOpenError(Refused):
    """A proposal of another limit waits for a second person."""

    code = "cut-review-proposal-open"
    message = _("A proposal of another limit for {review} waits for a second person.")
    remedy = _("Have it decided or withdrawn first.")


class CutLimitNotHigherError(Refused):
    """The proposed limit is not above the target of the line."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "cut-review-limit-not-higher"
    message = _("The line goes to {now} yuan; a limit of {limit} yuan is not higher.")
    remedy = _("Propose a higher limit, or confirm the cut.")


@transaction.atomic(durable=True)
@idempotency.replies
def request(public_id: UUID, *, context: RequestContext) -> CutReview:
    """Let a person look at a cut of the limit of the open line, once for each fall (LAW-18).

    It is due after the hours of the policy.

    Raises:
        NoLineError: the customer has no open line.
        LimitChange.DoesNotExist: the line has no such change.
        NoCutError: the change lowered neither the limit nor its target.
        CutByAssessmentError: an assessment decided it.
        CutReviewedError: a review of this fall was requested before.
        CutTooOldError: the days of the policy have passed since the fall.
        CutReviewOpenError: another cut is being reviewed.
    """
    locked = context.locked()
    line = open_line(locked.customer.pk)
    if line is None:
        raise NoLineError
    fall = cuts.origin(LimitChange.objects.get(line=line, public_id=public_id))
    policy = current(AssessmentPolicy, on=locked.on)
    fall = _require_reviewable(fall, locked, policy)

    review = CutReview.objects.create(
        customer=locked.customer,
        change=fall,
        requested_at=locked.at,
        due_at=rules.due_at(locked.at, policy=policy),
    )
    reason = LineReason.CUT_REVIEW_REQUESTED
    trace.note([review], "request", by=locked.by, reason=reason, at=locked.at)
    work_queue.add([review], queue=QUEUE, at=locked.at, deadline_at=review.due_at)
    return review


@transaction.atomic(durable=True)
def confirm(
    review_id: int, *, answer: str, by: StaffMember, reason: str, at: datetime
) -> CutReview:
    """Confirm a cut, with an answer that the customer reads; limit and target stay.

    Raises:
        CutReviewDoneError: it does not wait for a decision.
        CutDecidedBeforeError: the person decided the change.
        CutProposalOpenError: a proposal of another limit is open.
    """
    review = locked_open(review_id, by=str(by))
    if cuts.open_proposal(review) is not None:
        raise CutProposalOpenError(review=review)
    CutReview.objects.filter(pk=review.pk).update(answer=Sealed(answer))
    workflow.move([review], "confirm", by=str(by), reason=reason, at=at, decider=str(by))
    _finish(review, by=str(by), at=at)
    return review


def uphold(review: CutReview, *, by: str, reason: Given, at: datetime) -> None:
    """Note that a higher limit was approved; called by the approval of the limit review."""
    workflow.move([review], "uphold", by=by, reason=reason, at=at, decider=by)
    _finish(review, by=by, at=at)


@transaction.atomic
def end(customer_ids: Sequence[int], *, by: str, at: datetime) -> None:
    """End the open reviews of customers who close their accounts (LAW-18)."""
    rows = CutReview.objects.filter(customer__in=customer_ids, state=CutReviewState.REQUESTED)
    found = list(rows.select_for_update().order_by("pk"))
    reason = LineReason.CUT_REVIEW_LEFT
    workflow.move(found, "withdraw", by=by, reason=reason, at=at)
    workflow.save(found)
    work_queue.finish(found, queue=QUEUE, by=by, reason=reason, at=at)


def locked_open(review_id: int, *, by: str) -> CutReview:
    """Lock and return a review that waits for a person who did not decide the change.

    Raises:
        CutReviewDoneError: it does not wait for a decision.
        CutDecidedBeforeError: the person decided the change.
    """
    rows = CutReview.objects.select_related("change").select_for_update(of=("self",))
    review = rows.get(pk=review_id)
    if review.state != CutReviewState.REQUESTED:
        raise CutReviewDoneError(review=review)
    if by in cuts.deciders(review.change):
        raise CutDecidedBeforeError(review=review)
    return review


def require_higher(limit_fen: int, *, now_fen: int) -> None:
    """Refuse a limit that a review cannot lead to.

    Raises:
        CutLimitNotHigherError: it is not above the target of the line.
    """
    if limit_fen <= now_fen:
        raise CutLimitNotHigherError(limit=yuan(limit_fen), now=yuan(now_fen))


def _require_reviewable(
    fall: LimitChange | None, locked: RequestContext, policy: AssessmentPolicy
) -> LimitChange:
    if fall is None:
        raise NoCutError
    if rules.is_of_assessment(fall.evidence):
        raise CutByAssessmentError
    mine = CutReview.objects.filter(customer=locked.customer)
    if mine.filter(change=fall).exists():
        raise CutReviewedError
    until_at = rules.requested_until(fall.at, policy=policy)
    if locked.at > until_at:
        raise CutTooOldError(until_at=until_at.astimezone(clock.SHANGHAI).isoformat())
    waiting = mine.filter(state=CutReviewState.REQUESTED).select_related("change").first()
    if waiting is not None:
        raise CutReviewOpenError(change=str(waiting.change.public_id))
    return fall


def _finish(review: CutReview, *, by: str, at: datetime) -> None:
    workflow.save([review], "decided_at", "decided_by")
    reason = LineReason.CUT_REVIEW_DECIDED
    work_queue.finish([review], queue=QUEUE, by=by, reason=reason, at=at)
