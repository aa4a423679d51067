"""Customers, their onboarding state, and their holds."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField


class CustomerState(models.TextChoices):
    """The onboarding state of a customer (GEN-11)."""

    REGISTERED = "registered", _("registered")
    IDENTIFIED = "identified", _("identified")
    CONSENTED = "consented", _("consented")
    READY = "ready", _("ready")
    CLOSED = "closed", pgettext_lazy("customer", "closed")


class Customer(django_fsm.FSMModelMixin, models.Model):
    """A person who opens the product; identity is sealed and searched by blind index.

    States: registered -> identified -> consented -> ready -> closed. ``origin`` names the row of
    the portfolio a customer was moved from, so that an import can be repeated.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    state = StateField(
        _("state"),
        choices=CustomerState.choices,
        default=CustomerState.REGISTERED,
        max_length=20,
        protected=True,
    )
    name = SealedField(_("name"), null=True)
    id_number = SealedField(_("ID number"), null=True)
    id_blind = models.BinaryField(_("ID number index"), max_length=16, null=True, db_index=True)
    phone = SealedField(_("phone"), null=True)
    phone_blind = models.BinaryField(_("phone index"), max_length=16, null=True, db_index=True)
    born_on = models.DateField(_("born on"), null=True)
    id_valid_until_on = models.DateField(_("ID card valid until"), null=True)  # None: long-term
    registered_at = models.DateTimeField(_("registered at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    origin = models.CharField(_("origin"), max_length=60, null=True, unique=True)  # noqa: DJ001

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions: ClassVar = [("unmask_customer", "Can see an identity in full")]
        constraints: ClassVar = [
            state_check("customer_state", CustomerState),
            models.CheckConstraint(
                name="customer_identified_has_identity",
                condition=Q(state=CustomerState.REGISTERED)
                | Q(state=CustomerState.CLOSED)
                | Q(name__isnull=False, id_number__isnull=False, id_blind__isnull=False),
            ),
            models.CheckConstraint(
                name="customer_closed_at_some_moment",
                condition=Q(state=CustomerState.CLOSED, closed_at__isnull=False)
                | (~Q(state=CustomerState.CLOSED) & Q(closed_at=None)),
            ),
            # One person, one customer (ELIG-8); after a closure the person may register again.
            models.UniqueConstraint(
                fields=["id_blind"],
                condition=~Q(state=CustomerState.CLOSED),
                name="customer_one_a_person",
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(CustomerState.REGISTERED)]

    def __str__(self) -> str:
        return f"C{self.pk}"

    @django_fsm.transition(
        field=state, source=CustomerState.REGISTERED, target=CustomerState.IDENTIFIED
    )
    def identify(self, *, at: datetime) -> None:
        """Real name and face were both verified."""

    @django_fsm.transition(
        field=state, source=CustomerState.IDENTIFIED, target=CustomerState.CONSENTED
    )
    def consent(self, *, at: datetime) -> None:
        """The purposes an assessment needs were consented to."""

    @django_fsm.transition(field=state, source=CustomerState.CONSENTED, target=CustomerState.READY)
    def make_ready(self, *, at: datetime) -> None:
        """Everything an assessment needs is there."""

    @django_fsm.transition(
        field=state,
        source=[
            CustomerState.REGISTERED,
            CustomerState.IDENTIFIED,
            CustomerState.CONSENTED,
            CustomerState.READY,
        ],
        target=CustomerState.CLOSED,
    )
    def close(self, *, at: datetime) -> None:
        """The relation has ended."""
        self.closed_at = at


class HoldKind(models.TextChoices):
    """Why a customer is held: kept from acting, or kept from being erased."""

    BLOCK = "block", _("blocked")
    LEGAL = "legal", _("legal hold")


class CustomerHold(models.Model):
    """What keeps a customer from acting, or a customer's data from being erased.

    A hold is no state: it does not forget where the customer stood. ``holder`` names who asked for
    it and lifts it; each holder holds once at a time.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="holds", db_index=False,
        verbose_name=_("customer"),
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=10, choices=HoldKind.choices)
    holder = models.CharField(_("holder"), max_length=60)
    reason = models.CharField(_("reason"), max_length=200)
    placed_by = models.CharField(_("placed by"), max_length=80)
    placed_at = models.DateTimeField(_("placed at"))
    lifted_by = models.CharField(_("lifted by"), max_length=80, blank=True)
    lifted_reason = models.CharField(_("lifted because"), max_length=200, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True)

    class Meta:
        verbose_name = _("account hold")
        verbose_name_plural = _("account holds")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("place_customerhold", "Can hold a customer"),
            ("lift_customerhold", "Can lift an account hold"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="customer_hold_kind", condition=Q(kind__in=HoldKind.values)
            ),
            models.UniqueConstraint(
                fields=["customer", "kind", "holder"],
                condition=Q(lifted_at=None),
                name="customer_hold_once_a_holder",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["customer"], name="customer_hold_of")]

    def __str__(self) -> str:
        return f"{self.kind} {self.holder}"
