"""Bank cards of customers, what relies on them, and the table of the BIN table."""

import uuid
from datetime import datetime
from typing import ClassVar

import django_fsm
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.cards.rules.bins import CardKind
from accounts.cards.rules.card_numbers import AccountClass
from accounts.models.customer import Customer
from backoffice.core.crypto import SealedField
from backoffice.core.guards import Guard, InitialState, state_check
from backoffice.core.states import StateField, choices


class BankCardState(models.TextChoices):
    """What a bound card may be used for (ELIG-7)."""

    PENDING = "pending", _("pending")
    ACTIVE = "active", _("active")
    REPAY_ONLY = "repay_only", _("repay only")
    REJECTED = "rejected", pgettext_lazy("bank card", "rejected")
    UNBOUND = "unbound", _("unbound")


ACCOUNT_CLASSES = choices(
    AccountClass,
    {
        AccountClass.I: _("class I"),
        AccountClass.II: _("class II"),
        AccountClass.III: _("class III"),
        AccountClass.UNKNOWN: _("unknown"),
    },
)
CARD_KINDS = choices(CardKind, {CardKind.DEBIT: _("debit card"), CardKind.CREDIT: _("credit card")})


class BankCard(django_fsm.FSMModelMixin, models.Model):
    """A debit card of a customer.

    States: pending -> active, repay_only or rejected; active <-> repay_only; -> unbound.
    ``account`` is the channel's opaque token: the card number never leaves this table. Pending is
    a card whose bank has not answered, or whose account class needs evidence.
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
    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    number = SealedField(_("card number"), null=True)
    number_blind = models.BinaryField(
        _("card number index"), max_length=16, null=True, db_index=True
    )
    last_four = models.CharField(_("last four digits"), max_length=4)
    bank = models.CharField(_("bank"), max_length=40)
    phone = SealedField(_("phone at the bank"), null=True)
    phone_blind = models.BinaryField(_("phone index"), max_length=16, null=True, db_index=True)
    account = models.CharField(_("account at the channel"), max_length=64, unique=True)
    account_class = models.CharField(
        _("account class"),
        max_length=10,
        choices=ACCOUNT_CLASSES,
        default=AccountClass.UNKNOWN.value,
    )
    is_default = models.BooleanField(_("default card"), default=False)
    check_code = models.CharField(_("result of the card check"), max_length=80, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    tries = models.SmallIntegerField(_("tries"), default=0)
    bound_at = models.DateTimeField(_("bound at"))
    unbound_at = models.DateTimeField(_("unbound at"), null=True)

    class Meta:
        verbose_name = _("bank card")
        verbose_name_plural = _("bank cards")
        permissions: ClassVar = [("decide_bankcard", "Can record the class of an account")]
        constraints: ClassVar = [
            state_check("bank_card_state", BankCardState),
            models.UniqueConstraint(
                fields=["customer", "number_blind"],
                condition=~Q(state__in=[BankCardState.REJECTED, BankCardState.UNBOUND]),
                name="bank_card_bound_once",
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_default=True), name="bank_card_one_default"
            ),
            models.CheckConstraint(
                name="bank_card_default_receives_money",
                condition=Q(is_default=False) | Q(state=BankCardState.ACTIVE),
            ),
            models.CheckConstraint(
                name="bank_card_bound_has_a_number",
                condition=Q(state__in=[BankCardState.REJECTED, BankCardState.UNBOUND])
                | Q(number__isnull=False, number_blind__isnull=False),
            ),
            models.CheckConstraint(
                name="bank_card_account_class", condition=Q(account_class__in=[*AccountClass])
            ),
            models.CheckConstraint(
                name="bank_card_only_class_one_receives_money",
                condition=~Q(state=BankCardState.ACTIVE) | Q(account_class=AccountClass.I.value),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["checked_at"],
                condition=Q(state=BankCardState.PENDING),
                name="bank_card_pending",
            )
        ]
        triggers: ClassVar = [Guard(), InitialState(BankCardState.PENDING)]

    def __str__(self) -> str:
        return f"{self.bank} …{self.last_four}"

    @django_fsm.transition(
        field=state,
        source=[BankCardState.PENDING, BankCardState.REPAY_ONLY],
        target=BankCardState.ACTIVE,
    )
    def activate(self, *, at: datetime) -> None:
        """The card may receive loans and repay them (class I)."""
        self.account_class = AccountClass.I

    @django_fsm.transition(
        field=state,
        source=[BankCardState.PENDING, BankCardState.ACTIVE],
        target=BankCardState.REPAY_ONLY,
    )
    def restrict(self, *, at: datetime, account_class: str) -> None:
        """The card may only repay (class II, or downgraded)."""
        self.account_class = account_class
        self.is_default = False

    @django_fsm.transition(field=state, source=BankCardState.PENDING, target=BankCardState.REJECTED)
    def reject(self, *, at: datetime) -> None:
        """The bank did not confirm the holder, or the account is of no use."""

    @django_fsm.transition(
        field=state,
        source=[BankCardState.PENDING, BankCardState.ACTIVE, BankCardState.REPAY_ONLY],
        target=BankCardState.UNBOUND,
    )
    def unbind(self, *, at: datetime) -> None:
        """The customer took the card away."""
        self.is_default = False
        self.unbound_at = at


class CardHold(models.Model):
    """What relies on a card, so that it may not be unbound: a mandate, a loan under way."""

    card = models.ForeignKey(
        BankCard, on_delete=models.PROTECT, related_name="holds", db_index=False,
        verbose_name=_("bank card"),
    )  # fmt: skip
    holder = models.CharField(_("holder"), max_length=60)
    placed_at = models.DateTimeField(_("placed at"))

    class Meta:
        verbose_name = _("hold on a card")
        verbose_name_plural = _("holds on cards")
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["card", "holder"], name="card_hold_once_a_holder")
        ]

    def __str__(self) -> str:
        return self.holder


class BankBin(models.Model):
    """How card numbers of a bank begin; the longest beginning that fits counts (ELIG-7)."""

    prefix = models.CharField(_("beginning"), max_length=10, unique=True)
    length = models.SmallIntegerField(_("digits"))
    bank = models.CharField(_("bank"), max_length=40)
    bank_en = models.CharField(_("bank in English"), max_length=60)
    code = models.CharField(_("bank code"), max_length=10)
    kind = models.CharField(_("kind"), max_length=10, choices=CARD_KINDS)
    is_supported = models.BooleanField(_("supported"), default=True)

    class Meta:
        verbose_name = _("BIN of a bank")
        verbose_name_plural = _("BIN table")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="bank_bin_prefix_is_digits", condition=Q(prefix__regex=r"^[0-9]{3,10}$")
            ),
            models.CheckConstraint(
                name="bank_bin_length_of_a_card", condition=Q(length__gte=16, length__lte=19)
            ),
            models.CheckConstraint(name="bank_bin_kind", condition=Q(kind__in=[*CardKind])),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.bank}"
