"""Proofs of what customers own, earn or do, as files that customers upload (LIMIT-3, LIMIT-4)."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from backoffice.core.crypto import SealedBytesField, SealedField


class ProofKind(models.TextChoices):
    """What a file proves."""

    HOUSE = "house", _("house")
    VEHICLE = "vehicle", _("vehicle")
    OTHER = "other", _("other asset")
    INCOME = "income", _("income")
    OCCUPATION = "occupation", _("occupation")
    CARD = "card", _("bank card")


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
