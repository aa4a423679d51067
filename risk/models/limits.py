"""Why a limit is what it is: inputs of the model, growth steps, payment days, limit changes."""

from fractions import Fraction
from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import append_only, code_check
from backoffice.core.states import choices
from risk.lines.rules.growth import GrowthOutcome
from risk.models.conduct import Conduct
from risk.models.lines import EXACT, CreditLine

OUTCOMES = {
    GrowthOutcome.IN_FULL: _("paid in full by the due date"),
    GrowthOutcome.NEUTRAL: _("minimum paid, or paid in grace"),
    GrowthOutcome.OVERDUE: _("overdue"),
}


def _customer() -> Any:
    return models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )


def _line(related_name: str) -> Any:
    return models.ForeignKey(
        CreditLine, on_delete=models.PROTECT, related_name=related_name,
        verbose_name=_("credit line"), db_index=False,
    )  # fmt: skip


class ModelInputs(models.Model):
    """What the model part of a limit was computed from; append-only, the latest row is in force.

    ``assets`` lists kind and number of each asset, where the number is a reference of the proof and
    never a number of the customer's document. ``agreed_part`` replaces the model part where a
    person decided another limit (LIMIT-2): that limit without the growth factor of the day, exact.
    """

    customer = _customer()
    line = _line("inputs")
    effective_on = models.DateField(_("effective on"))
    at = models.DateTimeField(_("at"))
    income_fen = models.BigIntegerField(_("verified monthly income"))
    occupation_permille = models.IntegerField(_("occupation factor"))
    assets = models.JSONField(_("assets"), default=list)
    consumption_permille = models.IntegerField(_("consumption factor"))
    has_low_income_override = models.BooleanField(_("cap of low incomes lifted"), default=False)
    agreed_part = models.TextField(_("agreed model part"), default="", blank=True)
    evidence = models.CharField(_("evidence"), max_length=200, blank=True)
    changed_by = models.CharField(_("actor"), max_length=150)

    class Meta:
        verbose_name = _("model inputs")
        verbose_name_plural = _("model inputs")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="model_inputs_signs",
                condition=Q(
                    income_fen__gte=0, occupation_permille__gt=0, consumption_permille__gt=0
                ),
            ),
            models.CheckConstraint(
                name="model_inputs_exact",
                condition=Q(agreed_part="") | Q(agreed_part__regex=EXACT),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["line", "id"], name="model_inputs_line")]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class GrowthCause(models.TextChoices):
    """Causes of a growth step."""

    BILL = "bill", _("bill")
    ANNIVERSARY = "anniversary", _("anniversary")


class GrowthChange(models.Model):
    """A step of the growth factor of a line, exact; append-only (LIMIT-10, LIMIT-11, SCORE-10).

    A report of a bill counts once. ``bill`` names the bill, whose outcome a later report corrects.
    """

    customer = _customer()
    line = _line("growth_changes")
    effective_on = models.DateField(_("effective on"))
    at = models.DateTimeField(_("at"))
    cause = models.CharField(_("cause"), max_length=20, choices=GrowthCause.choices)
    conduct = models.OneToOneField(
        Conduct, on_delete=models.PROTECT, related_name="+", null=True,
        verbose_name=_("payment history record"),
    )  # fmt: skip
    bill = models.CharField(_("bill"), max_length=60, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=20, blank=True, choices=choices(GrowthOutcome, OUTCOMES)
    )
    points = models.IntegerField(_("growth points"), null=True)
    before = models.TextField(_("factor before"))
    after = models.TextField(_("factor after"))

    class Meta:
        verbose_name = _("growth step")
        verbose_name_plural = _("growth steps")
        default_permissions = ("view",)
        constraints: ClassVar = [
            code_check("growth_change_cause", GrowthCause, column="cause"),
            models.CheckConstraint(
                name="growth_change_fits_cause",
                condition=Q(
                    cause=GrowthCause.BILL, conduct__isnull=False, points__isnull=True,
                    outcome__in=[one.value for one in GrowthOutcome],
                )
                | Q(
                    cause=GrowthCause.ANNIVERSARY, conduct__isnull=True, points__gte=0, outcome=""
                ),
            ),
            models.CheckConstraint(
                name="growth_change_exact",
                condition=Q(before__regex=EXACT, after__regex=EXACT),
            ),
            models.UniqueConstraint(
                fields=["customer", "line", "effective_on"],
                condition=Q(cause=GrowthCause.ANNIVERSARY),
                name="growth_change_anniversary",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["line", "id"], name="growth_change_line")]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def factor(self) -> Fraction:
        """Return the factor after the step."""
        return Fraction(self.after)


class PaymentMonth(models.Model):
    """The days of a month with at least one payment of a customer, as bits (SCORE-10).

    The lowest bit is the first day. The feature record reports the days; a day that was reported
    before changes nothing.
    """

    customer = _customer()
    month_on = models.DateField(_("month"))
    day_bits = models.BigIntegerField(_("days with a payment"))

    class Meta:
        verbose_name = _("payment days of a month")
        verbose_name_plural = _("payment days of months")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "month_on"], name="payment_month_once"),
            models.CheckConstraint(
                name="payment_month_days",
                condition=Q(day_bits__gte=0, day_bits__lt=2**31, month_on__day=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class LimitChange(models.Model):
    """A change of a limit or of its target, with its rule and reason; append-only (LIMIT-14).

    Where the target alone changes, old and new are equal. A limit moves at most once a day
    (LIMIT-5), and starts where the line stands. Customers name a change by ``public_id``.
    """

    # Made by the database: the walks write thousands of rows by COPY.
    public_id = models.UUIDField(_("public id"), db_default=RandomUUID(), editable=False)
    customer = _customer()
    line = _line("changes")
    effective_on = models.DateField(_("effective on"))
    at = models.DateTimeField(_("at"))
    old_fen = models.BigIntegerField(_("old limit"))
    new_fen = models.BigIntegerField(_("new limit"))
    target_fen = models.BigIntegerField(_("target"))
    rule = models.CharField(_("rule"), max_length=20)
    reason = models.CharField(_("reason"), max_length=60)
    facts = models.JSONField(_("facts"), null=True)
    changed_by = models.CharField(_("actor"), max_length=150)
    evidence = models.CharField(_("evidence"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("limit change")
        verbose_name_plural = _("limit changes")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                name="limit_change_signs",
                condition=Q(old_fen__gte=0, new_fen__gt=0, target_fen__gt=0),
            ),
            models.CheckConstraint(
                name="limit_change_has_a_reason", condition=~Q(rule="") & ~Q(reason="")
            ),
            models.UniqueConstraint(
                fields=["customer", "line", "effective_on"],
                condition=~Q(old_fen=F("new_fen")),
                name="limit_change_once_a_day",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["line", "id"], name="limit_change_line")]
        triggers: ClassVar = [
            *append_only(),
            pgtrigger.Trigger(
                name="starts_at_the_limit",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("stands_fen", "bigint")],
                func=(
                    "SELECT limit_fen INTO stands_fen FROM risk_creditline WHERE id = NEW.line_id;"
                    " IF NEW.old_fen <> stands_fen AND NOT (NEW.old_fen = 0 AND NEW.new_fen ="
                    " stands_fen AND NOT EXISTS (SELECT FROM risk_limitchange WHERE line_id ="
                    " NEW.line_id)) THEN RAISE EXCEPTION 'credit line %: the change starts at % and"
                    " the limit is %', NEW.line_id, NEW.old_fen, stands_fen USING ERRCODE ="
                    " 'check_violation', CONSTRAINT = 'limit_change_starts'; END IF; RETURN NEW;"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
