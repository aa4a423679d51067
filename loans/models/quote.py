"""The cost sheet that a customer reads and confirms before a drawdown or a conversion (LAW-2)."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

import django_fsm
import pgtrigger
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import (
    CompositeForeignKey,
    Guard,
    InitialState,
    code_check,
    state_check,
)
from backoffice.core.states import StateField, choices
from loans.accounting.rules.codes import Plan
from loans.contracts.rules.codes import QuotePurpose, QuoteState, Scenario
from loans.models.bill import Bill
from loans.models.loan import PLANS, ContractTerms, Loan

PURPOSES = choices(
    QuotePurpose,
    {QuotePurpose.DRAWDOWN: _("drawdown"), QuotePurpose.CONVERSION: _("conversion of a bill")},
)
QUOTE_STATES = choices(
    QuoteState,
    {
        QuoteState.OFFERED: _("offered"),
        QuoteState.SHOWN: _("shown"),
        QuoteState.CONFIRMED: _("confirmed"),
        QuoteState.USED: _("used"),
        QuoteState.EXPIRED: _("expired"),
    },
)
SCENARIOS = choices(
    Scenario, {Scenario.EDUCATION: _("education"), Scenario.MEDICAL: _("medical care")}
)
_OFFERED = (
    "public_id", "customer_id", "purpose", "bill_id", "amount_fen", "plan", "scenario", "score",
    "daily_rate_ppm", "factor_permille", "terms_id", "drawn_on", "first_due_on", "sheet",
    "text_zh", "text_en", "digest", "must_read_seconds", "offered_at", "expires_at",
)  # fmt: skip
_ONCE = ("shown_at", "seconds_read", "confirmed_at", "used_at", "loan_id")
_CONFIRMED = (QuoteState.CONFIRMED.value, QuoteState.USED.value)


def _is_changed() -> str:
    """Return the SQL condition that what was offered changes, or what was noted once."""
    new, old = (", ".join(f"{row}.{name}" for name in _OFFERED) for row in ("NEW", "OLD"))
    once = (f"(OLD.{n} IS NOT NULL AND NEW.{n} IS DISTINCT FROM OLD.{n})" for n in _ONCE)
    return f"(({new}) IS DISTINCT FROM ({old}) OR {' OR '.join(once)})"


_SHEET_STAYS = pgtrigger.Trigger(
    name="sheet_stays",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(_is_changed()),
    func=(
        "RAISE EXCEPTION 'quote %: what was offered, read or confirmed is never changed', NEW.id "
        "USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_sheet_stays';"
    ),
)
_READ_LONG_ENOUGH = F("shown_at") + ExpressionWrapper(
    F("must_read_seconds") * Value(timedelta(seconds=1)), output_field=models.DurationField()
)


class Quote(django_fsm.FSMModelMixin, models.Model):
    """A cost sheet: what was offered, when it was shown, how long it was read, what came of it.

    States: offered -> shown -> confirmed -> used; offered, shown or confirmed -> expired.
    ``drawn_on`` is the day that its schedule starts on; a quote ends with that day at the latest.
    ``daily_rate_ppm`` is 0 of a plan, whose fee replaces interest; ``factor_permille`` is kept
    apart from the rate (RATE-10). ``digest`` is the SHA-256 of sheet and texts in canonical JSON.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="quotes", verbose_name=_("customer")
    )
    state = StateField(
        _("state"),
        choices=QUOTE_STATES,
        default=QuoteState.OFFERED.value,
        max_length=20,
        protected=True,
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=PURPOSES)
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, null=True, related_name="quotes", db_constraint=False,
        verbose_name=_("converted bill"),
    )  # fmt: skip
    loan = models.OneToOneField(
        Loan, on_delete=models.PROTECT, null=True, related_name="quote", verbose_name=_("loan")
    )
    amount_fen = models.BigIntegerField(_("amount"))
    plan = models.CharField(_("plan"), max_length=10, choices=PLANS)
    scenario = models.CharField(_("scenario"), max_length=12, choices=SCENARIOS, blank=True)
    score = models.IntegerField(_("score"), null=True)
    daily_rate_ppm = models.IntegerField(_("daily rate"))
    factor_permille = models.IntegerField(_("factor of the scenario"), default=1000)
    terms = models.ForeignKey(
        ContractTerms, on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("terms"),
    )  # fmt: skip
    drawn_on = models.DateField(_("drawn on"))
    first_due_on = models.DateField(_("first due on"))
    sheet: Any = models.JSONField(_("cost sheet"))
    text_zh = models.TextField(_("text in Chinese"))
    text_en = models.TextField(_("text in English"))
    digest = models.CharField(_("digest of the cost sheet"), max_length=64)
    must_read_seconds = models.SmallIntegerField(_("forced reading time in seconds"))
    offered_at = models.DateTimeField(_("offered at"))
    expires_at = models.DateTimeField(_("valid until"))
    shown_at = models.DateTimeField(_("shown at"), null=True)
    seconds_read = models.IntegerField(_("read for seconds"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("cost sheet")
        verbose_name_plural = _("cost sheets")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=Q(state__in=["offered", "shown", "confirmed"]),
                name="quote_open",
            )
        ]
        constraints: ClassVar = [
            state_check("quote_state", QuoteState),
            code_check("quote_purpose", QuotePurpose, column="purpose"),
            code_check("quote_plan", Plan, column="plan"),
            models.CheckConstraint(
                name="quote_scenario",
                condition=Q(scenario="", factor_permille=1000)
                | Q(
                    scenario__in=[one.value for one in Scenario],
                    purpose=QuotePurpose.DRAWDOWN.value,
                    plan=Plan.BULLET.value,
                ),
            ),
            models.CheckConstraint(
                name="quote_bill_of_conversion",
                condition=Q(purpose=QuotePurpose.DRAWDOWN.value, bill__isnull=True)
                | (
                    Q(purpose=QuotePurpose.CONVERSION.value, bill__isnull=False, loan__isnull=True)
                    & ~Q(plan=Plan.BULLET.value)
                ),
            ),
            models.CheckConstraint(
                name="quote_signs",
                condition=Q(
                    amount_fen__gt=0,
                    daily_rate_ppm__gte=0,
                    factor_permille__range=(1, 1000),
                    must_read_seconds__gt=0,
                    expires_at__gt=F("offered_at"),
                    first_due_on__gt=F("drawn_on"),
                ),
            ),
            models.CheckConstraint(
                name="quote_confirmed_was_read",
                condition=Q(seconds_read__isnull=True, confirmed_at__isnull=True)
                | Q(
                    shown_at__isnull=False,
                    confirmed_at__isnull=False,
                    seconds_read__isnull=False,
                    seconds_read__gte=F("must_read_seconds"),
                    confirmed_at__gte=_READ_LONG_ENOUGH,
                    confirmed_at__lt=F("expires_at"),
                ),
            ),
            models.CheckConstraint(
                name="quote_states_have_moments",
                condition=Q(state=QuoteState.EXPIRED.value, used_at__isnull=True)
                | Q(state=QuoteState.OFFERED.value, shown_at=None, confirmed_at=None, used_at=None)
                | Q(
                    state=QuoteState.SHOWN.value, shown_at__isnull=False, confirmed_at=None,
                    used_at=None,
                )
                | Q(state=QuoteState.CONFIRMED.value, confirmed_at__isnull=False, used_at=None)
                | Q(
                    state=QuoteState.USED.value, confirmed_at__isnull=False,
                    used_at__gte=F("confirmed_at"),
                ),
            ),
            models.CheckConstraint(
                name="quote_loan_of_used", condition=Q(loan=None) | Q(used_at__isnull=False)
            ),
            CompositeForeignKey(
                name="quote_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
        ]  # fmt: skip
        triggers: ClassVar = [Guard(), InitialState(QuoteState.OFFERED), _SHEET_STAYS]

    def __str__(self) -> str:
        return f"Q{self.pk}"

    @django_fsm.transition(field=state, source=QuoteState.OFFERED, target=QuoteState.SHOWN)
    def show(self, *, at: datetime) -> None:
        """The customer has received the sheet: the reading time begins."""
        self.shown_at = at

    @django_fsm.transition(field=state, source=QuoteState.SHOWN, target=QuoteState.CONFIRMED)
    def confirm_sheet(self, *, at: datetime, seconds_read: int) -> None:
        """The customer has read the sheet and confirms it."""
        self.seconds_read = seconds_read
        self.confirmed_at = at

    @django_fsm.transition(field=state, source=QuoteState.CONFIRMED, target=QuoteState.USED)
    def use(self, *, at: datetime) -> None:
        """A drawdown or a conversion is made under the sheet."""
        self.used_at = at

    @django_fsm.transition(
        field=state,
        source=[QuoteState.OFFERED, QuoteState.SHOWN, QuoteState.CONFIRMED],
        target=QuoteState.EXPIRED,
    )
    def expire(self, *, at: datetime) -> None:
        """Nothing was made under the sheet in its time."""
