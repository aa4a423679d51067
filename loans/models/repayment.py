"""Money that arrived, where it went, and what of it waits."""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import CompositeForeignKey, append_only, approved_only
from backoffice.core.models import Approval
from loans.models.bill import Bill
from loans.models.debit import DebitOrder
from loans.models.loan import Instalment, Loan


class Repayment(models.Model):
    """Money a channel has taken from a customer for a bill or a loan, once per order.

    ``value_on`` is the day the channel took it (GEN-9). Append-only.
    """

    order = models.OneToOneField(
        DebitOrder, on_delete=models.PROTECT, related_name="repayment", db_constraint=False,
        verbose_name=_("order"),
    )  # fmt: skip
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="repayments",
        db_constraint=False, verbose_name=_("bill"),
    )  # fmt: skip
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="repayments",
        db_index=False, db_constraint=False, verbose_name=_("loan"),
    )  # fmt: skip
    customer = models.ForeignKey(  # of the order, checked together with its bill or loan
        Customer, on_delete=models.PROTECT, related_name="repayments", db_index=False,
        db_constraint=False, verbose_name=_("customer"),
    )  # fmt: skip
    amount_fen = models.BigIntegerField(_("amount"))
    value_on = models.DateField(_("value date"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        default_permissions = ("view",)
        indexes: ClassVar = [  # rows come in the order of their days: a few bytes for a thousand
            BrinIndex(fields=["value_on"], name="repayment_day", autosummarize=True),
            models.Index(fields=["loan"], condition=Q(loan__isnull=False), name="repayment_loan"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(name="repayment_signs", condition=Q(amount_fen__gt=0)),
            CompositeForeignKey(
                name="repayment_order_of_bill",
                fields=["order", "bill", "customer"],
                to="loans.DebitOrder",
                to_fields=["id", "bill", "customer"],
            ),
            CompositeForeignKey(  # each of the two leaves a row alone whose column is empty
                name="repayment_order_of_loan",
                fields=["order", "loan", "customer"],
                to="loans.DebitOrder",
                to_fields=["id", "loan", "customer"],
            ),
            models.CheckConstraint(
                name="repayment_of_bill_or_loan",
                condition=Q(bill__isnull=False, loan__isnull=True)
                | Q(bill__isnull=True, loan__isnull=False),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"R{self.pk}"


class ReversalCause(models.TextChoices):
    """Why money that was booked is not there after all."""

    TAKEN_BACK = "taken_back", _("the bank took the money back")
    MISTAKE = "mistake", _("entered by mistake")


# Under this kind two people approve the reversal of a repayment.
REVERSAL_APPROVAL = "repayment-reversal"
_APPROVED_REVERSAL = approved_only(
    REVERSAL_APPROVAL,
    "id = NEW.approval_id",
    "subject_id = NEW.repayment_id",
    name="reversal_approved",
    constraint="repayment_reversal_approved",
    row="NEW.repayment_id",
)


class RepaymentReversal(models.Model):
    """A repayment that does not count any more: its bills were run again without it (GEN-9).

    One a repayment, approved by two people. Append-only; the repayment itself stays.
    """

    repayment = models.OneToOneField(
        Repayment, on_delete=models.PROTECT, related_name="reversal", verbose_name=_("repayment")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="+", verbose_name=_("approval request")
    )
    cause = models.CharField(_("cause"), max_length=20, choices=ReversalCause.choices)
    reason = models.CharField(_("reason"), max_length=200)
    reversed_by = models.CharField(_("reversed by"), max_length=80)
    reversed_on = models.DateField(_("reversed on"))
    reversed_at = models.DateTimeField(_("reversed at"))

    class Meta:
        verbose_name = _("reversal of a repayment")
        verbose_name_plural = _("reversals of repayments")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("propose_reversal", "Can propose the reversal of a repayment"),
            ("decide_reversal", "Can approve the reversal of a repayment"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="repayment_reversal_cause", condition=Q(cause__in=ReversalCause.values)
            ),
        ]
        triggers: ClassVar = [*append_only(), _APPROVED_REVERSAL]

    def __str__(self) -> str:
        return f"RR{self.pk}"


class RepaymentAllocation(models.Model):
    """What one repayment settled of one instalment, and the bill it stood under (REPAY-8).

    An instalment that is settled or prepaid early stands under no bill. Append-only.
    An earlier value date can change where later repayments went: then each of them is allocated
    again under the next ``revision``; the highest revision of a repayment is the one that holds.
    """

    repayment = models.ForeignKey(  # found through the unique index
        Repayment, on_delete=models.PROTECT, related_name="allocations", db_index=False,
        verbose_name=_("repayment"),
    )  # fmt: skip
    bill = models.ForeignKey(  # of its customer; ``reconcile`` compares it with what is paid on it
        Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        db_constraint=False, verbose_name=_("bill"),
    )  # fmt: skip
    loan = models.ForeignKey(  # of the instalment, which the database checks with it
        Loan, on_delete=models.PROTECT, related_name="allocations", db_constraint=False,
        verbose_name=_("loan"),
    )  # fmt: skip
    instalment = models.ForeignKey(
        Instalment, on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False, verbose_name=_("instalment"),
    )  # fmt: skip
    revision = models.SmallIntegerField(_("revision"), default=1)
    penalty_fen = models.BigIntegerField(_("penalty interest"))
    late_fee_fen = models.BigIntegerField(_("late fee"))
    interest_fen = models.BigIntegerField(_("interest"))
    plan_fee_fen = models.BigIntegerField(_("plan fee"))
    principal_fen = models.BigIntegerField(_("principal"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["repayment", "instalment", "revision"], name="repayment_allocation_once"
            ),
            CompositeForeignKey(
                name="repayment_allocation_instalment_of_loan",
                fields=["instalment", "loan"],
                to="loans.Instalment",
                to_fields=["id", "loan"],
            ),
            models.CheckConstraint(
                name="repayment_allocation_signs",
                condition=Q(
                    penalty_fen__gte=0,
                    late_fee_fen__gte=0,
                    interest_fen__gte=0,
                    plan_fee_fen__gte=0,
                    principal_fen__gte=0,
                    revision__gte=1,
                ),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.repayment_id}/{self.instalment_id}"


class UnappliedFunds(models.Model):
    """Money taken beyond what was owed; it is the customer's and waits for its refund.

    What an earlier value date leaves over of a repayment beside a refund of it waits for its own.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="unapplied_funds",
        verbose_name=_("customer"),
    )  # fmt: skip
    repayment = models.ForeignKey(
        Repayment, on_delete=models.PROTECT, related_name="unapplied",
        verbose_name=_("repayment"),
    )  # fmt: skip
    amount_fen = models.BigIntegerField(_("amount"))
    waiting_since = models.DateTimeField(_("waiting since"))
    refunded_at = models.DateTimeField(_("refunded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("unapplied funds")
        verbose_name_plural = _("unapplied funds")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(name="unapplied_funds_signs", condition=Q(amount_fen__gt=0))
        ]

    def __str__(self) -> str:
        return f"U{self.pk}"
