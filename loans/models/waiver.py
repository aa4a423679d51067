"""Charges that two people waived, and where each waiver took effect."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import CompositeForeignKey, append_only, approved_only
from backoffice.core.models import Approval
from loans.models.bill import Bill
from loans.models.loan import Instalment, Loan

KIND = "waiver"  # of the requests that two people decide


class Waiver(models.Model):
    """Charges of a bill that two people gave up from ``waived_on`` on: never principal.

    The amounts are those that were approved; its allocations hold what each took off. Append-only.
    The database accepts only a waiver with the content of an approved request.
    """

    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="+", verbose_name=_("approval request")
    )
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="waivers", db_constraint=False,
        verbose_name=_("bill"),
    )  # fmt: skip
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False, verbose_name=_("customer"),
    )  # fmt: skip
    waived_on = models.DateField(_("waived on"))
    penalty_fen = models.BigIntegerField(_("penalty interest"))
    late_fee_fen = models.BigIntegerField(_("late fee"))
    interest_fen = models.BigIntegerField(_("interest"))
    plan_fee_fen = models.BigIntegerField(_("plan fee"))
    reason = models.CharField(_("reason"), max_length=200)
    waived_by = models.CharField(_("waived by"), max_length=100)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("propose_waiver", "Can propose to waive charges"),
            ("decide_waiver", "Can decide on waiving charges"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="waiver_signs",
                condition=Q(
                    penalty_fen__gte=0,
                    late_fee_fen__gte=0,
                    interest_fen__gte=0,
                    plan_fee_fen__gte=0,
                )
                & ~Q(
                    penalty_fen=0,
                    late_fee_fen=0,
                    interest_fen=0,
                    plan_fee_fen=0,
                ),
            ),
            CompositeForeignKey(
                name="waiver_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
        ]
        triggers: ClassVar = [
            *append_only(),
            approved_only(
                KIND,
                "id = NEW.approval_id",
                "subject_id = NEW.bill_id",
                "payload = jsonb_build_object('penalty_fen', NEW.penalty_fen, 'late_fee_fen', "
                "NEW.late_fee_fen, 'interest_fen', NEW.interest_fen, 'plan_fee_fen', "
                "NEW.plan_fee_fen)",
                name="waived_as_approved",
                constraint="waiver_as_approved",
                row="NEW.bill_id",
            ),
        ]

    def __str__(self) -> str:
        return f"W{self.pk}"


class WaiverAllocation(models.Model):
    """What a waiver took off one instalment, and the bill it stood under.

    Append-only. An earlier value date can change what was owed: then the waiver is applied again
    under the next ``revision``, to at most what was approved; the highest revision holds.
    """

    waiver = models.ForeignKey(  # found through the unique index
        Waiver, on_delete=models.PROTECT, related_name="allocations", db_index=False,
        verbose_name=_("waiver"),
    )  # fmt: skip
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        verbose_name=_("bill"),
    )  # fmt: skip
    loan = models.ForeignKey(  # of the instalment, which the database checks with it
        Loan, on_delete=models.PROTECT, related_name="waived", db_constraint=False,
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

    class Meta:
        verbose_name = _("waived charge")
        verbose_name_plural = _("waived charges")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["waiver", "instalment", "revision"], name="waiver_allocation_once"
            ),
            CompositeForeignKey(
                name="waiver_allocation_instalment_of_loan",
                fields=["instalment", "loan"],
                to="loans.Instalment",
                to_fields=["id", "loan"],
            ),
            models.CheckConstraint(
                name="waiver_allocation_signs",
                condition=Q(
                    penalty_fen__gte=0,
                    late_fee_fen__gte=0,
                    interest_fen__gte=0,
                    plan_fee_fen__gte=0,
                    revision__gte=1,
                ),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.waiver_id}/{self.instalment_id}"

    @property
    def total_fen(self) -> int:
        """Return the sum of what was waived of the instalment."""
        return self.penalty_fen + self.late_fee_fen + self.interest_fen + self.plan_fee_fen
