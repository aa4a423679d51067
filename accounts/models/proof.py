"""Proofs of what customers own, earn or do, as files that customers upload (LIMIT-3, LIMIT-4)."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from accounts.models.profile import OCCUPATIONS
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core.crypto import SealedBytesField, SealedField
from backoffice.core.guards import append_only, code_check
from backoffice.core.states import choices


class ProofKind(models.TextChoices):
    """What a file proves."""

    HOUSE = "house", _("house")
    VEHICLE = "vehicle", _("vehicle")
    OTHER = "other", _("other asset")
    INCOME = "income", _("income")
    OCCUPATION = "occupation", _("occupation")
    CARD = "card", _("bank card")


ASSET_KINDS = (ProofKind.HOUSE, ProofKind.VEHICLE, ProofKind.OTHER)
REVIEWED_KINDS = (*ASSET_KINDS, ProofKind.INCOME, ProofKind.OCCUPATION)
VERDICTS = choices(
    ProofVerdict,
    {
        ProofVerdict.ACCEPTED: _("accepted"),
        ProofVerdict.UNREADABLE: _("cannot be read"),
        ProofVerdict.NOT_OWNER: _("is about another person"),
        ProofVerdict.OUT_OF_DATE: _("is out of date"),
        ProofVerdict.ALTERED: _("appears to have been altered"),
        ProofVerdict.INSUFFICIENT: _("does not show what it was sent for"),
    },
)


class ContentType(models.TextChoices):
    """What the bytes of a file are."""

    JPEG = "image/jpeg", _("JPEG picture")
    PNG = "image/png", _("PNG picture")
    PDF = "application/pdf", _("PDF document")


_ENDINGS = {ContentType.JPEG: "jpg", ContentType.PNG: "png", ContentType.PDF: "pdf"}


class AssetProof(models.Model):
    """A file that proves something for a customer; what it proves a person decides.

    ``digest`` is the SHA-256 of what was uploaded: the same file counts once. So does an asset of
    which the number was given. ``size`` is that of what is kept, in bytes.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="proofs", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=20, choices=ProofKind.choices)
    asset_number = SealedField(_("number of the asset"), null=True)
    asset_blind = models.BinaryField(_("asset number index"), max_length=16, null=True)
    valid_until_on = models.DateField(_("valid until"), null=True)  # None: it does not say
    content_type = models.CharField(_("content type"), max_length=20, choices=ContentType.choices)
    size = models.IntegerField(_("size in bytes"))
    digest = models.BinaryField(_("digest of the upload"), max_length=32)
    uploaded_at = models.DateTimeField(_("uploaded at"))

    class Meta:
        verbose_name = _("proof")
        verbose_name_plural = _("proofs")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "digest"], name="asset_proof_file_once"),
            models.UniqueConstraint(
                fields=["customer", "asset_blind"], name="asset_proof_asset_once"
            ),
            models.CheckConstraint(name="asset_proof_kind", condition=Q(kind__in=ProofKind.values)),
            models.CheckConstraint(
                name="asset_proof_content_type", condition=Q(content_type__in=ContentType.values)
            ),
            models.CheckConstraint(name="asset_proof_is_not_empty", condition=Q(size__gt=0)),
            models.CheckConstraint(
                name="asset_proof_number_is_indexed",
                condition=Q(asset_number__isnull=True, asset_blind__isnull=True)
                | Q(asset_number__isnull=False, asset_blind__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"A{self.pk}"

    @property
    def file_name(self) -> str:
        """Return the name under which the file is handed out; the customer's own is not kept."""
        return f"{self.kind}-{self.public_id}.{_ENDINGS[ContentType(self.content_type)]}"


class AssetFile(models.Model):
    """The content of a proof, apart from it: who lists proofs does not read files."""

    proof = models.OneToOneField(
        AssetProof, on_delete=models.PROTECT, primary_key=True, related_name="file",
        verbose_name=_("proof"),
    )  # fmt: skip
    content = SealedBytesField(_("content"))

    class Meta:
        verbose_name = _("file of a proof")
        verbose_name_plural = _("files of proofs")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"A{self.pk}"


_IS_ACCEPTED = Q(verdict=ProofVerdict.ACCEPTED.value)
_NO_INCOME = Q(monthly_income_fen=None)
_NO_OCCUPATION = Q(occupation="", since_on=None)


class ProofReview(models.Model):
    """What a person found in a proof; append-only, the latest one of a proof is in force.

    It stays when the customer deletes the file, so it names the proof by its public id and repeats
    what decisions need: the kind, the index of the asset, and until when the document is valid. An
    accepted proof evidences a monthly income in fen, an occupation and since when, or an asset
    (LIMIT-3, LIMIT-4, LIMIT-13).
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="proof_reviews", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    proof_id = models.UUIDField(_("proof"))
    kind = models.CharField(_("kind"), max_length=20, choices=ProofKind.choices)
    verdict = models.CharField(_("verdict"), max_length=20, choices=VERDICTS)
    monthly_income_fen = models.BigIntegerField(_("monthly income"), null=True)
    occupation = models.CharField(_("occupation"), max_length=20, blank=True, choices=OCCUPATIONS)
    since_on = models.DateField(_("in this occupation since"), null=True)
    asset_blind = models.BinaryField(_("asset number index"), max_length=16, null=True)
    valid_until_on = models.DateField(_("valid until"), null=True)
    reviewed_on = models.DateField(_("reviewed on"))
    at = models.DateTimeField(_("at"))
    reviewed_by = models.CharField(_("reviewer"), max_length=150)
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("review of a proof")
        verbose_name_plural = _("reviews of proofs")
        default_permissions = ("view",)
        permissions: ClassVar = [("decide_proofreview", "Can accept or reject a proof")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="proof_review_kind",
                condition=Q(kind__in=[one.value for one in REVIEWED_KINDS]),
            ),
            code_check("proof_review_verdict", ProofVerdict, column="verdict"),
            models.CheckConstraint(
                name="proof_review_occupation",
                condition=Q(occupation__in=["", *(one.value for one in Occupation)]),
            ),
            models.CheckConstraint(
                name="proof_review_evidences",
                condition=(~_IS_ACCEPTED & _NO_INCOME & _NO_OCCUPATION)
                | (
                    _IS_ACCEPTED
                    & Q(kind=ProofKind.INCOME, monthly_income_fen__isnull=False)
                    & Q(monthly_income_fen__gt=0)
                    & _NO_OCCUPATION
                )
                | (_IS_ACCEPTED & Q(kind=ProofKind.OCCUPATION) & ~Q(occupation="") & _NO_INCOME)
                | (
                    _IS_ACCEPTED
                    & Q(kind__in=[one.value for one in ASSET_KINDS], asset_blind__isnull=False)
                    & _NO_INCOME
                    & _NO_OCCUPATION
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "proof_id", "id"], name="proof_review_of"),
            models.Index(
                fields=["asset_blind"],
                condition=Q(asset_blind__isnull=False),
                name="proof_review_asset",
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"AR{self.pk}"
