"""Proofs that customers upload: taken by their bytes alone, kept sealed, handed out on record.

A picture is re-encoded, so that nothing but its pixels goes on; a PDF is parsed and written again,
if it does no more than show pages. Of the upload itself only the digest is kept, by which the same
file counts once.
"""

import hashlib
import threading
from datetime import date, datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.models import (
    REVIEWED_KINDS,
    AccessRecord,
    AssetFile,
    AssetProof,
    ContentType,
    Customer,
    Staff,
)
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import Step
from accounts.policy import AccountPolicy
from accounts.privacy.operations import deletions
from accounts.proofs.operations import reviews
from accounts.proofs.pdf_process import PdfProcessesBusy, rewrite_apart
from accounts.proofs.rules import pictures, uploads
from accounts.proofs.rules.pdfs import BadPdf, PdfFault
from accounts.proofs.rules.uploads import FileKind
from backoffice.core.crypto import blind
from backoffice.core.errors import NextCall, Refused
from backoffice.platform import work_queue

_TYPES = {
    FileKind.JPEG: ContentType.JPEG,
    FileKind.PNG: ContentType.PNG,
    FileKind.PDF: ContentType.PDF,
}

# The largest picture takes close to a gigabyte while it is painted: a process paints one at a time.
_PAINTING = threading.Lock()


class FileTooLargeError(Refused):
    """The file is larger than a proof may be."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    public_facts = ("bytes_max",)
    code = "file-too-large"
    message = _("The file is too large.")
    remedy = _("Send one of at most {bytes_max} bytes.")


class FileKindError(Refused):
    """The content of the file is of no accepted type."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "file-kind-unknown"
    message = _("The file is neither a JPEG nor a PNG nor a PDF.")
    remedy = _("Take a picture, or send the document as PDF.")


class PictureBadError(Refused):
    """The picture cannot be read, or has too many pixels."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "picture-bad"
    message = _("The picture cannot be read, or it is too large when opened.")
    remedy = _("Take the picture again, with at most {pixels_max} pixels.")


class PdfUnsafeError(Refused):
    """The PDF is broken, encrypted, or carries more than pages."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "pdf-unsafe"
    message = _(
        "The PDF is broken or encrypted, or it holds scripts, other files, or links to elsewhere."
    )
    remedy = _("Save it again without these, or send pictures of its pages.")


class PdfTooLargeError(Refused):
    """The PDF takes too much memory or time when it is opened."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "pdf-too-large"
    message = _("The PDF is too large or too complex when it is opened.")
    remedy = _("Send fewer pages, or pictures of them.")


class UploadsBusyError(Refused):
    """The most PDFs that are checked at a time are being checked."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "uploads-busy"
    message = _("Too many files are being checked at the moment.")
    remedy = _("Send the file again in a few seconds.")


class ProofExpiredError(Refused):
    """The document in the file is no longer valid."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "proof-expired"
    message = _("This was valid until {valid_until_on}.")
    remedy = _("Send one that is still valid.")


class ProofKindError(Refused):
    """The same file was sent as a proof of something else."""

    public_facts = ("id",)
    code = "proof-of-another-kind"
    message = _("You have sent the same file as another proof.")
    remedy = _("Delete that one first, or send another file.")


class AssetKnownError(Refused):
    """Another file proves the same asset."""

    public_facts = ("id",)
    code = "asset-already-proven"
    message = _("You have sent a proof of the same asset.")
    remedy = _("Delete that one first; an asset counts once.")


class TooManyProofsError(Refused):
    """The customer has the maximum number of proofs."""

    code = "too-many-proofs"
    message = _("We keep {proofs_max} of your proofs already.")
    remedy = _("Delete one that is no longer needed.")


class ProofUnknownError(Refused):
    """The proof does not exist, or it belongs to another customer."""

    status = HTTPStatus.NOT_FOUND
    code = "proof-unknown"
    message = _("There is no such proof.")
    remedy = _("Choose one of your proofs.")
    calls = (NextCall("list-proofs", "GET", "/api/v1/me/assets"),)


REFUSALS = (
    FileTooLargeError,
    ProofExpiredError,
    FileKindError,
    PictureBadError,
    PdfUnsafeError,
    PdfTooLargeError,
    UploadsBusyError,
    ProofKindError,
    AssetKnownError,
    TooManyProofsError,
)


class Upload(NamedTuple):
    """What a customer sends; the name and type that the sender gave the file are not asked."""

    kind: str
    data: bytes
    valid_until_on: date | None = None
    asset_number: str | None = None


class Received(NamedTuple):
    """A proof, and whether this upload brought it."""

    proof: AssetProof
    is_new: bool


class _Content(NamedTuple):
    """What is kept of an upload."""

    type: ContentType
    data: bytes


def receive(context: RequestContext, *, upload: Upload) -> Received:
    """Keep an upload as proof; the same file again is the same proof (LIMIT-4).

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        onboarding.StepMissingError: the identity is not verified.
        FileTooLargeError: more than 10 MB.
        ProofExpiredError: what it shows is no longer valid.
        FileKindError: neither JPEG nor PNG nor PDF, by its bytes.
        PictureBadError: the picture is broken or has too many pixels.
        PdfUnsafeError: the PDF is broken, encrypted or active.
        PdfTooLargeError: the PDF takes too much memory or time.
        UploadsBusyError: too many PDFs are read at the moment.
        ProofKindError: the same file was sent as another proof.
        AssetKnownError: another file proves the asset of this number.
        TooManyProofsError: 20 are kept already.
    """
    # The card is the first step that needs the identity, and nothing else.
    onboarding.require_step(context, step=Step.CARD)
    numbers = context.policy
    if len(upload.data) > numbers.proof_bytes_max:
        raise FileTooLargeError(bytes_max=numbers.proof_bytes_max)
    if upload.valid_until_on is not None and upload.valid_until_on < context.on:
        raise ProofExpiredError(valid_until_on=upload.valid_until_on)
    digest = hashlib.sha256(upload.data).digest()
    same = _same(context.customer, digest, upload.kind)
    if same is not None:
        return Received(same, is_new=False)
    return _store(context, upload, _kept(upload.data, numbers), digest)


def _same(customer: Customer, digest: bytes, kind: str) -> AssetProof | None:
    same = AssetProof.objects.filter(customer=customer, digest=digest).first()
    if same is not None and same.kind != kind:
        raise ProofKindError(id=str(same.public_id))
    return same


def _kept(data: bytes, numbers: AccountPolicy) -> _Content:
    """Return what is kept of a file, of which nothing is believed but its bytes."""
    try:
        kind = uploads.kind_of(data)
    except uploads.UnknownKind:
        raise FileKindError from None
    if kind is FileKind.PDF:
        return _Content(ContentType.PDF, _kept_pdf(data))
    try:
        with _PAINTING:
            painted = pictures.reencode(data, pixels_max=numbers.proof_pixels_max)
    except pictures.BadPicture:
        raise PictureBadError(pixels_max=numbers.proof_pixels_max) from None
    return _Content(_TYPES[kind], painted)


def _kept_pdf(data: bytes) -> bytes:
    try:
        return rewrite_apart(data)
    except PdfProcessesBusy:
        raise UploadsBusyError from None
    except BadPdf as bad:
        if bad.fault is PdfFault.TOO_LARGE:
            raise PdfTooLargeError from None
        raise PdfUnsafeError from None


@transaction.atomic(durable=True)
def _store(context: RequestContext, upload: Upload, content: _Content, digest: bytes) -> Received:
    locked = context.locked()
    onboarding.require_active(locked)
    customer = locked.customer
    same = _same(customer, digest, upload.kind)
    if same is not None:
        return Received(same, is_new=False)
    number = upload.asset_number
    asset_blind = None if number is None else blind(number, "asset")
    _require_below_max(customer, asset_blind, locked.policy)
    proof = AssetProof.objects.create(
        customer=customer,
        kind=upload.kind,
        asset_number=number,
        asset_blind=asset_blind,
        valid_until_on=upload.valid_until_on,
        content_type=content.type,
        size=len(content.data),
        digest=digest,
        uploaded_at=locked.at,
    )
    AssetFile.objects.create(proof=proof, content=content.data)
    if proof.kind in REVIEWED_KINDS:
        work_queue.add([proof], queue=reviews.QUEUE, at=locked.at)
    return Received(proof, is_new=True)


def _require_below_max(
    customer: Customer, asset_blind: bytes | None, numbers: AccountPolicy
) -> None:
    mine = AssetProof.objects.filter(customer=customer)
    known = mine.filter(asset_blind=asset_blind).first() if asset_blind is not None else None
    if known is not None:
        raise AssetKnownError(id=str(known.public_id))
    if mine.count() >= numbers.proofs_max:
        raise TooManyProofsError(proofs_max=numbers.proofs_max)


def of(customer: Customer) -> QuerySet[AssetProof]:
    """Return a customer's proofs, the newest first, without what is sealed."""
    return AssetProof.objects.filter(customer=customer).defer("asset_number").order_by("-pk")


@transaction.atomic(durable=True)
def delete(public_id: UUID, *, customer: Customer, by: str, at: datetime) -> None:
    """Delete a proof with its file.

    Raises:
        ProofUnknownError: there is none with this id, or it is another customer's.
        onboarding.OnHoldError: a legal hold keeps what is here from being erased.
    """
    proof = of(customer).select_for_update().filter(public_id=public_id).first()
    if proof is None:
        raise ProofUnknownError
    if deletions.is_legally_held(customer.pk):
        raise onboarding.OnHoldError
    reason = AccountReason.DELETED_BY_CUSTOMER
    trace.note([proof], "delete", by=by, reason=reason, at=at)
    work_queue.finish([proof], queue=reviews.QUEUE, by=by, reason=reason, at=at)
    AssetFile.objects.filter(proof=proof).delete()
    proof.delete()


class ProofFile(NamedTuple):
    """A proof with its content, for somebody who gave a reason; its name is ours."""

    file_name: str
    content_type: str
    content: bytes


@transaction.atomic(durable=True)
def asset_number(public_id: UUID, *, staff: Staff, reason: str, at: datetime) -> str:
    """Return the number of the asset as the customer sent it; who saw it, and why, is on record.

    Raises:
        ProofUnknownError: there is none with this id, or it has no number.
    """
    assert reason
    proof = AssetProof.objects.filter(public_id=public_id, asset_blind__isnull=False).first()
    if proof is None:
        raise ProofUnknownError
    AccessRecord.objects.create(
        customer_id=proof.customer_id, staff=staff, fields="asset_number", reason=reason, at=at
    )
    return str(proof.asset_number)


@transaction.atomic(durable=True)
def content(public_id: UUID, *, staff: Staff, reason: str, at: datetime) -> ProofFile:
    """Return the content of a proof; that somebody of the staff saw it, and why, is on record.

    Raises:
        ProofUnknownError: there is none with this id.
    """
    assert reason
    file = AssetFile.objects.select_related("proof").filter(proof__public_id=public_id).first()
    if file is None:
        raise ProofUnknownError
    proof = file.proof
    AccessRecord.objects.create(
        customer_id=proof.customer_id, staff=staff, fields="proof", reason=reason, at=at
    )
    return ProofFile(proof.file_name, proof.content_type, file.content)
