"""People: the staff, the customers and the bank cards bound to them."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.crypto import SealedField
from backoffice.guards import Birth, Guard, state_check
from backoffice.states import StateField


class Staff(AbstractUser):
    """A person who works in the back office."""

    class Meta(AbstractUser.Meta):
        verbose_name = _("staff member")  # type: ignore[assignment]
        verbose_name_plural = _("staff")  # type: ignore[assignment]


class CustomerState(models.TextChoices):
    """How far a customer has opened the product (GEN-11)."""

    REGISTERED = "registered", _("registered")
    IDENTIFIED = "identified", _("identified")
    CONSENTED = "consented", _("consented")
    READY = "ready", _("ready")
    CLOSED = "closed", _("closed")


class Customer(django_fsm.FSMModelMixin, models.Model):
    """A person who opens the product; identity is sealed and searched by blind index.

    States: registered -> identified -> consented -> ready -> closed. ``origin`` names the row of
    the book a customer was moved from, so that an import can be repeated.
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
    id_blind = models.BinaryField(_("ID number index"), max_length=16, null=True, unique=True)
    phone = SealedField(_("phone"), null=True)
    phone_blind = models.BinaryField(_("phone index"), max_length=16, null=True, db_index=True)
    born_on = models.DateField(_("born on"), null=True)
    registered_at = models.DateTimeField(_("registered at"))
    origin = models.CharField(_("origin"), max_length=60, null=True, unique=True)  # noqa: DJ001

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints: ClassVar = [
            state_check("customer_state", CustomerState),
            models.CheckConstraint(
                name="customer_identified_has_identity",
                condition=Q(state=CustomerState.REGISTERED)
                | Q(name__isnull=False, id_number__isnull=False, id_blind__isnull=False),
            ),
        ]
        triggers: ClassVar = [Guard(), Birth(CustomerState.REGISTERED)]

    def __str__(self) -> str:
        return f"C{self.pk}"

    @django_fsm.transition(
        field=state, source=CustomerState.REGISTERED, target=CustomerState.IDENTIFIED
    )
    def identify(self, *, at: datetime) -> None:
        """Real name and face were both proven."""

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


class BankCardState(models.TextChoices):
    """What a bound card may be used for (ELIG-7)."""

    PENDING = "pending", _("pending")
    ACTIVE = "active", _("active")
    REPAY_ONLY = "repay_only", _("repay only")
    REJECTED = "rejected", _("rejected")
    UNBOUND = "unbound", _("unbound")


class BankCard(django_fsm.FSMModelMixin, models.Model):
    """A debit card of a customer.

    States: pending -> active, repay_only or rejected; active <-> repay_only; -> unbound.
    ``account`` is the channel's opaque token: the card number never leaves this table.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="cards", verbose_name=_("customer")
    )
    state = StateField(
        _("state"),
        choices=BankCardState.choices,
        default=BankCardState.PENDING,
        max_length=20,
        protected=True,
    )
    number = SealedField(_("card number"))
    number_blind = models.BinaryField(_("card number index"), max_length=16, db_index=True)
    last_four = models.CharField(_("last four digits"), max_length=4)
    bank = models.CharField(_("bank"), max_length=40)
    account = models.CharField(_("account at the channel"), max_length=64, unique=True)
    bound_at = models.DateTimeField(_("bound at"))

    class Meta:
        verbose_name = _("bank card")
        verbose_name_plural = _("bank cards")
        constraints: ClassVar = [
            state_check("bank_card_state", BankCardState),
            models.UniqueConstraint(
                fields=["customer", "number_blind"],
                condition=~Q(state__in=[BankCardState.REJECTED, BankCardState.UNBOUND]),
                name="bank_card_bound_once",
            ),
        ]
        triggers: ClassVar = [Guard(), Birth(BankCardState.PENDING)]

    def __str__(self) -> str:
        return f"{self.bank} …{self.last_four}"

    @django_fsm.transition(
        field=state,
        source=[BankCardState.PENDING, BankCardState.REPAY_ONLY],
        target=BankCardState.ACTIVE,
    )
    def activate(self, *, at: datetime) -> None:
        """The card may receive loans and repay them (class I)."""

    @django_fsm.transition(
        field=state,
        source=[BankCardState.PENDING, BankCardState.ACTIVE],
        target=BankCardState.REPAY_ONLY,
    )
    def restrict(self, *, at: datetime) -> None:
        """The card may only repay (class II, or downgraded)."""

    @django_fsm.transition(field=state, source=BankCardState.PENDING, target=BankCardState.REJECTED)
    def reject(self, *, at: datetime) -> None:
        """The bank did not confirm the holder."""

    @django_fsm.transition(
        field=state,
        source=[BankCardState.PENDING, BankCardState.ACTIVE, BankCardState.REPAY_ONLY],
        target=BankCardState.UNBOUND,
    )
    def unbind(self, *, at: datetime) -> None:
        """The customer took the card away."""
