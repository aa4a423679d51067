"""Proofs of assets, income and occupation that customers upload (FAQ-8, LIMIT-3, LIMIT-4)."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import REVIEWED_KINDS, AssetProof, ProofKind, ProofReview
from accounts.onboarding import operations as onboarding
from accounts.proofs.operations import proofs, reviews
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.web.api.description import describe
from backoffice.web.api.fields import Body, Choice, Day, Secret
from backoffice.web.api.paging import page

WAITING = "waiting"  # for a person to look at it


class MemoryOnly(MemoryFileUploadHandler):
    """Holds an upload in memory, whatever its size: no file of a customer touches the disk.

    No request to an endpoint is larger than the middleware allows.
    """

    def handle_raw_input(self, *given: Any, **also: Any) -> None:
        """Take the files of every request."""
        self.activated = True


@extend_schema_field({"type": "string", "format": "binary", "minLength": 1})
class _File(serializers.FileField):
    """The bytes of a file."""


class AssetBody(Body):
    """One file and what it proves: multipart/form-data, each field once."""

    kind = Choice(choices=ProofKind.choices)
    valid_until = Day(required=False)
    asset_number = Secret(required=False, max_length=60)
    file = _File()

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated fields; of two values for one field neither is chosen."""
        repeated = {
            name: [serializers.ErrorDetail(gettext("It must be sent once."), "repeated")]
            for name in data
            if len(data.getlist(name)) > 1
        }
        if repeated:
            raise serializers.ValidationError(repeated)
        return super().to_internal_value(data)


class AssetReply(serializers.Serializer[Any]):
    """A proof; size in bytes, of what is kept."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ProofKind.choices)
    valid_until = serializers.DateField(allow_null=True)
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    uploaded_at = serializers.DateTimeField()
    review = serializers.ChoiceField(
        choices=[WAITING, *ProofVerdict], allow_null=True,
        help_text="What a person found; null where no decision uses a proof of this kind.",
    )  # fmt: skip


class AssetsView(CustomerEndpoint):
    """The proofs of a customer."""

    parser_classes = (MultiPartParser,)  # type: ignore[assignment]

    @describe("List the proofs", replies={200: AssetReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List the proofs, the newest first."""
        mine = list(proofs.of(self.customer(request)))
        found = reviews.latest_of(mine)
        rows = [_reply(proof, found.get(proof.pk)) for proof in mine]
        return page(request, rows, is_newest_first=True)

    @describe(
        "Upload a proof",
        body={"multipart/form-data": AssetBody},
        replies={200: AssetReply, 201: AssetReply},
        refusals=(*onboarding.STEP_REFUSALS, *proofs.REFUSALS),
    )
    def post(self, request: Request) -> Response:
        """Upload a JPEG, PNG or PDF of at most 10 MB; 200 when this very file is here already."""
        wrapped: HttpRequest = request._request  # noqa: SLF001 (DRF has no other way to it)
        wrapped.upload_handlers = [MemoryOnly(wrapped)]
        body = self.read(AssetBody, request)
        upload = proofs.Upload(
            body["kind"], body["file"].read(), body.get("valid_until"), body.get("asset_number")
        )
        got = proofs.receive(self.context, upload=upload)
        status = HTTPStatus.CREATED if got.is_new else HTTPStatus.OK
        found = reviews.latest_of([got.proof])
        return Response(_reply(got.proof, found.get(got.proof.pk)), status=status)


class AssetView(CustomerEndpoint):
    """One proof of a customer."""

    @describe("Delete a proof", replies={204: None}, refusals=(proofs.ProofUnknownError,))
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Delete a proof with its file."""
        context = self.context
        proofs.delete(public_id, customer=context.customer, by=context.by, at=context.at)
        return Response(status=HTTPStatus.NO_CONTENT)


def _reply(proof: AssetProof, review: ProofReview | None) -> dict[str, Any]:
    waiting = WAITING if proof.kind in REVIEWED_KINDS else None
    return {
        "id": proof.public_id,
        "kind": proof.kind,
        "valid_until": proof.valid_until_on,
        "content_type": proof.content_type,
        "size": proof.size,
        "uploaded_at": proof.uploaded_at,
        "review": review.verdict if review else waiting,
    }
