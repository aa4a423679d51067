"""Requests of customers to pay a bill later, and what the staff decided (FAQ-7)."""

from datetime import datetime
from typing import ClassVar

import django_fsm
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Customer
from backoffice.core.crypto import SealedField
from backoffice.core.guards import CompositeForeignKey, Guard, InitialState, state_check
from backoffice.core.states import StateField
from loans.models.bill import Bill


class ExtensionState(models.TextChoices):
    """Whether the staff agreed to a later due date."""

    REQUESTED = "requested", _("requested")
    APPROVED = "approved", pgettext_lazy("extension", "approved")
    DECLINED = "declined", _("declined")


class Extension(django_fsm.FSMModelMixin, models.Model):
    """A request to move the due date of a bill by some days, and its decision (FAQ-7).

    States: requested -> approved or declined. ``due_on`` is the due date that the bill had when it
    was requested, ``extended_to_on`` the one that was asked for; ``decided_on`` is the business day
    of the decision, on which an approved one takes effect.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="extensions", db_constraint=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="extensions", db_constraint=False,
        verbose_name=_("bill"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=ExtensionState.choices,
        default=ExtensionState.REQUESTED.value,
        max_length=20,
        protected=True,
    )
    days = models.SmallIntegerField(_("days"))
    due_on = models.DateField(_("due on"))
    extended_to_on = models.DateField(_("extended to"))
    reason = SealedField(_("reason of the customer"))
    requested_at = models.DateTimeField(_("requested at"))
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", db_index=False, verbose_name=_("decided by"),
    )  # fmt: skip
    answer = SealedField(_("answer to the customer"), null=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        default_permissions = ("view",)
        permissions: ClassVar = [("decide_extension", "Can decide on later due dates")]
        constraints: ClassVar = [
            state_check("extension_state", ExtensionState),
            CompositeForeignKey(
                name="extension_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
            models.CheckConstraint(
                name="extension_signs",
                condition=Q(days__gte=1, extended_to_on__gt=F("due_on")),
            ),
            models.CheckConstraint(
                name="extension_decided",
                condition=Q(
                    state=ExtensionState.REQUESTED.value,
                    decided_on=None,
                    decided_at=None,
                    decided_by=None,
                )
                | Q(
                    state__in=[ExtensionState.APPROVED.value, ExtensionState.DECLINED.value],
                    decided_on__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state=ExtensionState.REQUESTED.value),
                name="extension_one_open",
            ),
            models.UniqueConstraint(
                fields=["bill"],
                condition=Q(state=ExtensionState.APPROVED.value),
                name="extension_one_a_bill",
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(ExtensionState.REQUESTED)]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @django_fsm.transition(
        field=state, source=ExtensionState.REQUESTED.value, target=ExtensionState.APPROVED.value
    )
    def approve(self, *, at: datetime) -> None:
        """The bill is due later."""
        self.decided_at = at

    @django_fsm.transition(
        field=state, source=ExtensionState.REQUESTED.value, target=ExtensionState.DECLINED.value
    )
    def decline(self, *, at: datetime) -> None:
        """The bill stays due when it is."""
        self.decided_at = at
