"""The ledger: append-only one-row transfers between a few accounts, and its closed months."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.guards import append_only, approved_only
from backoffice.core.models import Approval
from loans.accounting.rules.debt import COMPONENTS

MONTH_CLOSE_KIND = "month-close"  # of the requests that two people decide


class Account(models.TextChoices):
    """The chart of accounts; balances per loan are the loan dimension of the transfers.

    A charged-off loan stays on its receivables, for the debt is still owed; ``charged_off`` is the
    contra account that takes the claim out of the balance sheet (OPS-3).
    """

    BANK = "bank", _("bank")
    LOAN_PRINCIPAL = "loan_principal", _("loan principal")
    INTEREST = "interest", _("interest receivable")
    PLAN_FEE = "plan_fee", _("plan fee receivable")
    LATE_FEE = "late_fee", _("late fee receivable")
    PENALTY = "penalty", _("penalty interest receivable")
    ACCRUED_UNPOSTED = "accrued_unposted", _("accrued, not yet posted to loans")
    ACCRUAL_INCOME = "accrual_income", _("interest and penalty income")
    LATE_FEE_INCOME = "late_fee_income", _("late fee income")
    PLAN_FEE_INCOME = "plan_fee_income", _("plan fee income")
    PREPAYMENT_INCOME = "prepayment_income", _("prepayment fee income")
    CHARGES_WAIVED = "charges_waived", _("charges waived by staff")
    CHARGED_OFF = "charged_off", _("charged-off claims")
    CHARGE_OFF_LOSS = "charge_off_loss", _("loss from charge-offs")
    RECOVERY_INCOME = "recovery_income", _("recovery income")
    UNAPPLIED_FUNDS = "unapplied_funds", _("unapplied funds of customers")
    OPENING_BALANCE = "opening_balance", _("opening balance")


# The account on which each component of a debt is owed.
RECEIVABLES = {
    "penalty_fen": Account.PENALTY,
    "late_fee_fen": Account.LATE_FEE,
    "interest_fen": Account.INTEREST,
    "plan_fee_fen": Account.PLAN_FEE,
    "principal_fen": Account.LOAN_PRINCIPAL,
}
assert tuple(RECEIVABLES) == COMPONENTS, "every component of a debt has its account"


class TransferKind(models.TextChoices):
    """What kind of event moved the money."""

    OPENING = "opening", _("opening balance")
    NIGHT = "night", _("nightly accrual")
    ACCRUAL = "accrual", _("accrual posted to a loan")
    LATE_FEE = "late_fee", _("late fee")
    PLAN_FEE = "plan_fee", _("plan fee")
    REPAYMENT = "repayment", _("repayment")
    PREPAYMENT = "prepayment", _("prepayment fee")
    UNAPPLIED = "unapplied", _("waiting for a refund")
    DRAWDOWN = "drawdown", _("loan paid out")
    REFUND = "refund", _("refund")
    WAIVER = "waiver", _("waiver")
    CHARGE_OFF = "charge_off", _("charge-off")
    RECOVERY = "recovery", _("recovery")
    REVERSAL = "reversal", _("reversal")


class CauseType(models.TextChoices):
    """What led to a transfer or a charge; its id is that of the row of this kind."""

    MIGRATION = "migration", _("migration")  # of a loan
    END_OF_DAY = "end_of_day", _("end-of-day close")  # of a bill
    NIGHT = "night", _("nightly accrual")  # of all loans: no id
    REPAYMENT = "repayment", _("repayment")
    PAYOUT = "payout", _("payout")
    WAIVER = "waiver", _("waiver")
    ACCELERATION = "acceleration", _("acceleration")  # of a bill
    CHARGE_OFF = "charge_off", _("charge-off")  # of a loan
    RATE_END = "rate_end", _("end of a preferred rate")  # of a loan


class Transfer(models.Model):
    """One amount from one account to another: it balances by construction.

    ``cause_type`` and ``cause_id`` name what led to it, such as repayment 42. A reversal has the
    cause of what it reverses, and its kind in ``reverses``. Append-only, partitioned by month of
    ``business_date``; the primary key in the database is (id, business_date).

    ``business_date`` is the day it belongs to. ``accounting_date`` is set only where that day lies
    in a closed month: the first day of the month that was open, which takes it into the ledger. A
    trigger compares both with the closed months.
    """

    business_date = models.DateField(_("business date"))
    accounting_date = models.DateField(_("accounting date"), null=True)
    debit_account = models.CharField(_("debit"), max_length=20, choices=Account.choices)
    credit_account = models.CharField(_("credit"), max_length=20, choices=Account.choices)
    amount_fen = models.BigIntegerField(_("amount"))
    kind = models.CharField(_("kind"), max_length=12, choices=TransferKind.choices)
    cause_type = models.CharField(_("cause"), max_length=12, choices=CauseType.choices)
    cause_id = models.BigIntegerField(_("id of the cause"), null=True)
    reverses = models.CharField(
        _("reverses"), max_length=12, choices=TransferKind.choices, blank=True, default=""
    )
    loan_id = models.BigIntegerField(_("loan"), null=True)
    customer_id = models.BigIntegerField(_("customer"), null=True)
    funder = models.CharField(_("funder"), max_length=20, default="own")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("ledger")
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["loan_id"], name="transfer_loan"),
            models.Index(  # what waits for a refund belongs to no loan
                fields=["customer_id"], condition=Q(loan_id=None), name="transfer_customer"
            ),
            models.Index(  # of months that were closed: few
                fields=["accounting_date"],
                condition=Q(accounting_date__isnull=False),
                name="transfer_accounting_date",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="transfer_moves_money",
                condition=Q(amount_fen__gt=0) & ~Q(debit_account=F("credit_account")),
            ),
            models.CheckConstraint(
                name="transfer_reverses",
                condition=Q(kind="reversal", reverses__in=TransferKind.values)
                | (~Q(kind="reversal") & Q(reverses="")),
            ),
            models.CheckConstraint(
                name="transfer_cause", condition=Q(cause_type__in=CauseType.values)
            ),
            models.CheckConstraint(
                name="transfer_accounts",
                condition=Q(debit_account__in=Account.values, credit_account__in=Account.values),
            ),
            models.CheckConstraint(
                name="transfer_accounting_month",
                condition=Q(accounting_date=None)
                | Q(accounting_date__gt=F("business_date"), accounting_date__day=1),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"T{self.pk}"

    @property
    def booked_on(self) -> date:
        """Return the day on which the transfer is in the ledger."""
        return self.accounting_date or self.business_date


class ClosedMonth(models.Model):
    """A month of the ledger that takes no more transfers, with its trial balance. Append-only.

    The first one closes everything before it too, each later one follows the one before. The
    database accepts only what an approved request is about, in this order and after the month has
    ended; from then on a trigger of ``Transfer`` refuses what is dated into it.
    """

    month = models.DateField(_("month"), unique=True)  # its first day
    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="+", verbose_name=_("approval request")
    )
    transfers = models.IntegerField(_("transfers"))
    moved_fen = models.BigIntegerField(_("debits = credits"))
    reason = models.CharField(_("reason"), max_length=200)
    closed_by = models.CharField(_("closed by"), max_length=100)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("propose_monthclose", "Can propose to close a month of the ledger"),
            ("decide_monthclose", "Can decide on closing a month of the ledger"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="closed_month_first_day", condition=Q(month__day=1)),
            models.CheckConstraint(name="closed_month_has_a_reason", condition=~Q(reason="")),
        ]
        triggers: ClassVar = [
            *append_only(),
            approved_only(
                MONTH_CLOSE_KIND,
                "id = NEW.approval_id",
                "payload ->> 'month' = to_char(NEW.month, 'YYYY-MM')",
                "(payload ->> 'transfers')::integer = NEW.transfers",
                "(payload ->> 'moved_fen')::bigint = NEW.moved_fen",
                name="closed_as_approved",
                constraint="closed_month_as_approved",
                row="NEW.month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class ClosedBalance(models.Model):
    """The line of an account in the trial balance of a closed month. Append-only.

    Balances are debits less credits, in fen.
    """

    closed_month = models.ForeignKey(
        ClosedMonth, on_delete=models.PROTECT, related_name="balances", db_index=False,
        verbose_name=_("closed month"),
    )  # fmt: skip
    account = models.CharField(_("account"), max_length=20, choices=Account.choices)
    opening_fen = models.BigIntegerField(_("opening balance"))
    debit_fen = models.BigIntegerField(_("debit"))
    credit_fen = models.BigIntegerField(_("credit"))
    closing_fen = models.BigIntegerField(_("closing balance"))

    class Meta:
        verbose_name = _("balance of a closed month")
        verbose_name_plural = _("balances of closed months")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["closed_month", "account"], name="closed_balance_account"
            ),
            models.CheckConstraint(
                name="closed_balance_known_account", condition=Q(account__in=Account.values)
            ),
            models.CheckConstraint(
                name="closed_balance_adds_up",
                condition=Q(
                    closing_fen=F("opening_fen") + F("debit_fen") - F("credit_fen"),
                    debit_fen__gte=0,
                    credit_fen__gte=0,
                ),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.closed_month} {self.account}"
