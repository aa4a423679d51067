"""Appeals over HTTP: opened, given materials, submitted, withdrawn, and read (FAQ-8)."""

from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import AssetProof, ProofKind
from accounts.proofs.operations import proofs
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Choice, PublicId, Secret
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError
from risk.appeals import queries
from risk.appeals.operations import closing, filing
from risk.appeals.operations.filing import Material, Objection
from risk.appeals.rules.deadlines import Contested
from risk.decisions.operations.requests import AssessmentOpenError
from risk.models import CONTESTED, Appeal, AppealMaterial, AppealState

TEXT_MAX = 2000


class AppealBody(Body):
    """What is contested, and why, in the customer's own words."""

    kind = Choice(choices=CONTESTED)
    statement = Secret(max_length=TEXT_MAX)


class MaterialBody(Body):
    """A proof that was uploaded, by its id, or a text."""

    default_error_messages = {"one_of_both": _("Send the id of a proof or a text.")}
    rules: ClassVar = {"not": {"required": ["proof", "text"]}, "minProperties": 1}

    proof = PublicId(required=False)
    text = Secret(required=False, max_length=TEXT_MAX)

    def validate(self, attrs: Any) -> Any:
        """Refuse both, and neither."""
        if len(attrs) != 1:
            self.fail("one_of_both")
        return attrs


class AppealBriefReply(serializers.Serializer[Any]):
    """An appeal without its texts; ``due_at`` is set when it is submitted."""

    id = serializers.UUIDField()
    assessment = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CONTESTED)
    state = serializers.ChoiceField(choices=AppealState.choices)
    outcome = serializers.CharField(allow_null=True)
    opened_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class AddedReply(serializers.Serializer[Any]):
    """A material as it was added; a text is not sent back."""

    proof = serializers.UUIDField(allow_null=True)
    proof_kind = serializers.ChoiceField(choices=ProofKind.choices, allow_null=True)
    added_at = serializers.DateTimeField()


class MaterialReply(AddedReply):
    """A material of an appeal: a proof or a text."""

    text = serializers.CharField(allow_null=True)


class AppealCallReply(serializers.Serializer[Any]):
    """What the customer may call next for an appeal."""

    step = serializers.CharField()
    state = serializers.CharField()
    method = serializers.CharField()
    endpoint = serializers.CharField()


class AppealReply(AppealBriefReply):
    """An appeal with its texts and materials, and the decision that followed from it."""

    statement = serializers.CharField()
    materials = MaterialReply(many=True)
    question = serializers.CharField(allow_null=True)
    answer = serializers.CharField(allow_null=True)
    new_assessment = serializers.UUIDField(allow_null=True)
    new_limit_fen = serializers.IntegerField(allow_null=True)
    outcome_text = serializers.CharField(
        allow_null=True, help_text="What the outcome means, in the language of the request."
    )
    next_steps = AppealCallReply(many=True)


def _opened(_view: CustomerEndpoint, appeal: Appeal) -> Response:
    return Response(_brief(appeal), status=HTTPStatus.CREATED)


def _added(_view: CustomerEndpoint, added: AppealMaterial) -> Response:
    return Response(_material(added), status=HTTPStatus.CREATED)


def _submitted(_view: CustomerEndpoint, appeal: Appeal) -> Response:
    return Response(_brief(appeal), status=HTTPStatus.ACCEPTED)


def _withdrawn(_view: CustomerEndpoint, appeal: Appeal) -> Response:
    return Response(_brief(appeal))


class AppealsView(CustomerEndpoint):
    """The appeals of a customer."""

    @describe(
        "List the appeals",
        replies={200: AppealBriefReply}, pages=True, operation_id="appeals_list",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the appeals, the newest first."""
        rows = [_brief(one) for one in queries.of(self.customer(request).pk)]
        return page(request, rows, is_newest_first=True)

    @describe(
        "Open an appeal",
        body=AppealBody,
        replies={201: AppealBriefReply},
        refusals=(
            filing.NothingDecidedError,
            AssessmentOpenError,
            filing.AppealOpenError,
            filing.ContestedBeforeError,
            filing.AppealKindError,
            filing.AppealTooLateError,
            filing.ReportNotViewedError,
        ),
    )
    @once(_opened)
    def post(self, request: Request) -> Appeal:
        """Contest the latest decision, once; its report must have been read."""
        given = self.read(AppealBody, request)
        objection = Objection(Contested(given["kind"]), given["statement"])
        return filing.open_appeal(objection, context=self.context)


class AppealView(CustomerEndpoint):
    """One appeal of a customer."""

    @describe("Read an appeal", replies={200: AppealReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the appeal; reading its outcome is noted, and closes it soon after."""
        mine = Appeal.objects.filter(customer=self.customer(request), public_id=public_id)
        appeal = mine.select_related("assessment").first()
        if appeal is None:
            raise NotFoundError
        closing.note_read(appeal, at=self.context.at)
        return Response(_reply(appeal))


class MaterialsView(CustomerEndpoint):
    """The materials of an appeal."""

    @describe(
        "Add a material to an appeal",
        body=MaterialBody,
        replies={201: AddedReply},
        refusals=(
            filing.NotWritableError,
            filing.TooManyMaterialsError,
            filing.MaterialKnownError,
            proofs.ProofUnknownError,
        ),
    )
    @once(_added)
    def post(self, request: Request, public_id: UUID) -> AppealMaterial:
        """Add a proof of yours or a text, until the appeal is submitted or when more is asked."""
        given = self.read(MaterialBody, request)
        material = Material(given.get("proof"), given.get("text"))
        try:
            return filing.add_material(public_id, material=material, context=self.context)
        except AssetProof.DoesNotExist as error:
            raise proofs.ProofUnknownError from error
        except Appeal.DoesNotExist as error:
            raise NotFoundError from error


class SubmitView(CustomerEndpoint):
    """The submission of an appeal."""

    @describe(
        "Submit an appeal",
        replies={202: AppealBriefReply},
        refusals=(
            filing.NotWritableError,
            filing.SupersededError,
            filing.AppealTooLateError,
            AssessmentOpenError,
        ),
    )
    @once(_submitted)
    def post(self, request: Request, public_id: UUID) -> Appeal:
        """Hand the appeal to a reviewer: it is decided within 15 days, 20 for a credit report."""
        try:
            return filing.submit(public_id, context=self.context)
        except Appeal.DoesNotExist as error:
            raise NotFoundError from error


class WithdrawalView(CustomerEndpoint):
    """The withdrawal of an appeal."""

    @describe(
        "Withdraw an appeal",
        replies={200: AppealBriefReply},
        refusals=(filing.AppealEndedError,),
    )
    @once(_withdrawn)
    def post(self, request: Request, public_id: UUID) -> Appeal:
        """End an open appeal without a decision; the decision cannot be contested again."""
        try:
            return filing.withdraw(public_id, context=self.context)
        except Appeal.DoesNotExist as error:
            raise NotFoundError from error


def _brief(appeal: Appeal) -> dict[str, Any]:
    return {
        "id": appeal.public_id,
        "assessment": appeal.assessment.public_id,
        "kind": appeal.kind,
        "state": appeal.state,
        "outcome": appeal.outcome or None,
        "opened_at": appeal.opened_at,
        "submitted_at": appeal.submitted_at,
        "due_at": appeal.due_at,
        "decided_at": appeal.decided_at,
        "closed_at": appeal.closed_at,
    }


def _material(one: AppealMaterial) -> dict[str, Any]:
    return {
        "proof": one.proof_id,
        "proof_kind": one.proof_kind or None,
        "added_at": one.added_at,
    }


def _reply(appeal: Appeal) -> dict[str, Any]:
    made = queries.new_assessment(appeal)
    materials = appeal.materials.order_by("pk")
    return {
        **_brief(appeal),
        "statement": appeal.statement,
        "materials": [{**_material(one), "text": one.text} for one in materials],
        "question": appeal.question,
        "answer": appeal.answer,
        "new_assessment": made and made.public_id,
        "new_limit_fen": made and made.limit_fen,
        "outcome_text": queries.outcome_text(appeal, made),
        "next_steps": [one._asdict() for one in queries.next_calls(appeal)],
    }
