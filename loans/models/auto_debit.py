"""What a customer lets us debit of bills to come (REPAY-10)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice.core.guards import code_check
from loans.accounting.rules.codes import DebitMode
from loans.models.bill import DEBIT_MODES


class AutoDebit(models.Model):
    """The mode of direct debit that a customer has chosen; without a row it is FULL.

    A bill keeps the mode that held when its due date began.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="auto_debit", verbose_name=_("customer")
    )
    mode = models.CharField(_("direct debit of"), max_length=10, choices=DEBIT_MODES)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("direct debit mode")
        verbose_name_plural = _("direct debit modes")
        default_permissions = ("view",)
        constraints: ClassVar = [code_check("auto_debit_mode", DebitMode, column="mode")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.get_mode_display()}"
