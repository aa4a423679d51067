"""Payment history: the outcome of each bill, as loans reported it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import append_only


class ConductOutcome(models.TextChoices):
    """Outcomes of a bill."""

    PAID = "paid", _("paid")
    MIN_PAID = "min_paid", _("minimum paid")
    CARRIED = "carried", _("small balance carried forward")
    OVERDUE = "overdue", _("overdue")


class Conduct(models.Model):
    """Payment history: the outcome of one bill.

    Append-only; a repeated report has the same ``source`` and is stored once. ``paid_on`` is the
    value date on which the last of the bill was paid, if it was.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="conduct", verbose_name=_("customer")
    )
    source = models.CharField(_("source"), max_length=60)
    due_on = models.DateField(_("due on"))
    total_fen = models.BigIntegerField(_("bill total"))
    minimum_fen = models.BigIntegerField(_("minimum payment"))
    paid_fen = models.BigIntegerField(_("paid"))
    outcome = models.CharField(_("outcome"), max_length=20, choices=ConductOutcome.choices)
    paid_on = models.DateField(_("paid in full on"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("payment history record")
        verbose_name_plural = _("payment history")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source"], name="conduct_source"),
            models.CheckConstraint(
                name="conduct_outcome", condition=Q(outcome__in=ConductOutcome.values)
            ),
            models.CheckConstraint(
                name="conduct_signs",
                condition=Q(total_fen__gt=0, minimum_fen__gte=0, paid_fen__gte=0),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["due_on"], name="conduct_due")]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
