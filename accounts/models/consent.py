"""What customers consented to, purpose by purpose, given and taken back."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer


class Consent(models.Model):
    """A consent to one purpose in one version, from its giving to its withdrawal (GEN-14).

    The rows are the ledger of consents: none is deleted, and all that ever changes of one is that
    it is withdrawn. ``text_digest`` is the SHA-256 of the words that were shown.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="consents", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    purpose = models.CharField(_("purpose"), max_length=20)
    version = models.CharField(_("version"), max_length=20)
    text_digest = models.CharField(_("digest of the text"), max_length=64)
    given_at = models.DateTimeField(_("given at"))
    given_by = models.CharField(_("given by"), max_length=80)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "purpose"],
                condition=Q(withdrawn_at=None),
                name="consent_one_in_force",
            ),
            models.CheckConstraint(
                name="consent_withdrawn_after_given",
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "purpose"], name="consent_of")]
        triggers: ClassVar = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="as_given",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR "
                    "(OLD.customer_id, OLD.purpose, OLD.version, OLD.text_digest, OLD.given_at, "
                    "OLD.given_by) IS DISTINCT FROM (NEW.customer_id, NEW.purpose, NEW.version, "
                    "NEW.text_digest, NEW.given_at, NEW.given_by)"
                ),
                func=(
                    "RAISE EXCEPTION 'consent %: it can only be withdrawn, once', OLD.id "
                    "USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_as_given';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.version}"
