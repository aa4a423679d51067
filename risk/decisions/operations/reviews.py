"""Decisions of persons: contradictions, and human reviews that customers asked for (LAW-18)."""

from datetime import date, datetime, timedelta
from http import HTTPStatus

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, CustomerState
from backoffice.core import workflow
from backoffice.core.errors import Refused
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.platform import work_queue
from risk.decisions.operations import granting, numbers
from risk.decisions.operations.decisions import MANUAL_REVIEWS
from risk.decisions.operations.granting import DecidedLimit
from risk.decisions.operations.numbers import FrozenNumbers
from risk.decisions.operations.requests import HUMAN_REVIEWS
from risk.decisions.rules import decision as rules
from risk.decisions.rules.decision import REVIEWABLE, DecisionGate
from risk.decisions.rules.reasons import DecisionReason
from risk.lines.queries.amounts import goes_to_fen, open_line
from risk.lines.rules.reasons import LineReason
from risk.models import Assessment, AssessmentState
from risk.policy import AssessmentPolicy

_PERMISSION = "risk.decide_assessment"


def _decision_sla(on: date) -> timedelta:
    return timedelta(minutes=current(AssessmentPolicy, on=on).decision_minutes)


def _human_review_sla(on: date) -> timedelta:
    return timedelta(hours=current(AssessmentPolicy, on=on).human_review_hours)


QUEUES = (
    work_queue.Queue(
        name=MANUAL_REVIEWS,
        title=_("assessments in manual review"),
        sla=_decision_sla,
        permission=_PERMISSION,
    ),
    work_queue.Queue(
        name=HUMAN_REVIEWS,
        title=_("human reviews that customers asked for"),
        sla=_human_review_sla,
        permission=_PERMISSION,
    ),
)


class AssessmentNotInReviewError(Refused):
    """The assessment does not wait for a person's decision."""

    code = "assessment-not-in-review"
    message = _("{assessment} does not wait for a decision.")
    remedy = _("Reload its page; somebody else may have decided.")


class DecidedBeforeError(Refused):
    """Who decided before cannot review that decision (LAW-18)."""

    status = HTTPStatus.FORBIDDEN
    code = "assessment-decided-before"
    message = _("You made the decision that is reviewed here.")
    remedy = _("Leave this review to another person.")


class GateError(Refused):
    """A condition has failed that nobody may set aside (ELIG-11, SCORE-9)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "assessment-gate-final"
    message = _("A condition is not met that nobody may set aside.")
    remedy = _("Refuse the assessment.")


class ApprovalStandsError(Refused):
    """A review that a customer asked for does not take an approval back (LAW-18)."""

    code = "assessment-approval-stands"
    message = _("The reviewed decision is an approval; this review cannot take it back.")
    remedy = _(
        "Approve at least its limit. A lower limit needs a limit review by two persons, and a line"
        " can be suspended."
    )


class LimitError(Refused):
    """The limit is not one that a person may grant alone (LIMIT-1, GEN-2)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "assessment-limit-impossible"
    message = _("A limit of {limit} yuan cannot be granted here.")
    remedy = _("Choose {least} to {most} yuan, in steps of {step} yuan.")


@transaction.atomic(durable=True)
def approve(
    assessment_id: int, *, limit_fen: int, by: models.Model, reason: str, at: datetime, on: date
) -> Assessment:
    """Approve an assessment in manual review with a limit, at most that of the model (LIMIT-2).

    A score or an income that is too low may be set aside: the limit is then the lowest one and the
    price that of the lowest grade. A history, a missing consent and an incomplete onboarding may
    not (ELIG-11, SCORE-9, GEN-11). A review that the customer asked for gives at least the limit of
    the reviewed decision, and leaves an open line alone that goes that far or farther already
    (LAW-18): one person does not undo what two have agreed.

    Raises:
        AssessmentNotInReviewError: it does not wait for a decision.
        DecidedBeforeError: the person made the decision that is reviewed.
        GateError: a condition has failed that nobody may set aside.
        LimitError: the limit is below the lowest or that of the reviewed decision, above the
            model's, or no whole step.
    """
    assessment = _locked(assessment_id, by=by)
    frozen = numbers.thaw(assessment.policies)
    _require_gates(assessment)
    _require_limit(assessment, limit_fen, frozen)
    assessment.limit_fen = limit_fen
    _decide(assessment, "approve", by=by, reason=reason, at=at)
    line = open_line(assessment.customer_id, is_locked=True)
    if assessment.review_of is not None and line is not None and goes_to_fen(line) >= limit_fen:
        return assessment
    is_models = limit_fen == assessment.result["limit_fen"]
    reason = LineReason.NEW_INPUTS if is_models else LineReason.DECIDED
    capacity = rules.capacity_of(assessment.result)
    limit = DecidedLimit(assessment.customer_id, capacity, limit_fen, str(assessment), reason)
    granting.grant([limit], by=str(by), at=at, on=on)
    return assessment


@transaction.atomic(durable=True)
def refuse(assessment_id: int, *, by: models.Model, reason: str, at: datetime) -> Assessment:
    """Refuse an assessment in manual review; a line that is open keeps its limit.

    Raises:
        AssessmentNotInReviewError: it does not wait for a decision.
        DecidedBeforeError: the person made the decision that is reviewed.
        ApprovalStandsError: the reviewed decision is an approval.
    """
    assessment = _locked(assessment_id, by=by)
    before = assessment.review_of
    if before is not None and before.state == AssessmentState.APPROVED:
        raise ApprovalStandsError
    _decide(assessment, "refuse", by=by, reason=reason, at=at)
    return assessment


def limit_range_fen(assessment: Assessment, frozen: FrozenNumbers) -> tuple[int, int]:
    """Return the least and the greatest limit that a person may grant alone.

    The greatest is the model's. Where the model gives less than the lowest limit, both are that. A
    review that the customer asked for gives at least what the reviewed decision gave.
    """
    before = assessment.review_of
    least_fen = max(frozen.limits.limit_min_fen, (before and before.limit_fen) or 0)
    return least_fen, max(least_fen, assessment.result["limit_fen"])


def _locked(assessment_id: int, *, by: models.Model) -> Assessment:
    rows = Assessment.objects.select_for_update(of=("self",)).select_related("review_of")
    assessment = rows.get(pk=assessment_id)
    if assessment.state != AssessmentState.MANUAL_REVIEW:
        raise AssessmentNotInReviewError(assessment=assessment)
    before = assessment.review_of
    if before is not None and before.decided_by == str(by):
        raise DecidedBeforeError
    return assessment


def _require_gates(assessment: Assessment) -> None:
    failed = [DecisionGate(one["code"]) for one in assessment.result["failed_gates"]]
    final = [gate for gate in failed if gate not in REVIEWABLE]
    customer = Customer.objects.get(pk=assessment.customer_id)
    if customer.state != CustomerState.READY:
        final.append(DecisionGate.NOT_READY)
    if final:
        raise GateError(gate=final[0].value)


def _require_limit(assessment: Assessment, limit_fen: int, frozen: FrozenNumbers) -> None:
    least_fen, most_fen = limit_range_fen(assessment, frozen)
    step_fen = frozen.limits.limit_step_fen
    if not least_fen <= limit_fen <= most_fen or limit_fen % step_fen:
        raise LimitError(
            limit=yuan(limit_fen), least=yuan(least_fen), most=yuan(most_fen), step=yuan(step_fen)
        )


def _decide(
    assessment: Assessment, transition: str, *, by: models.Model, reason: str, at: datetime
) -> None:
    workflow.move([assessment], transition, by=str(by), reason=reason, at=at, decider=str(by))
    workflow.save([assessment], "limit_fen", "decided_at", "decided_by")
    queue = MANUAL_REVIEWS if assessment.review_of_id is None else HUMAN_REVIEWS
    work_queue.finish([assessment], queue=queue, by=str(by), reason=DecisionReason.DECIDED, at=at)
