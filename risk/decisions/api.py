"""Assessments over HTTP: asked for, read, explained, and reviewed by a person (LAW-18)."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.onboarding import operations as onboarding
from accounts.onboarding import queries as onboarding_status
from backoffice.core.policy import current
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError
from risk.decisions import queries
from risk.decisions.operations import reports, requests
from risk.models import Assessment, AssessmentState
from risk.policy import ScoringPolicy
from risk.scoring.rules.withdrawal import Source

DAYS_OF_YEAR = 365  # GEN-7 every legal figure


class AssessmentBriefReply(serializers.Serializer[Any]):
    """An assessment, and by when it is decided."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=AssessmentState.choices)
    requested_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()


class CodedTextReply(serializers.Serializer[Any]):
    """A code and its text in the language of the request."""

    code = serializers.CharField()
    text = serializers.CharField()


class ComponentReply(serializers.Serializer[Any]):
    """A component: hundredths of a point out of 100, and whole points of the score."""

    component = serializers.CharField()
    title = serializers.CharField()
    value_hundredths = serializers.IntegerField(allow_null=True)
    points = serializers.IntegerField()
    what_counts = serializers.CharField()


class IndicatorReply(serializers.Serializer[Any]):
    """An indicator of payment behaviour: what was measured, and whole points of the score."""

    indicator = serializers.CharField()
    name = serializers.CharField()
    measured = serializers.CharField(allow_null=True)
    points = serializers.IntegerField()


class CallReply(serializers.Serializer[Any]):
    """What the customer may call next."""

    step = serializers.CharField()
    state = serializers.CharField()
    method = serializers.CharField()
    endpoint = serializers.CharField()


class ExplanationReply(serializers.Serializer[Any]):
    """Why it was decided so: everything that was measured, and what would have sufficed."""

    components = ComponentReply(many=True)
    indicators = IndicatorReply(many=True)
    failed_gates = CodedTextReply(many=True)
    contradictions = CodedTextReply(many=True)
    weakest = CodedTextReply(many=True)
    smallest_change = CodedTextReply(many=True)
    smallest_change_score = serializers.IntegerField(allow_null=True)
    neutral_note = serializers.CharField()
    limit_parts = CodedTextReply(many=True)


class AssessmentReply(AssessmentBriefReply):
    """An assessment with its decision; the annual rate is simple, of 365 days (LAW-1, GEN-7)."""

    decided_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    is_human_review = serializers.BooleanField()
    score = serializers.IntegerField(allow_null=True)
    grade = serializers.CharField(allow_null=True)
    annual_rate_ppm = serializers.IntegerField(allow_null=True)
    daily_rate_ppm = serializers.IntegerField(allow_null=True)
    limit_fen = serializers.IntegerField(allow_null=True)
    explanation = ExplanationReply(allow_null=True)
    human_review = CallReply(allow_null=True)
    appeal = CallReply(allow_null=True)
    next_steps = CallReply(many=True)


class DeltaReply(serializers.Serializer[Any]):
    """The change of a component since the score before, in whole points."""

    component = serializers.CharField()
    points = serializers.IntegerField()


class ScoreReply(serializers.Serializer[Any]):
    """A score, what changed since the one before, and one hint per weak component."""

    assessment = serializers.UUIDField()
    scored_at = serializers.DateTimeField()
    score = serializers.IntegerField()
    grade = serializers.CharField(allow_null=True)
    deltas = DeltaReply(many=True)
    hints = CodedTextReply(many=True)


class PreviewReply(serializers.Serializer[Any]):
    """The score with and without a source; nothing is stored (FAQ-3)."""

    without = serializers.CharField()
    score = serializers.IntegerField(allow_null=True)
    score_without = serializers.IntegerField(allow_null=True)
    stops_scoring = serializers.BooleanField()


def _brief(assessment: Assessment) -> dict[str, Any]:
    return {
        "id": assessment.public_id,
        "state": assessment.state,
        "requested_at": assessment.requested_at,
        "due_at": assessment.due_at,
    }


def _accepted(_view: CustomerEndpoint, assessment: Assessment) -> Response:
    return Response(_brief(assessment), status=HTTPStatus.ACCEPTED)


class AssessmentsView(CustomerEndpoint):
    """The assessments of a customer."""

    @describe(
        "Request an assessment",
        replies={202: AssessmentBriefReply},
        refusals=(
            *onboarding.STEP_REFUSALS,
            requests.AssessmentOpenError,
            requests.AppealUnderReviewError,
            requests.AssessmentTooSoonError,
        ),
    )
    @once(_accepted)
    def post(self, request: Request) -> Assessment:
        """Request a decision, due within 15 minutes; read it at its address."""
        return requests.request(self.context)


class AssessmentView(CustomerEndpoint):
    """One assessment of a customer."""

    @describe("Read an assessment", replies={200: AssessmentReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the decision with its explanation, or that it is not made yet."""
        return Response(_reply(_mine(self, request, public_id), self))


class HumanReviewView(CustomerEndpoint):
    """The human review of a decision."""

    @describe(
        "Ask a person to review a decision",
        replies={202: AssessmentBriefReply},
        refusals=(
            requests.NotDecidedError,
            requests.ReviewedAlreadyError,
            requests.NotLatestError,
            requests.AssessmentOpenError,
            requests.AppealUnderReviewError,
        ),
    )
    @once(_accepted)
    def post(self, request: Request, public_id: UUID) -> Assessment:
        """Ask for a decision by a person; each decision can be reviewed once."""
        try:
            return requests.human_review(public_id, context=self.context)
        except Assessment.DoesNotExist as error:
            raise NotFoundError from error


class ReportView(CustomerEndpoint):
    """The report on the latest decision."""

    @describe("Read the report", replies={200: AssessmentReply}, refusals=(NotFoundError,))
    def get(self, request: Request) -> Response:
        """Return the latest decided assessment; reading it is noted, and an appeal needs that."""
        viewed = reports.view(self.customer(request).pk, at=self.context.at)
        if viewed is None:
            raise NotFoundError
        return Response(_reply(viewed, self))


class ScoreHistoryView(CustomerEndpoint):
    """The scores of a customer."""

    @describe("List the scores", replies={200: ScoreReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List the scores, the newest first, each with its changes since the one before."""
        rows = [
            {
                "assessment": one.assessment.public_id,
                "scored_at": one.assessment.scored_at,
                "score": one.assessment.score,
                "grade": one.assessment.grade or None,
                "deltas": [
                    {"component": component, "points": points} for component, points in one.deltas
                ],
                "hints": [hint._asdict() for hint in one.hints],
            }
            for one in queries.score_history(self.customer(request).pk)
        ]
        return page(request, rows, is_newest_first=True)


class PreviewView(CustomerEndpoint):
    """The score without a source of data."""

    @describe(
        "Preview the score without a source",
        replies={200: PreviewReply},
        parameters=(
            OpenApiParameter(
                "without", str, required=True, enum=[str(one) for one in Source],
                description="The source of which the consent would be withdrawn.",
            ),
        ),
        refusals=(NotFoundError,),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return what withdrawing a source would change in the latest score; nothing is stored."""
        latest = queries.latest_scored(self.customer(request).pk)
        if latest is None:
            raise NotFoundError
        code = request.query_params.get("without")
        if code not in list(Source):
            words = gettext("It must be one of: {choices}.").format(choices=", ".join(Source))
            raise ValidationError({"without": [ErrorDetail(words, "invalid_choice")]})
        policy = current(ScoringPolicy, on=self.context.on)
        found = queries.preview(latest, Source(code), policy=policy)
        return Response(
            {
                "without": code,
                "score": found.now.total,
                "score_without": found.then.total,
                "stops_scoring": found.stops_scoring,
            }
        )


def _mine(view: CustomerEndpoint, request: Request, public_id: UUID) -> Assessment:
    mine = Assessment.objects.filter(customer=view.customer(request), public_id=public_id)
    found = mine.first()
    if found is None:
        raise NotFoundError
    return found


def _reply(assessment: Assessment, view: CustomerEndpoint) -> dict[str, Any]:
    daily_ppm = queries.rate_ppm(assessment)
    is_decided = assessment.decided_at is not None
    is_refused = assessment.state == AssessmentState.REFUSED
    steps = onboarding_status.after_refusal(view.context.status) if is_refused else []
    appeal = _appeal(assessment) if queries.is_contestable(assessment) else None
    return {
        **_brief(assessment),
        "decided_at": assessment.decided_at,
        "is_late": assessment.is_late,
        "is_human_review": assessment.review_of_id is not None,
        "score": assessment.score if is_decided else None,
        "grade": (assessment.grade or None) if is_decided else None,
        "annual_rate_ppm": None if daily_ppm is None else daily_ppm * DAYS_OF_YEAR,
        "daily_rate_ppm": daily_ppm,
        "limit_fen": assessment.limit_fen,
        "explanation": _explanation(assessment) if is_decided else None,
        "human_review": _human_review(assessment) if queries.is_reviewable(assessment) else None,
        "appeal": appeal,
        "next_steps": [*steps, appeal] if is_refused and appeal else steps,
    }


def _human_review(assessment: Assessment) -> dict[str, str]:
    address = f"/api/v1/me/assessments/{assessment.public_id}/human-review"
    return {"step": "human-review", "state": "open", "method": "POST", "endpoint": address}


def _appeal(assessment: Assessment) -> dict[str, str]:
    """Return how the decision is contested: locked until its report was read (FAQ-8)."""
    state = "locked" if assessment.viewed_at is None else "open"
    return {"step": "appeal", "state": state, "method": "POST", "endpoint": "/api/v1/appeals"}


def _explanation(assessment: Assessment) -> dict[str, Any]:
    found = queries.explain(assessment)
    return {
        "components": [one._asdict() for one in found.components],
        "indicators": [
            {"indicator": one.code, "name": one.name, "measured": one.measured,
             "points": one.points}
            for one in found.indicators
        ],
        "failed_gates": [one._asdict() for one in found.failed_gates],
        "contradictions": [one._asdict() for one in found.doubts],
        "weakest": [one._asdict() for one in found.weakest],
        "smallest_change": [one._asdict() for one in found.smallest_change],
        "smallest_change_score": found.change_total,
        "neutral_note": found.neutral_note,
        "limit_parts": [one._asdict() for one in found.limit_parts],
    }  # fmt: skip
