"""What opens the payment sheet of WeChat for an order that its customer confirms."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.guards import append_only
from loans.models.debit import DebitOrder


class PaymentSheet(models.Model):
    """The parameters that the channel returned and signed for one order, once (REPAY-12).

    They are those of ``SheetParameters``. Append-only.
    """

    order = models.OneToOneField(
        DebitOrder, on_delete=models.PROTECT, related_name="sheet", verbose_name=_("order")
    )
    parameters = models.JSONField(_("parameters"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("payment sheet")
        verbose_name_plural = _("payment sheets")
        default_permissions = ()
        triggers: ClassVar = append_only()

    def __str__(self) -> str:
        return f"PS{self.pk}"

    @property
    def prepay_id(self) -> str:
        """Return the id that WeChat knows the prepared payment by."""
        return str(self.parameters["package"]).removeprefix("prepay_id=")
