"""Temporary limits: requested by customers, granted for some days (LIMIT-7, LIMIT-8)."""

import uuid
from datetime import date, datetime
from typing import ClassVar

import django_fsm
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField, choices
from risk.lines.rules.temporary import TemporaryVerdict
from risk.models.lines import CreditLine

REFUSALS = {
    TemporaryVerdict.OK: _("granted"),
    TemporaryVerdict.AMOUNT: _("the amount is too high"),
    TemporaryVerdict.DAYS: _("too many days"),
    TemporaryVerdict.BILLS: _("the last bills were not all paid in full by their due dates"),
    TemporaryVerdict.GAP: _("too soon after the last one"),
    TemporaryVerdict.CAP: _("above the highest limit"),
}


class TemporaryLimitState(models.TextChoices):
    """States of a temporary limit."""

    REQUESTED = "requested", _("requested")
    GRANTED = "granted", _("granted")
    REFUSED = "refused", _("refused")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")


class TemporaryLimit(django_fsm.FSMModelMixin, models.Model):
    """A temporary limit beside the fixed one, valid through the end of ``valid_to_on``.

    States: requested -> granted -> expired or revoked; requested -> refused.
    ``CreditLine.temporary_fen`` is the amount of the one that is granted.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    line = models.ForeignKey(
        CreditLine, on_delete=models.PROTECT, related_name="temporary_limits",
        verbose_name=_("credit line"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=TemporaryLimitState.choices,
        default=TemporaryLimitState.REQUESTED,
        max_length=20,
        protected=True,
    )
    amount_fen = models.BigIntegerField(_("amount"))
    days = models.IntegerField(_("days"))
    requested_at = models.DateTimeField(_("requested at"))
    granted_on = models.DateField(_("granted on"), null=True, blank=True)
    valid_to_on = models.DateField(_("valid to"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    refusal = models.CharField(
        _("refused because"), max_length=20, blank=True,
        choices=choices(TemporaryVerdict, REFUSALS),
    )  # fmt: skip

    class Meta:
        verbose_name = _("temporary limit")
        verbose_name_plural = _("temporary limits")
        default_permissions = ("view",)
        permissions: ClassVar = [("revoke_temporarylimit", "Can revoke a temporary limit")]
        constraints: ClassVar = [
            state_check("temporary_limit_state", TemporaryLimitState),
            models.CheckConstraint(
                name="temporary_limit_signs", condition=Q(amount_fen__gt=0, days__gt=0)
            ),
            models.CheckConstraint(
                name="temporary_limit_granted_has_days",
                condition=Q(
                    state__in=[TemporaryLimitState.REQUESTED, TemporaryLimitState.REFUSED],
                    granted_on__isnull=True,
                    valid_to_on__isnull=True,
                )
                | Q(
                    state__in=[
                        TemporaryLimitState.GRANTED,
                        TemporaryLimitState.EXPIRED,
                        TemporaryLimitState.REVOKED,
                    ],
                    granted_on__isnull=False,
                    valid_to_on__gte=models.F("granted_on"),
                ),
            ),
            models.UniqueConstraint(
                fields=["customer", "line"],
                condition=Q(state=TemporaryLimitState.GRANTED),
                name="temporary_limit_one_at_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["valid_to_on"],
                condition=Q(state=TemporaryLimitState.GRANTED),
                name="temporary_limit_in_force",
            )
        ]
        triggers: ClassVar = [Guard(), InitialState(TemporaryLimitState.REQUESTED)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @django_fsm.transition(
        field=state, source=TemporaryLimitState.REQUESTED, target=TemporaryLimitState.GRANTED
    )
    def grant(self, *, at: datetime, on: date, valid_to_on: date) -> None:
        """The conditions are met: it is valid through its last day."""
        self.granted_on = on
        self.valid_to_on = valid_to_on

    @django_fsm.transition(
        field=state, source=TemporaryLimitState.REQUESTED, target=TemporaryLimitState.REFUSED
    )
    def refuse(self, *, at: datetime, verdict: str) -> None:
        """A condition is not met."""
        self.refusal = verdict

    @django_fsm.transition(
        field=state, source=TemporaryLimitState.GRANTED, target=TemporaryLimitState.EXPIRED
    )
    def expire(self, *, at: datetime) -> None:
        """Its last day has ended."""
        self.ended_at = at

    @django_fsm.transition(
        field=state, source=TemporaryLimitState.GRANTED, target=TemporaryLimitState.REVOKED
    )
    def revoke(self, *, at: datetime) -> None:
        """Somebody of the staff ended it before its last day."""
        self.ended_at = at
