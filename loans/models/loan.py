"""One drawdown, the parts of it that fall due, and the terms it was signed under."""

from datetime import date, datetime
from typing import ClassVar

import django_fsm
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import BankCard, Customer
from backoffice.core.guards import Guard, InitialState, append_only, code_check, state_check
from backoffice.core.states import StateField, choices
from loans.accounting.rules.codes import Accrual, LoanState, Plan
from loans.contracts.rules.purposes import LoanPurpose
from risk.models import CreditLine


class ContractTerms(models.Model):
    """The product numbers a contract was signed under; contracts never read policy again."""

    digest = models.CharField(_("digest"), max_length=64, unique=True)
    numbers = models.JSONField(_("numbers"))

    class Meta:
        verbose_name = _("contract terms")
        verbose_name_plural = _("contract terms")
        default_permissions = ("view",)
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return self.digest[:12]


PLANS = choices(
    Plan,
    {
        Plan.BULLET: _("bullet"),
        Plan.PLAN_3: _("3 instalments"),
        Plan.PLAN_6: _("6 instalments"),
        Plan.PLAN_12: _("12 instalments"),
    },
)
LOAN_STATES = choices(
    LoanState,
    {
        LoanState.CREATED: _("created"),
        LoanState.DISBURSING: _("disbursing"),
        LoanState.ACTIVE: _("active"),
        LoanState.OVERDUE: _("overdue"),
        LoanState.SETTLED: _("settled"),
        LoanState.CHARGED_OFF: _("charged off"),
        LoanState.RECOVERED: _("recovered"),
        LoanState.CANCELLED: _("cancelled"),
    },
)
PURPOSES = choices(
    LoanPurpose,
    {
        LoanPurpose.EDUCATION: _("education"),
        LoanPurpose.MEDICAL: _("medical treatment"),
        LoanPurpose.RENOVATION: _("home renovation"),
        LoanPurpose.APPLIANCES: _("appliances and electronics"),
        LoanPurpose.TRAVEL: _("travel"),
        LoanPurpose.WEDDING: _("wedding"),
        LoanPurpose.DAILY: _("daily consumption"),
        LoanPurpose.PROPERTY: _("purchase of property"),
        LoanPurpose.STOCKS: _("stocks and securities"),
        LoanPurpose.INVESTMENT: _("investment and wealth products"),
        LoanPurpose.OTHER_LOANS: _("repayment of other loans"),
    },
)
ACCRUALS = choices(
    Accrual,
    {
        Accrual.NONE: _("nothing"),
        Accrual.OWN: _("interest"),
        Accrual.REVOLVING: _("interest at 1.5 times the rate"),
        Accrual.PENALTY: _("penalty interest"),
    },
)


class Loan(django_fsm.FSMModelMixin, models.Model):
    """One drawdown and what is still owed on it.

    States: created -> disbursing -> active <-> overdue; active or overdue -> settled (nothing
    owed) or charged_off; charged_off -> recovered (nothing owed); created or disbursing ->
    cancelled; settled, charged_off or recovered -> active (reopened); cancelled -> active (the
    bank had paid after all). Nothing is owed before the money is out: until then
    ``unpaid_principal_fen`` is 0 and ``drawn_on`` the day of the request.
    ``rate_factor_permille`` lowers the rate of a loan for a purpose with a preferred rate, which
    is shown by ``proof_until_on`` or ends (RATE-10).
    A bullet converted on ``converted_on`` is repaid by the plan ``converted_to``: its first
    instalment keeps what the bill asked beside the principal, the plan's rows follow (REPAY-6).
    Charges are posted for the nights before ``accrued_on``; the cap of RATE-7 compares
    ``charged_fen`` with ``principal_nights_fen`` (principal summed over those nights).
    """

    public_id = models.UUIDField(  # looked up among the loans of its customer
        _("public id"), db_default=RandomUUID(), editable=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="loans", verbose_name=_("customer")
    )
    line = models.ForeignKey(
        CreditLine, on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("credit line"),
    )  # fmt: skip
    terms = models.ForeignKey(
        ContractTerms, on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("terms"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=LOAN_STATES,
        default=LoanState.CREATED.value,
        max_length=20,
        protected=True,
    )
    plan = models.CharField(_("plan"), max_length=10, choices=PLANS)
    principal_fen = models.BigIntegerField(_("principal"))
    daily_rate_ppm = models.IntegerField(_("daily rate"))
    # Written by default in the database too: a portfolio names only the columns it fills.
    rate_factor_permille = models.IntegerField(_("rate factor"), default=1000, db_default=1000)
    proof_until_on = models.DateField(_("proof of use until"), null=True, blank=True)
    proven_on = models.DateField(_("use proven on"), null=True, blank=True)
    purpose = models.CharField(
        _("purpose"), max_length=20, choices=PURPOSES, blank=True, default="", db_default=""
    )
    card = models.ForeignKey(
        BankCard, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("paid out to"),
    )  # fmt: skip
    drawn_on = models.DateField(_("drawn on"))
    unpaid_principal_fen = models.BigIntegerField(_("unpaid principal"))
    accrued_on = models.DateField(_("accrued to"))
    principal_nights_fen = models.BigIntegerField(_("principal times nights"), default=0)
    charged_fen = models.BigIntegerField(_("charged"), default=0)
    waived_fen = models.BigIntegerField(_("waived by the cap"), default=0)
    overdue_on = models.DateField(_("overdue on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    converted_on = models.DateField(_("converted on"), null=True, blank=True)
    converted_to = models.CharField(
        _("converted to"), max_length=10, choices=PLANS, blank=True, default="", db_default=""
    )

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        permissions: ClassVar = [("prove_use", "Can record the proof of use of a loan")]
        constraints: ClassVar = [
            state_check("loan_state", LoanState),
            code_check("loan_plan", Plan, column="plan"),
            models.UniqueConstraint(fields=["id", "customer"], name="loan_of_customer"),
            models.CheckConstraint(
                name="loan_signs",
                condition=Q(
                    principal_fen__gt=0,
                    unpaid_principal_fen__gte=0,
                    daily_rate_ppm__gte=0,
                    charged_fen__gte=0,
                    waived_fen__gte=0,
                    principal_nights_fen__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="loan_rate_factor",
                condition=Q(rate_factor_permille__range=(1, 1000))
                & (Q(rate_factor_permille=1000) | Q(proof_until_on__isnull=False)),
            ),
            models.CheckConstraint(
                name="loan_converted",
                condition=Q(converted_on=None, converted_to="")
                | Q(
                    converted_on__isnull=False,
                    plan=Plan.BULLET.value,
                    converted_to__in=[one.value for one in Plan if one != Plan.BULLET],
                ),
            ),
            models.CheckConstraint(
                name="loan_owes_nothing_before_its_money",
                condition=~Q(
                    state__in=[
                        LoanState.CREATED.value,
                        LoanState.DISBURSING.value,
                        LoanState.CANCELLED.value,
                    ]
                )
                | Q(unpaid_principal_fen=0),
            ),
            models.CheckConstraint(
                name="loan_unpaid_within_principal",
                condition=Q(unpaid_principal_fen__lte=models.F("principal_fen")),
            ),
            models.CheckConstraint(
                name="loan_settled_owes_nothing",
                condition=~Q(state__in=[LoanState.SETTLED.value, LoanState.RECOVERED.value])
                | Q(unpaid_principal_fen=0, ended_on__isnull=False),
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(LoanState.CREATED, LoanState.DISBURSING)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def current_plan(self) -> Plan:
        """Return how the loan is repaid now: as it was drawn, or as it was converted."""
        return Plan(self.converted_to or self.plan)

    @django_fsm.transition(field=state, source=LoanState.CREATED, target=LoanState.DISBURSING)
    def disburse(self, *, at: datetime) -> None:
        """The money was ordered to be paid out."""

    @django_fsm.transition(
        field=state, source=[LoanState.DISBURSING, LoanState.CANCELLED], target=LoanState.ACTIVE
    )
    def activate(self, *, at: datetime, on: date) -> None:
        """The bank has paid the money out on a day, perhaps after it first refused to."""
        self.drawn_on = self.accrued_on = on
        self.unpaid_principal_fen = self.principal_fen
        self.ended_on = None

    @django_fsm.transition(
        field=state, source=[LoanState.CREATED, LoanState.DISBURSING], target=LoanState.CANCELLED
    )
    def cancel(self, *, at: datetime, on: date) -> None:
        """The money was never paid out."""
        self.ended_on = on

    @django_fsm.transition(field=state, source=LoanState.ACTIVE, target=LoanState.OVERDUE)
    def record_overdue(self, *, at: datetime, on: date) -> None:
        """A bill of the loan was classified as overdue (REPAY-12)."""
        self.overdue_on = on

    @django_fsm.transition(field=state, source=LoanState.OVERDUE, target=LoanState.ACTIVE)
    def cure(self, *, at: datetime) -> None:
        """Everything past due was paid; later parts are still to come."""
        self.overdue_on = None

    @django_fsm.transition(
        field=state, source=[LoanState.ACTIVE, LoanState.OVERDUE], target=LoanState.SETTLED
    )
    def settle(self, *, at: datetime, on: date) -> None:
        """Close a loan on which nothing is owed."""
        self.ended_on = on

    @django_fsm.transition(
        field=state, source=[LoanState.ACTIVE, LoanState.OVERDUE], target=LoanState.CHARGED_OFF
    )
    def charge_off(self, *, at: datetime, on: date) -> None:
        """Give the loan up as a loss; the claim stays."""
        self.ended_on = on

    @django_fsm.transition(field=state, source=LoanState.CHARGED_OFF, target=LoanState.RECOVERED)
    def recover(self, *, at: datetime, on: date) -> None:
        """Everything was paid that was owed on a loan given up as a loss."""
        self.ended_on = on

    @django_fsm.transition(
        field=state,
        source=[LoanState.SETTLED, LoanState.CHARGED_OFF, LoanState.RECOVERED],
        target=LoanState.ACTIVE,
    )
    def reopen(self, *, at: datetime) -> None:
        """A reversal or an earlier value date: what happened since is replayed (GEN-9)."""
        self.ended_on = None


class Instalment(models.Model):
    """A part of a loan that falls due on a day: the one part of a bullet, a row of a plan.

    Of a converted loan number 1 is what its bill keeps, and the rows of the plan follow (REPAY-6);
    rows of nothing belong to a conversion that an earlier value date has undone.

    The ``unpaid_*`` columns are charged and not yet paid; the fee of a plan row is charged when it
    falls due or is paid (RATE-7), until then it is ``uncharged_plan_fee_fen``. The accrual segment
    (``accrual``, ``segment_on``, ``segment_base_fen``) has posted ``segment_posted_fen`` of its
    contract amount, for the nights before the loan's ``accrued_on`` (GEN-3).
    """

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="instalments", db_index=False,
        verbose_name=_("loan"),
    )  # fmt: skip
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    bill = models.ForeignKey(
        "loans.Bill", on_delete=models.PROTECT, null=True, related_name="instalments",
        db_index=False, verbose_name=_("bill"),
    )  # fmt: skip
    number = models.SmallIntegerField(_("number"))
    due_on = models.DateField(_("due on"))
    principal_fen = models.BigIntegerField(_("principal"))
    plan_fee_fen = models.BigIntegerField(_("plan fee"), default=0)
    unpaid_principal_fen = models.BigIntegerField(_("unpaid principal"))
    unpaid_interest_fen = models.BigIntegerField(_("unpaid interest"), default=0)
    unpaid_plan_fee_fen = models.BigIntegerField(_("unpaid plan fee"), default=0)
    unpaid_late_fee_fen = models.BigIntegerField(_("unpaid late fee"), default=0)
    unpaid_penalty_fen = models.BigIntegerField(_("unpaid penalty interest"), default=0)
    accrual = models.CharField(_("accrues"), max_length=10, choices=ACCRUALS)
    segment_on = models.DateField(_("segment from"))
    segment_base_fen = models.BigIntegerField(_("segment base"), default=0)
    segment_posted_fen = models.BigIntegerField(_("segment posted"), default=0)
    late_fee_base_fen = models.BigIntegerField(_("late fee base"), default=0)
    uncharged_plan_fee_fen = models.BigIntegerField(
        _("plan fee not charged yet"), default=0, db_default=0
    )

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        indexes: ClassVar = [
            models.Index(fields=["due_on", "id"], name="instalment_due"),
            # The loans behind a bill are read from the index alone.
            models.Index(fields=["bill"], include=["loan"], name="instalment_bill"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "number"], name="instalment_once"),
            models.UniqueConstraint(fields=["id", "loan"], name="instalment_of_loan"),
            code_check("instalment_accrual", Accrual, column="accrual"),
            models.CheckConstraint(
                name="instalment_signs",
                condition=(
                    Q(principal_fen__gt=0) | Q(principal_fen=0, plan_fee_fen=0, number__gt=1)
                )
                & Q(
                    plan_fee_fen__gte=0,
                    unpaid_principal_fen__range=(0, models.F("principal_fen")),
                    unpaid_interest_fen__gte=0,
                    unpaid_plan_fee_fen__range=(
                        0,
                        models.F("plan_fee_fen") - models.F("uncharged_plan_fee_fen"),
                    ),
                    uncharged_plan_fee_fen__gte=0,
                    unpaid_late_fee_fen__gte=0,
                    unpaid_penalty_fen__gte=0,
                    segment_base_fen__gte=0,
                    segment_posted_fen__gte=0,
                    late_fee_base_fen__gte=0,
                    number__range=(1, 13),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}/{self.number}"

    @property
    def shown_number(self) -> int:
        """Return the number by which people know it; 0 is what the bill of a conversion kept."""
        return self.number - 1 if self.loan.converted_on else self.number


class BillSnapshot(models.Model):
    """Where a loan stood when a bill was issued: what an earlier value date is replayed from.

    ``parts`` holds the instalments as the positions of the rules have them. When an earlier value
    date changes where the loan stood, that is stored under the next ``revision``: the highest one
    holds. Append-only.
    """

    bill = models.ForeignKey(  # found through the unique index
        "loans.Bill", on_delete=models.PROTECT, related_name="snapshots", db_index=False,
        verbose_name=_("bill"),
    )  # fmt: skip
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("loan")
    )
    revision = models.SmallIntegerField(_("revision"), default=1)
    accrued_on = models.DateField(_("accrued to"))
    principal_nights_fen = models.BigIntegerField(_("principal times nights"))
    charged_fen = models.BigIntegerField(_("charged"))
    waived_fen = models.BigIntegerField(_("waived by the cap"))
    parts = models.JSONField(_("parts"))

    class Meta:
        verbose_name = _("bill snapshot")
        verbose_name_plural = _("bill snapshots")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bill", "loan", "revision"], name="bill_snapshot_once")
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.bill_id}/{self.loan_id}"
