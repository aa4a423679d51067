"""What a customer is asked for on a due date."""

from datetime import date, datetime
from typing import ClassVar

import django_fsm
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import Guard, InitialState, code_check, state_check
from backoffice.core.states import StateField, choices
from loans.accounting.rules.codes import CLOSED_STATES, BillState, DebitMode

BILL_STATES = choices(
    BillState,
    {
        BillState.OPEN: _("open"),
        BillState.BILLED: _("billed"),
        BillState.PAID: _("paid"),
        BillState.MIN_PAID: _("minimum paid"),
        BillState.GRACE: _("in grace"),
        BillState.CARRIED: _("small balance carried forward"),
        BillState.CONVERTED: _("converted"),
        BillState.EXTENDED: _("extended"),
        BillState.OVERDUE: _("overdue"),
    },
)
DEBIT_MODES = choices(
    DebitMode,
    {
        DebitMode.FULL: _("everything due"),
        DebitMode.MINIMUM: _("the minimum"),
        DebitMode.OFF: _("nothing"),
    },
)


class Bill(django_fsm.FSMModelMixin, models.Model):
    """One bill a person and month: what was printed, what was paid since, how it is collected.

    States: open -> billed -> paid, min_paid, grace, converted or extended; grace -> paid,
    min_paid, carried, extended or overdue; overdue, carried -> paid; extended, converted ->
    billed; every closed state -> billed (reopened). A bill is inserted as it is issued: billed.
    The debit cycle counts refusals of ``cycle``, whose first attempt is due on ``cycle_on``;
    ``debit_on`` is the day of the next attempt (REPAY-10, 11, 18).
    """

    public_id = models.UUIDField(  # looked up among the bills of its customer
        _("public id"), db_default=RandomUUID(), editable=False
    )
    customer = models.ForeignKey(  # found through the unique index of (customer, due_on)
        Customer, on_delete=models.PROTECT, related_name="bills", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=BILL_STATES,
        default=BillState.OPEN.value,
        max_length=20,
        protected=True,
    )
    due_on = models.DateField(_("due on"))
    billed_on = models.DateField(_("billed on"))
    total_fen = models.BigIntegerField(_("bill total"))
    # What the bill's own part asks at least; what is past due comes on top of it (REPAY-7).
    minimum_fen = models.BigIntegerField(_("minimum payment"))
    past_due_fen = models.BigIntegerField(_("past due on the bill date"), default=0)
    mode = models.CharField(
        _("direct debit of"), max_length=10, choices=DEBIT_MODES, default=DebitMode.FULL.value
    )
    paid_fen = models.BigIntegerField(_("paid"), default=0)
    waived_fen = models.BigIntegerField(_("waived by staff"), default=0)
    last_paid_on = models.DateField(_("last paid on"), null=True, blank=True)
    shortfall_fen = models.BigIntegerField(
        _("balance after the last payment"), null=True, blank=True
    )
    cycle = models.SmallIntegerField(_("debit cycle"), default=1)
    cycle_on = models.DateField(_("cycle from"))
    refusals = models.SmallIntegerField(_("failed attempts"), default=0)
    tries = models.SmallIntegerField(_("technical tries"), default=0)
    debit_on = models.DateField(_("next debit on"), null=True, blank=True)
    closed_through = models.DateField(_("closed through"), null=True, blank=True)
    refused_on = models.DateField(_("first failed attempt on"), null=True, blank=True)
    charged_at_due_fen = models.BigIntegerField(_("charges at due date"), default=0)
    late_fee_fen = models.BigIntegerField(_("late fee"), default=0)
    late_fee_on = models.DateField(_("late fee on"), null=True, blank=True)
    overdue_on = models.DateField(_("overdue on"), null=True, blank=True)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        indexes: ClassVar = [
            models.Index(fields=["due_on", "id"], name="bill_due"),
            models.Index(fields=["debit_on", "id"], name="bill_debit"),
        ]
        constraints: ClassVar = [
            state_check("bill_state", BillState),
            code_check("bill_mode", DebitMode, column="mode"),
            models.UniqueConstraint(fields=["customer", "due_on"], name="bill_one_a_due_date"),
            models.UniqueConstraint(fields=["id", "customer"], name="bill_of_customer"),
            models.CheckConstraint(
                name="bill_signs",
                condition=Q(
                    total_fen__gt=0,
                    minimum_fen__range=(0, models.F("total_fen")),
                    paid_fen__gte=0,
                    past_due_fen__gte=0,
                    waived_fen__gte=0,
                    late_fee_fen__gte=0,
                    charged_at_due_fen__gte=0,
                    cycle__gte=1,
                    refusals__range=(0, 3),
                    tries__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="bill_paid_has_a_day",
                condition=Q(paid_on__isnull=True) | Q(state=BillState.PAID.value),
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(BillState.OPEN, BillState.BILLED)]

    def __str__(self) -> str:
        return f"B{self.pk} {self.due_on}"

    @property
    def printed_minimum_fen(self) -> int:
        """Return the minimum payment as it is printed: with what is past due (REPAY-7)."""
        return self.past_due_fen + self.minimum_fen

    @django_fsm.transition(
        field=state,
        source=[BillState.OPEN, BillState.EXTENDED, BillState.CONVERTED],
        target=BillState.BILLED,
    )
    def issue(self, *, at: datetime) -> None:
        """Ask the customer for the bill."""

    @django_fsm.transition(
        field=state,
        source=[BillState.BILLED, BillState.GRACE, BillState.OVERDUE, BillState.CARRIED],
        target=BillState.PAID,
    )
    def pay(self, *, at: datetime) -> None:
        """Nothing of the bill is owed any more."""
        self.paid_on = self.last_paid_on

    @django_fsm.transition(
        field=state, source=[BillState.BILLED, BillState.GRACE], target=BillState.MIN_PAID
    )
    def settle_minimum(self, *, at: datetime) -> None:
        """The minimum was met: the rest revolves (REPAY-9, REPAY-15)."""

    @django_fsm.transition(field=state, source=BillState.BILLED, target=BillState.GRACE)
    def enter_grace(self, *, at: datetime) -> None:
        """The due date passed unpaid (REPAY-12)."""

    @django_fsm.transition(field=state, source=BillState.GRACE, target=BillState.CARRIED)
    def carry(self, *, at: datetime) -> None:
        """A small balance waits for the next bill (REPAY-16)."""

    @django_fsm.transition(field=state, source=BillState.GRACE, target=BillState.OVERDUE)
    def record_overdue(self, *, at: datetime, on: date) -> None:
        """Grace is over and the attempts have failed (REPAY-12)."""
        self.overdue_on = on

    @django_fsm.transition(field=state, source=BillState.BILLED, target=BillState.CONVERTED)
    def convert(self, *, at: datetime) -> None:
        """Principal of the bill became an instalment plan; what is left is asked (REPAY-6)."""

    @django_fsm.transition(
        field=state, source=[BillState.BILLED, BillState.GRACE], target=BillState.EXTENDED
    )
    def extend(self, *, at: datetime) -> None:
        """The due date was moved with the staff's approval (FAQ-7)."""

    @django_fsm.transition(
        field=state,
        source=[*CLOSED_STATES, BillState.GRACE, BillState.OVERDUE],
        target=BillState.BILLED,
    )
    def reopen(self, *, at: datetime) -> None:
        """A reversal or an earlier value date: the bill's moves are replayed (GEN-9)."""
        self.paid_on = self.overdue_on = None
