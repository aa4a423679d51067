"""The credit line of a customer: its amounts, its changes, temporary limits."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from backoffice.core.policy import current
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Fen, Whole
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError
from risk.lines.operations import cut_reviews, temporary
from risk.lines.queries import cuts, stops
from risk.lines.queries.amounts import NoLineError, open_line, sentence, summary, why
from risk.lines.queries.cuts import ListedChange
from risk.models import (
    CreditLine,
    CreditLineState,
    CutReview,
    CutReviewState,
    LimitChange,
    TemporaryLimit,
    TemporaryLimitState,
)
from risk.policy import AssessmentPolicy

SHOWN_MAX = 500
DAYS_MAX = 10_000
OPEN = "open"  # the review can be requested
REVIEW_STATES = [(OPEN, _("open")), *CutReviewState.choices]
_NO_REVIEW = dict.fromkeys(
    ("state", "method", "endpoint", "requested_at", "due_at", "decided_at", "answer")
)


class HoldReply(serializers.Serializer[Any]):
    """A hold for a large purchase; it ends at ``until_at`` unless a review ends it before."""

    purchase_fen = serializers.IntegerField()
    held_fen = serializers.IntegerField()
    purchased_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()


class LineReply(serializers.Serializer[Any]):
    """The amounts of a credit line; ``why`` adds them up in the caller's language.

    ``holds`` are the open holds, whose sum is ``held_fen``.
    """

    limit_fen = serializers.IntegerField()
    temporary_fen = serializers.IntegerField()
    buffer_fen = serializers.IntegerField()
    held_fen = serializers.IntegerField()
    reserved_fen = serializers.IntegerField()
    drawn_fen = serializers.IntegerField()
    usable_fen = serializers.IntegerField()
    target_fen = serializers.IntegerField()
    state = serializers.ChoiceField(choices=CreditLineState.choices)
    why = serializers.CharField()
    holds = HoldReply(many=True)


class CutReviewReply(serializers.Serializer[Any]):
    """The human review of a cut: how it is requested, or by when and how it was decided.

    ``state`` is ``open`` as long as the call of ``method`` and ``endpoint`` requests it.
    """

    state = serializers.ChoiceField(choices=REVIEW_STATES)
    method = serializers.CharField(allow_null=True)
    endpoint = serializers.CharField(allow_null=True)
    requested_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_null=True)


class LimitChangeReply(serializers.Serializer[Any]):
    """A change of the limit or of its target, with its rule and in plain words.

    ``human_review`` is set for a cut that no assessment decided. The daily steps of a fall share
    its review.
    """

    id = serializers.UUIDField()
    effective_on = serializers.DateField()
    at = serializers.DateTimeField()
    old_fen = serializers.IntegerField()
    new_fen = serializers.IntegerField()
    target_fen = serializers.IntegerField()
    rule = serializers.CharField()
    reason_code = serializers.CharField()
    text = serializers.CharField()
    human_review = CutReviewReply(allow_null=True)


class TemporaryLimitBody(Body):
    """How much is requested, and for how many days."""

    amount_fen = Fen(min_value=1)
    days = Whole(min_value=1, max_value=DAYS_MAX)


class TemporaryLimitReply(serializers.Serializer[Any]):
    """A temporary limit; ``valid_to_on`` is its last day, which counts to its end."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=TemporaryLimitState.choices)
    amount_fen = serializers.IntegerField()
    days = serializers.IntegerField()
    requested_at = serializers.DateTimeField()
    granted_on = serializers.DateField(allow_null=True)
    valid_to_on = serializers.DateField(allow_null=True)
    refusal = serializers.CharField(allow_null=True)


class LineEndpoint(CustomerEndpoint):
    """An endpoint of the open credit line of a customer."""

    def line(self, request: Request) -> CreditLine:
        """Return the open line of the caller.

        Raises:
            NoLineError: there is none.
        """
        line = open_line(self.customer(request).pk)
        if line is None:
            raise NoLineError
        return line


class LineView(LineEndpoint):
    """The credit line of a customer."""

    @describe("Read the credit line", replies={200: LineReply}, refusals=[NoLineError])
    def get(self, request: Request) -> Response:
        """Return every amount of the line, and the sentence that adds them up (LIMIT-9).

        Where the line is suspended or frozen it also states why, and what can be done.
        """
        line = self.line(request)
        amounts = summary(line)
        shown = amounts._asdict()
        del shown["buffer_permille"]  # the sentence names it
        stop = stops.stop_of(line)
        stated = why(amounts) if stop is None else f"{why(amounts)} {stops.sentences(stop)}"
        return Response({**shown, "why": stated, "holds": _holds(line)})


class LineChangesView(LineEndpoint):
    """The changes of a credit line."""

    @describe(
        "List the changes of the limit",
        replies={200: LimitChangeReply}, refusals=[NoLineError], pages=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the latest changes of limit and target, the newest first (LIMIT-14)."""
        policy = current(AssessmentPolicy, on=self.context.on)
        rows = [
            _change_reply(found, at=self.context.at, policy=policy)
            for found in cuts.listed(self.line(request).pk, most=SHOWN_MAX)
        ]
        return page(request, rows, is_newest_first=True)


def _requested(_view: LineEndpoint, review: CutReview) -> Response:
    return Response(_review_reply(review), status=HTTPStatus.ACCEPTED)


class CutReviewView(CustomerEndpoint):
    """The human review of a cut of the limit."""

    @describe(
        "Ask a person to review a limit cut",
        replies={202: CutReviewReply},
        refusals=[
            NoLineError,
            cut_reviews.NoCutError,
            cut_reviews.CutByAssessmentError,
            cut_reviews.CutReviewedError,
            cut_reviews.CutTooOldError,
            cut_reviews.CutReviewOpenError,
        ],
    )
    @once(_requested)
    def post(self, request: Request, public_id: UUID) -> CutReview:
        """Ask a person to look at a fall of the limit or of its target, once (LAW-18)."""
        try:
            return cut_reviews.request(public_id, context=self.context)
        except LimitChange.DoesNotExist as error:
            raise NotFoundError from error


def _answer(view: LineEndpoint, made: TemporaryLimit) -> Response:
    if made.state == TemporaryLimitState.REFUSED:
        raise temporary.refusal_of(made, on=view.context.on)
    return Response(_temporary_reply(made), status=HTTPStatus.CREATED)


class TemporaryLimitsView(LineEndpoint):
    """The temporary limits of a credit line."""

    @describe(
        "List the temporary limits",
        replies={200: TemporaryLimitReply}, refusals=[NoLineError], pages=True,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the latest requests for temporary limits, the newest first."""
        limits = self.line(request).temporary_limits.order_by("-pk")
        rows = [_temporary_reply(one) for one in limits[:SHOWN_MAX]]
        return page(request, rows, is_newest_first=True)

    @describe(
        "Request a temporary limit",
        body=TemporaryLimitBody,
        replies={201: TemporaryLimitReply},
        refusals=[
            NoLineError,
            temporary.LineNotActiveError,
            temporary.TemporaryLimitInForceError,
            *temporary.REFUSALS.values(),
        ],
    )
    @once(_answer, is_required=True)
    def post(self, request: Request) -> TemporaryLimit:
        """Request a temporary limit, which is decided at once (LIMIT-7, LIMIT-8)."""
        given = self.read(TemporaryLimitBody, request)
        return temporary.request(
            self.customer(request),
            amount_fen=given["amount_fen"],
            days=given["days"],
            by=self.context.by,
            on=self.context.on,
            at=self.context.at,
        )


def _change_reply(found: ListedChange, *, at: datetime, policy: AssessmentPolicy) -> dict[str, Any]:
    """Return a change with its sentence in the active language."""
    change = found.change
    names = ("effective_on", "at", "old_fen", "new_fen", "target_fen", "rule")
    review = None
    if found.review is not None:
        review = _review_reply(found.review)
    elif cuts.is_reviewable(found, at=at, policy=policy):
        address = f"/api/v1/me/line/changes/{change.public_id}/human-review"
        review = {**_NO_REVIEW, "state": OPEN, "method": "POST", "endpoint": address}
    return {
        "id": change.public_id,
        **{name: getattr(change, name) for name in names},
        "reason_code": change.reason,
        "text": sentence(change),
        "human_review": review,
    }


def _review_reply(review: CutReview) -> dict[str, Any]:
    names = ("state", "requested_at", "due_at", "decided_at", "answer")
    return {**_NO_REVIEW, **{name: getattr(review, name) for name in names}}


def _holds(line: CreditLine) -> list[dict[str, Any]]:
    """Return the open holds, the first to end first."""
    return [
        {
            "purchase_fen": one.purchase_fen,
            "held_fen": one.amount_fen,
            "purchased_at": one.purchased_at,
            "until_at": one.until_at,
        }
        for one in line.holds.filter(released_at__isnull=True).order_by("until_at", "pk")
    ]


def _temporary_reply(made: TemporaryLimit) -> dict[str, Any]:
    return {
        "id": made.public_id,
        "state": made.state,
        "amount_fen": made.amount_fen,
        "days": made.days,
        "requested_at": made.requested_at,
        "granted_on": made.granted_on,
        "valid_to_on": made.valid_to_on,
        "refusal": made.refusal or None,
    }
