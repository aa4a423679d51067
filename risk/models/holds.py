"""What large purchases hold on a credit line."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from risk.models.lines import CreditLine


class HoldRelease(models.TextChoices):
    """What released a hold."""

    REVIEW = "review", _("the special review passed")
    TIME = "time", _("its time was over")


class ReserveHold(models.Model):
    """The share of a large purchase that is held on a line, until it is released once (LIMIT-6).

    ``source`` identifies the payment, which is held for once. ``CreditLine.held_fen`` is the sum of
    the holds that are not released.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    line = models.ForeignKey(
        CreditLine, on_delete=models.PROTECT, related_name="holds", verbose_name=_("credit line")
    )
    source = models.CharField(_("payment"), max_length=80)
    purchase_fen = models.BigIntegerField(_("purchase"))
    amount_fen = models.BigIntegerField(_("held"))
    purchased_at = models.DateTimeField(_("purchased at"))
    until_at = models.DateTimeField(_("held until"))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    release = models.CharField(
        _("released because"), max_length=20, blank=True, choices=HoldRelease.choices
    )
    placed_by = models.CharField(_("held by"), max_length=150)
    released_by = models.CharField(_("released by"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("purchase hold")
        verbose_name_plural = _("purchase holds")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "source"], name="reserve_hold_once"),
            models.CheckConstraint(
                name="reserve_hold_signs",
                condition=Q(purchase_fen__gt=0, amount_fen__gte=0)
                & Q(amount_fen__lte=models.F("purchase_fen")),
            ),
            models.CheckConstraint(
                name="reserve_hold_release",
                condition=Q(released_at__isnull=True, release="", released_by="")
                | (Q(released_at__isnull=False, release__in=HoldRelease.values)
                   & ~Q(released_by="")),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["until_at"], condition=Q(released_at__isnull=True), name="reserve_hold_open"
            )
        ]
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="released_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.released_at IS NOT NULL OR (NEW.line_id, NEW.customer_id, NEW.source, "
                    "NEW.purchase_fen, NEW.amount_fen, NEW.purchased_at, NEW.until_at) IS DISTINCT "
                    "FROM (OLD.line_id, OLD.customer_id, OLD.source, OLD.purchase_fen, "
                    "OLD.amount_fen, OLD.purchased_at, OLD.until_at)"
                ),
                func=(
                    "RAISE EXCEPTION 'hold %: only its release may be written, once', NEW.id "
                    "USING ERRCODE = 'check_violation', CONSTRAINT = 'reserve_hold_released_once';"
                ),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
