"""What customers were notified of before a debit."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import CompositeForeignKey, append_only
from loans.models.bill import Bill


class DebitNotice(models.Model):
    """The most that may be debited for a bill in one window of attempts (REPAY-10).

    ``first_on`` and ``last_on`` are the days of the window; ``notified_on`` is the business day of
    the notice. Append-only, once per window.
    """

    bill = models.ForeignKey(  # found through the unique index
        Bill, on_delete=models.PROTECT, related_name="notices", db_index=False,
        db_constraint=False, verbose_name=_("bill"),
    )  # fmt: skip
    customer = models.ForeignKey(  # of the bill, which the database checks with it
        Customer, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    cycle = models.SmallIntegerField(_("debit cycle"))
    first_on = models.DateField(_("debits from"))
    last_on = models.DateField(_("debits until"))
    maximum_fen = models.BigIntegerField(_("maximum debit"))
    notified_on = models.DateField(_("notified on"))
    notified_by = models.CharField(_("notified by"), max_length=80)
    notified_at = models.DateTimeField(_("notified at"))

    class Meta:
        verbose_name = _("debit notice")
        verbose_name_plural = _("debit notices")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bill", "first_on"], name="debit_notice_once"),
            CompositeForeignKey(
                name="debit_notice_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
            models.CheckConstraint(
                name="debit_notice_signs",
                condition=Q(maximum_fen__gt=0, cycle__gte=1, last_on__gte=models.F("first_on")),
            ),
        ]
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"{self.bill_id}/{self.first_on}"
