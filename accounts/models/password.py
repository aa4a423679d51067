"""Transaction passwords, and the grants that a right one gives for one movement of money."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer
from accounts.models.login import LoginSession


class TransactionPassword(models.Model):
    """A transaction password, as a digest; the newest one of a customer counts (SEC-4).

    Older ones stay, as many as may not be used again. ``set_at`` is product time: it ages.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="passwords", verbose_name=_("customer")
    )
    digest = models.CharField(_("digest"), max_length=200)
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("transaction password")
        verbose_name_plural = _("transaction passwords")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class GrantPurpose(models.TextChoices):
    """What a grant may be used for."""

    DRAWDOWN = "drawdown", _("drawdown")
    SETTLEMENT = "settlement", _("settlement")


class Authorisation(models.Model):
    """A grant to move one amount for one purpose, once, within minutes.

    Its moments are machine time.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="authorisations",
        verbose_name=_("customer"),
    )  # fmt: skip
    session = models.ForeignKey(
        LoginSession, on_delete=models.PROTECT, related_name="+", verbose_name=_("login")
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=GrantPurpose.choices)
    amount_fen = models.BigIntegerField(_("amount"))
    given_at = models.DateTimeField(_("given at"))
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="authorisation_amount_is_positive", condition=Q(amount_fen__gt=0)
            ),
            models.CheckConstraint(
                name="authorisation_purpose", condition=Q(purpose__in=GrantPurpose.values)
            ),
            models.CheckConstraint(
                name="authorisation_used_in_time",
                condition=Q(used_at=None)
                | Q(used_at__gte=F("given_at"), used_at__lt=F("expires_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"
