"""Bullet loans of a bill that become instalment plans on its due date (REPAY-6)."""

from datetime import datetime
from typing import ClassVar

import django_fsm
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Customer
from backoffice.core.guards import (
    CompositeForeignKey,
    Guard,
    InitialState,
    code_check,
    state_check,
)
from backoffice.core.states import StateField
from loans.accounting.rules.codes import Plan
from loans.models.bill import Bill
from loans.models.loan import PLANS, Loan
from loans.models.quote import Quote


class ConversionState(models.TextChoices):
    """Whether the principal of a loan has become a plan."""

    PLANNED = "planned", pgettext_lazy("conversion", "planned")
    EFFECTIVE = "effective", pgettext_lazy("conversion", "effective")
    LAPSED = "lapsed", pgettext_lazy("conversion", "lapsed")


class Conversion(django_fsm.FSMModelMixin, models.Model):
    """The conversion of one bullet loan under a bill, as its customer confirmed it (REPAY-6).

    States: planned -> effective or lapsed. It takes effect on ``effective_on``, the due date of the
    bill. ``offered_fen`` is the principal that the cost sheet showed, ``principal_fen`` what was
    unpaid on the day and became the plan: 0 before, and where an earlier value date has left
    nothing to convert. ``printed_total_fen`` and ``printed_minimum_fen`` are what the bill asked
    before: a replay starts from them (GEN-9).
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="conversions", verbose_name=_("customer")
    )
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="conversions", db_constraint=False,
        verbose_name=_("bill"),
    )  # fmt: skip
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="conversions", db_constraint=False,
        verbose_name=_("loan"),
    )  # fmt: skip
    quote = models.ForeignKey(
        Quote, on_delete=models.PROTECT, related_name="conversions", verbose_name=_("cost sheet")
    )
    state = StateField(
        _("state"),
        choices=ConversionState.choices,
        default=ConversionState.PLANNED.value,
        max_length=20,
        protected=True,
    )
    plan = models.CharField(_("plan"), max_length=10, choices=PLANS)
    effective_on = models.DateField(_("takes effect on"))
    offered_fen = models.BigIntegerField(_("principal on the cost sheet"))
    principal_fen = models.BigIntegerField(_("converted principal"), default=0)
    fee_fen = models.BigIntegerField(_("plan fee"), default=0)
    printed_total_fen = models.BigIntegerField(_("bill total before"), null=True)
    printed_minimum_fen = models.BigIntegerField(_("minimum payment before"), null=True)
    lapsed_because = models.CharField(_("lapsed because"), max_length=40, blank=True, default="")
    requested_at = models.DateTimeField(_("requested at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("conversion")
        verbose_name_plural = _("conversions")
        default_permissions = ("view",)
        permissions: ClassVar = [("withdraw_conversion", "Can withdraw planned conversions")]
        indexes: ClassVar = [
            models.Index(
                fields=["effective_on"],
                condition=Q(state=ConversionState.PLANNED.value),
                name="conversion_planned",
            )
        ]
        constraints: ClassVar = [
            state_check("conversion_state", ConversionState),
            code_check("conversion_plan", Plan, column="plan"),
            CompositeForeignKey(
                name="conversion_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
            CompositeForeignKey(
                name="conversion_loan_of_customer",
                fields=["loan", "customer"],
                to="loans.Loan",
                to_fields=["id", "customer"],
            ),
            models.CheckConstraint(
                name="conversion_signs",
                condition=Q(offered_fen__gt=0, principal_fen__gte=0, fee_fen__gte=0)
                & ~Q(plan=Plan.BULLET.value),
            ),
            models.CheckConstraint(
                name="conversion_decided",
                condition=Q(state=ConversionState.PLANNED.value, decided_at=None)
                | Q(state=ConversionState.LAPSED.value, decided_at__isnull=False, principal_fen=0)
                | Q(
                    state=ConversionState.EFFECTIVE.value,
                    decided_at__isnull=False,
                    printed_total_fen__isnull=False,
                    printed_minimum_fen__isnull=False,
                ),
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=~Q(state=ConversionState.LAPSED.value),
                name="conversion_one_a_loan",
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(ConversionState.PLANNED)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @django_fsm.transition(
        field=state, source=ConversionState.PLANNED.value, target=ConversionState.EFFECTIVE.value
    )
    def take_effect(self, *, at: datetime) -> None:
        """The unpaid principal has become a plan."""
        self.decided_at = at

    @django_fsm.transition(
        field=state, source=ConversionState.PLANNED.value, target=ConversionState.LAPSED.value
    )
    def lapse(self, *, at: datetime) -> None:
        """There was nothing to convert on the day, not what was confirmed, or it was withdrawn."""
        self.decided_at = at
