"""What the lender did about debts that stayed unpaid: acceleration and charge-off."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import CompositeForeignKey, append_only, approved_only
from backoffice.core.models import Approval
from loans.models.bill import Bill
from loans.models.loan import Loan

CHARGE_OFF_KIND = "charge-off"  # of the requests that two people decide


class Acceleration(models.Model):
    """The later instalments of an overdue bill's loans were called due (RATE-5). Append-only."""

    bill = models.OneToOneField(
        Bill, on_delete=models.PROTECT, related_name="acceleration", db_constraint=False,
        verbose_name=_("bill"),
    )  # fmt: skip
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False, verbose_name=_("customer"),
    )  # fmt: skip
    accelerated_on = models.DateField(_("accelerated on"))
    reason = models.CharField(_("reason"), max_length=200)
    accelerated_by = models.CharField(_("accelerated by"), max_length=100)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("acceleration")
        verbose_name_plural = _("accelerations")
        default_permissions = ("view",)
        permissions: ClassVar = [("accelerate_bill", "Can call later instalments due")]
        constraints: ClassVar = [
            CompositeForeignKey(
                name="acceleration_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
            models.CheckConstraint(name="acceleration_has_a_reason", condition=~Q(reason="")),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} B{self.bill_id}"


class ChargeOff(models.Model):
    """A loan given up by two people: the balance sheet changes, the debt does not (OPS-3).

    Append-only. The database accepts only what an approved request is about.
    """

    loan = models.OneToOneField(
        Loan, on_delete=models.PROTECT, related_name="loss", verbose_name=_("loan")
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="+", verbose_name=_("approval request")
    )
    charged_off_on = models.DateField(_("charged off on"))
    reason = models.CharField(_("reason"), max_length=200)
    charged_off_by = models.CharField(_("charged off by"), max_length=100)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("charge-off")
        verbose_name_plural = _("charge-offs")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("propose_chargeoff", "Can propose to charge a loan off"),
            ("decide_chargeoff", "Can decide on charging a loan off"),
        ]
        triggers: ClassVar = [
            *append_only(),
            approved_only(
                CHARGE_OFF_KIND,
                "id = NEW.approval_id",
                "subject_id = NEW.loan_id",
                name="charged_off_as_approved",
                constraint="charge_off_as_approved",
                row="NEW.loan_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.loan_id}"
