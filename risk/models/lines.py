"""The credit line of a customer and its states."""

from datetime import datetime
from fractions import Fraction
from typing import ClassVar

import django_fsm
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField
from risk.lines.rules import PERMILLE, LineAmounts, uncovered_fen, uncovered_sql

EXACT = r"^[0-9]+(/[0-9]+)?$"  # an exact number, as a whole one or as a fraction
NO_MODEL_PART = ""


class CreditLineState(models.TextChoices):
    """States of a credit line."""

    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    FROZEN = "frozen", _("frozen")
    CLOSED = "closed", _("closed")


class CreditLineQuerySet(models.QuerySet["CreditLine"]):
    """Queries by the available amount."""

    def usable_at_least(self, amount_fen: int) -> "CreditLineQuerySet":
        """Return active lines with at least this amount available (LIMIT-9)."""
        columns = LineAmounts(*map(F, LineAmounts._fields))
        available = uncovered_fen(columns, thousandth=lambda fen: fen / PERMILLE)
        return (
            self.filter(state=CreditLineState.ACTIVE)
            .alias(available=available)
            .filter(available__gte=amount_fen)
        )


class CreditLine(django_fsm.FSMModelMixin, models.Model):
    """The credit limit of a customer; one open line per customer (ELIG-8).

    States: active <-> suspended; active or suspended <-> frozen; any of them -> closed. The
    available amount is checked at the reservation only: a limit may fall below what is drawn, and a
    reversed payment draws again.

    The limit follows ``model_part`` x ``growth``, which are exact, in daily steps to
    ``target_fen`` (LIMIT-5, LIMIT-10). A line without a model part keeps its limit. The line is
    suspended while the model gives less than the lowest limit (``is_below_minimum``) and while
    somebody else stopped it (``is_stopped``); it resumes when neither holds.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="lines", verbose_name=_("customer")
    )
    state = StateField(
        _("state"),
        choices=CreditLineState.choices,
        default=CreditLineState.ACTIVE,
        max_length=20,
        protected=True,
    )
    limit_fen = models.BigIntegerField(_("limit"))
    temporary_fen = models.BigIntegerField(_("temporary limit"), default=0)
    buffer_permille = models.IntegerField(_("buffer"))
    held_fen = models.BigIntegerField(_("held"), default=0)
    reserved_fen = models.BigIntegerField(_("reserved"), default=0)
    drawn_fen = models.BigIntegerField(_("drawn"), default=0)
    opened_on = models.DateField(_("opened on"))
    # Written by default in the database too: an import names only the columns it fills.
    model_part = models.TextField(_("model part"), default="", db_default="", blank=True)
    growth = models.TextField(_("growth factor"), default="1", db_default="1")
    target_fen = models.BigIntegerField(_("target"), null=True, blank=True)
    # Bills due before were weighed by what the line was granted or imported with.
    growth_since_on = models.DateField(_("growth counts from"), null=True, blank=True)
    anniversary_on = models.DateField(_("next anniversary"), null=True, blank=True)
    walked_on = models.DateField(_("limit last computed on"), null=True, blank=True)
    is_below_minimum = models.BooleanField(
        _("below the lowest limit"), default=False, db_default=False
    )
    is_stopped = models.BooleanField(_("stopped"), default=False, db_default=False)

    objects = CreditLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit line")
        verbose_name_plural = _("credit lines")
        permissions: ClassVar = [
            ("suspend_creditline", "Can suspend and resume a credit line"),
            ("freeze_creditline", "Can freeze and unfreeze a credit line"),
            ("propose_limitreview", "Can propose a limit review"),
            ("decide_limitreview", "Can decide a limit review"),
        ]
        constraints: ClassVar = [
            state_check("credit_line_state", CreditLineState),
            models.UniqueConstraint(
                fields=["customer"],
                condition=~Q(state=CreditLineState.CLOSED),
                name="credit_line_one_open",
            ),
            models.CheckConstraint(
                name="credit_line_signs",
                condition=Q(
                    limit_fen__gte=0,
                    temporary_fen__gte=0,
                    held_fen__gte=0,
                    reserved_fen__gte=0,
                    drawn_fen__gte=0,
                    buffer_permille__range=(0, 1000),
                ),
            ),
            models.CheckConstraint(
                name="credit_line_exact",
                condition=Q(growth__regex=EXACT)
                & (
                    Q(model_part=NO_MODEL_PART, target_fen__isnull=True)
                    | Q(model_part__regex=EXACT, target_fen__gt=0)
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=~Q(target_fen=F("limit_fen")) & ~Q(state=CreditLineState.CLOSED),
                name="credit_line_walking",
            ),
            models.Index(
                fields=["anniversary_on"],
                condition=~Q(state=CreditLineState.CLOSED),
                name="credit_line_anniversary",
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(CreditLineState.ACTIVE),
            pgtrigger.Trigger(
                name="limit_is_explained",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.limit_fen <> OLD.limit_fen"),
                func=(
                    "IF NEW.limit_fen IS DISTINCT FROM (SELECT new_fen FROM risk_limitchange WHERE "
                    "line_id = NEW.id ORDER BY id DESC LIMIT 1) THEN RAISE EXCEPTION 'credit line "
                    "%: a limit without its change', NEW.id USING ERRCODE = 'check_violation', "
                    "CONSTRAINT = 'credit_line_limit_explained'; END IF; RETURN NEW;"
                ),
            ),
            pgtrigger.Trigger(
                name="reservation_within_limit",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.reserved_fen > OLD.reserved_fen "
                    f"AND (NEW.state <> 'active' OR {uncovered_sql('NEW')} < 0)"
                ),
                func=(
                    "RAISE EXCEPTION 'credit line %: reservation above available', NEW.id "
                    "USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_line_available';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"L{self.pk}"

    @property
    def unrounded(self) -> Fraction | None:
        """Return model part x growth, before the lender's cap; None without a model part."""
        return Fraction(self.model_part) * Fraction(self.growth) if self.model_part else None

    @django_fsm.transition(
        field=state, source=CreditLineState.ACTIVE, target=CreditLineState.SUSPENDED
    )
    def suspend(self, *, at: datetime) -> None:
        """Stop new drawdowns (REPAY-18)."""

    @django_fsm.transition(
        field=state, source=CreditLineState.SUSPENDED, target=CreditLineState.ACTIVE
    )
    def resume(self, *, at: datetime) -> None:
        """Allow drawdowns again after a full cure (REPAY-19)."""

    @django_fsm.transition(
        field=state,
        source=[CreditLineState.ACTIVE, CreditLineState.SUSPENDED],
        target=CreditLineState.FROZEN,
    )
    def freeze(self, *, at: datetime) -> None:
        """Stop everything but repayments on suspicion of fraud (SEC-11)."""

    @django_fsm.transition(
        field=state, source=CreditLineState.FROZEN, target=CreditLineState.ACTIVE
    )
    def unfreeze(self, *, at: datetime) -> None:
        """Lift a freeze."""

    @django_fsm.transition(
        field=state, source=CreditLineState.FROZEN, target=CreditLineState.SUSPENDED
    )
    def unfreeze_suspended(self, *, at: datetime) -> None:
        """Lift a freeze on a line that was suspended before."""

    @django_fsm.transition(
        field=state,
        source=[CreditLineState.ACTIVE, CreditLineState.SUSPENDED, CreditLineState.FROZEN],
        target=CreditLineState.CLOSED,
    )
    def close(self, *, at: datetime) -> None:
        """End the line."""
