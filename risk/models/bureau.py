"""Credit reports of customers: that one was fetched, and its content, sealed."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Customer
from backoffice.core.crypto import SealedField
from backoffice.core.guards import append_only


class BureauReport(models.Model):
    """A credit report that was fetched under a consent to it; append-only.

    ``digest`` is the SHA-256 of the content, which lies apart: it is resealed when keys change and
    erased when the customer leaves, and a decision still shows which report it was made from.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="bureau_reports", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    consent = models.ForeignKey(
        Consent, on_delete=models.PROTECT, related_name="bureau_reports", db_index=False,
        verbose_name=_("consent"),
    )  # fmt: skip
    provider = models.CharField(_("provider"), max_length=40)
    call_number = models.CharField(_("API call"), max_length=80, unique=True)
    digest = models.CharField(_("digest of the content"), max_length=64)
    has_file = models.BooleanField(_("the bureau has a file"))
    fetched_at = models.DateTimeField(_("fetched at"))
    fetched_on = models.DateField(_("fetched on"))

    class Meta:
        verbose_name = _("credit report")
        verbose_name_plural = _("credit reports")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["customer", "-fetched_at"], name="bureau_report_of")
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"BR{self.pk}"


class BureauPayload(models.Model):
    """The content of a credit report, as JSON, sealed."""

    report = models.OneToOneField(
        BureauReport, on_delete=models.PROTECT, primary_key=True, related_name="payload",
        verbose_name=_("credit report"),
    )  # fmt: skip
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="bureau_payloads",
        verbose_name=_("customer"),
    )  # fmt: skip
    content = SealedField(_("content"))

    class Meta:
        verbose_name = _("content of a credit report")
        verbose_name_plural = _("contents of credit reports")
        default_permissions = ()

    def __str__(self) -> str:
        return f"BP{self.pk}"
