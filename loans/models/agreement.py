"""What a customer signed by a drawdown (OPS-6)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Authorisation
from backoffice.core.guards import append_only
from loans.models.loan import Loan


class LoanAgreement(models.Model):
    """What a customer agreed to by a drawdown: the text, and the grant it was signed with (OPS-6).

    ``texts`` holds the agreement by language; ``digest`` is the SHA-256 of their canonical JSON.
    Append-only.
    """

    loan = models.OneToOneField(
        Loan, on_delete=models.PROTECT, related_name="agreement", verbose_name=_("loan")
    )
    authorisation = models.OneToOneField(
        Authorisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("authorisation")
    )
    sheet_digest = models.CharField(_("digest of the cost sheet"), max_length=64)
    texts = models.JSONField(_("texts"))
    digest = models.CharField(_("digest"), max_length=64)
    signed_at = models.DateTimeField(_("signed at"))

    class Meta:
        verbose_name = _("loan agreement")
        verbose_name_plural = _("loan agreements")
        default_permissions = ("view",)
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return self.digest[:12]
