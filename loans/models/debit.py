"""Who may be debited, and each request to the channel."""

from datetime import datetime
from typing import ClassVar

import django_fsm
import pgtrigger
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import BankCard, Customer, WechatAccount
from backoffice.core.guards import (
    CompositeForeignKey,
    Guard,
    InitialState,
    approved_only,
    code_check,
    state_check,
)
from backoffice.core.models import JobRun
from backoffice.core.states import StateField, choices
from loans.accounting.rules.codes import OrderPurpose
from loans.models.bill import Bill
from loans.models.loan import Loan

# Under this name a live mandate holds its card, so that it is not unbound (REPAY-10).
CARD_HOLDER = "auto-debit"


class MandateState(models.TextChoices):
    """Whether the customer's authorisation stands."""

    SIGNED = "signed", _("signed")
    TERMINATED = "terminated", _("terminated")


class Mandate(django_fsm.FSMModelMixin, models.Model):
    """A customer's authorisation to debit one card; one live mandate a person.

    States: signed -> terminated.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="mandates", verbose_name=_("customer")
    )
    card = models.ForeignKey(
        BankCard, on_delete=models.PROTECT, related_name="+", verbose_name=_("bank card")
    )
    state = StateField(
        _("state"),
        choices=MandateState.choices,
        default=MandateState.SIGNED,
        max_length=20,
        protected=True,
    )
    signed_at = models.DateTimeField(_("signed at"))
    terminated_at = models.DateTimeField(_("terminated at"), null=True, blank=True)

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        constraints: ClassVar = [
            state_check("mandate_state", MandateState),
            models.UniqueConstraint(
                fields=["customer"],
                include=["card"],
                condition=Q(state=MandateState.SIGNED),
                name="mandate_one_live",
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(MandateState.SIGNED)]

    def __str__(self) -> str:
        return f"M{self.pk}"

    @django_fsm.transition(field=state, source=MandateState.SIGNED, target=MandateState.TERMINATED)
    def terminate(self, *, at: datetime) -> None:
        """The customer or the channel ended the authorisation."""
        self.terminated_at = at


class Origin(models.TextChoices):
    """Who wanted the money to move."""

    AUTO = "auto", _("direct debit")
    CUSTOMER = "customer", _("customer")
    TRANSFER = "transfer", _("bank transfer")


# Paid by hand: it settles the oldest bill first, whichever bill it names (REPAY-8).
MANUAL_ORIGINS = (Origin.CUSTOMER, Origin.TRANSFER)


class PaymentMethod(models.TextChoices):
    """How the money of an order moves, and the way on which it is refunded."""

    CARD = "card", _("bank card")
    WECHAT = "wechat", _("WeChat")
    TRANSFER = "transfer", _("bank transfer")


PURPOSES = choices(
    OrderPurpose,
    {
        OrderPurpose.BILL: _("bill"),
        OrderPurpose.SETTLEMENT: _("early settlement"),
        OrderPurpose.PREPAYMENT: _("prepayment"),
    },
)


class DebitOrderState(models.TextChoices):
    """What is known of an order at the channel."""

    PLANNED = "planned", _("planned")
    SENT = "sent", _("sent")
    SUCCEEDED = "succeeded", pgettext_lazy("debit order", "paid")
    FAILED = "failed", _("debit failed")
    UNKNOWN = "unknown", _("unknown")
    CANCELLED = "cancelled", _("cancelled")


OPEN_ORDER_STATES = (DebitOrderState.PLANNED, DebitOrderState.SENT, DebitOrderState.UNKNOWN)
# What may have left for the channel: it is asked what became of it.
ASKED_STATES = (DebitOrderState.SENT, DebitOrderState.UNKNOWN)

# Under this kind two people approve a bank transfer that arrived on the collection account.
TRANSFER_APPROVAL = "bank-transfer"
_APPROVED_TRANSFER = approved_only(
    TRANSFER_APPROVAL,
    "payload->>'reference' = NEW.reference",
    "(payload->>'amount_fen')::bigint = NEW.amount_fen",
    name="transfer_approved",
    constraint="debit_order_transfer_approved",
    row="NEW.reference",
    when=pgtrigger.After,
    condition=pgtrigger.Q(new__origin="transfer"),
)


class DebitOrder(django_fsm.FSMModelMixin, models.Model):
    """One request for money under a number the channel knows it by, or a transfer that arrived.

    States: planned -> sent or cancelled; sent -> succeeded, failed or unknown; unknown ->
    succeeded or failed; failed -> succeeded (the bank's later word). An order that is asked at
    once starts sent: what is written down before it leaves. The number of an automatic order is
    ``bill-cycle-attempt-try``; while one is open no other is made for any bill of the customer.
    A transfer has no card; its reference is that of the bank, once each. A payment inside WeChat
    has the account of its payer instead, who may confirm it until ``expires_at`` (REPAY-12).

    An order asks for a bill or, by its ``purpose``, for a loan (REPAY-4): a loan has one open
    order. ``principal_fen`` is what a prepayment repays beside interest and fee.
    """

    public_id = models.UUIDField(  # looked up among the orders of its customer's bills
        _("public id"), db_default=RandomUUID(), editable=False
    )
    number = models.CharField(_("order number"), max_length=64)
    purpose = models.CharField(
        _("purpose"), max_length=10, choices=PURPOSES, default=OrderPurpose.BILL.value,
        db_default=OrderPurpose.BILL.value,
    )  # fmt: skip
    bill = models.ForeignKey(  # found through the unique index of (bill, run)
        Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="orders",
        db_index=False, db_constraint=False, verbose_name=_("bill"),
    )  # fmt: skip
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="orders",
        db_index=False, db_constraint=False, verbose_name=_("loan"),
    )  # fmt: skip
    customer = models.ForeignKey(  # of the bill or loan, which the database checks with it
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False, verbose_name=_("customer"),
    )  # fmt: skip
    card = models.ForeignKey(
        BankCard, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("bank card"),
    )  # fmt: skip
    wechat_account = models.ForeignKey(
        WechatAccount, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("WeChat account"),
    )  # fmt: skip
    run = models.ForeignKey(
        JobRun, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("run"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=DebitOrderState.choices,
        default=DebitOrderState.PLANNED,
        max_length=20,
        protected=True,
    )
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    cycle = models.SmallIntegerField(_("debit cycle"))
    attempt = models.SmallIntegerField(_("attempt"))
    business_date = models.DateField(_("business date"))
    amount_fen = models.BigIntegerField(_("amount"))
    principal_fen = models.BigIntegerField(_("principal to prepay"), null=True, blank=True)
    taken_fen = models.BigIntegerField(_("taken"), default=0)
    code = models.CharField(_("channel's code"), max_length=40, blank=True, default="")
    reference = models.CharField(_("channel's reference"), max_length=80, blank=True, default="")
    requested_by = models.CharField(_("requested by"), max_length=80)
    asked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("to be confirmed until"), null=True, blank=True)

    class Meta:
        verbose_name = _("debit order")
        verbose_name_plural = _("debit orders")
        permissions: ClassVar = [
            ("propose_transfer", "Can enter a bank transfer"),
            ("decide_transfer", "Can approve a bank transfer"),
        ]
        indexes: ClassVar = [
            # Rows come in the order of their days, and a block range costs an update nothing.
            BrinIndex(fields=["business_date"], name="debit_order_day", autosummarize=True),
            models.Index(  # automatic ones are found through debit_order_one_open
                fields=["bill"],
                condition=Q(origin=Origin.CUSTOMER, state__in=OPEN_ORDER_STATES),
                name="debit_order_open_request",
            ),
            models.Index(  # those of a loan are few
                fields=["loan"], condition=Q(loan__isnull=False), name="debit_order_loan"
            ),
        ]
        constraints: ClassVar = [
            state_check("debit_order_state", DebitOrderState),
            models.CheckConstraint(
                name="debit_order_origin", condition=Q(origin__in=Origin.values)
            ),
            models.UniqueConstraint(
                fields=["customer"],
                include=["bill"],
                condition=Q(origin=Origin.AUTO, state__in=OPEN_ORDER_STATES),
                name="debit_order_one_open",
            ),
            models.UniqueConstraint(fields=["bill", "run"], name="debit_order_one_a_run"),
            models.UniqueConstraint(fields=["number"], name="debit_order_number"),
            models.UniqueConstraint(fields=["id", "bill", "customer"], name="debit_order_of_bill"),
            models.UniqueConstraint(fields=["id", "loan", "customer"], name="debit_order_of_loan"),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(loan__isnull=False, state__in=OPEN_ORDER_STATES),
                name="debit_order_one_open_for_a_loan",
            ),
            code_check("debit_order_purpose", OrderPurpose, column="purpose"),
            models.CheckConstraint(
                name="debit_order_for_bill_or_loan",
                condition=Q(purpose=OrderPurpose.BILL.value, bill__isnull=False, loan__isnull=True)
                | (~Q(purpose=OrderPurpose.BILL.value) & Q(bill__isnull=True, loan__isnull=False)),
            ),
            models.CheckConstraint(
                name="debit_order_prepays_principal",
                condition=Q(purpose=OrderPurpose.PREPAYMENT.value, principal_fen__gt=0)
                | (~Q(purpose=OrderPurpose.PREPAYMENT.value) & Q(principal_fen__isnull=True)),
            ),
            models.CheckConstraint(
                name="debit_order_for_a_loan_is_a_request",
                condition=Q(loan__isnull=True) | ~Q(origin=Origin.AUTO),
            ),
            CompositeForeignKey(
                name="debit_order_bill_of_customer",
                fields=["bill", "customer"],
                to="loans.Bill",
                to_fields=["id", "customer"],
            ),
            CompositeForeignKey(
                name="debit_order_loan_of_customer",
                fields=["loan", "customer"],
                to="loans.Loan",
                to_fields=["id", "customer"],
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(origin=Origin.TRANSFER),
                name="debit_order_transfer_once",
            ),
            models.CheckConstraint(
                name="debit_order_payer",
                condition=Q(
                    origin=Origin.TRANSFER,
                    card__isnull=True,
                    wechat_account__isnull=True,
                    run__isnull=True,
                )
                & ~Q(reference="")
                | ~Q(origin=Origin.TRANSFER) & Q(card__isnull=False, wechat_account__isnull=True)
                | Q(origin=Origin.CUSTOMER, card__isnull=True, wechat_account__isnull=False),
            ),
            models.CheckConstraint(
                name="debit_order_expires",
                condition=Q(wechat_account__isnull=True, expires_at__isnull=True)
                | Q(wechat_account__isnull=False, expires_at__isnull=False),
            ),
            models.CheckConstraint(
                name="debit_order_signs",
                condition=Q(
                    amount_fen__gt=0, taken_fen__gte=0, attempt__range=(1, 3), cycle__gte=1
                ),
            ),
            models.CheckConstraint(
                name="debit_order_sent_has_a_moment",
                condition=Q(state__in=[DebitOrderState.PLANNED, DebitOrderState.CANCELLED])
                | Q(asked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="debit_order_success_has_money",
                condition=~Q(state=DebitOrderState.SUCCEEDED)
                | (Q(taken_fen__gt=0, answered_at__isnull=False) & ~Q(reference="")),
            ),
        ]
        triggers: ClassVar = [
            Guard(),
            InitialState(DebitOrderState.PLANNED, DebitOrderState.SENT),
            _APPROVED_TRANSFER,
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def method(self) -> PaymentMethod:
        """Return how the money moves: from a card, inside WeChat, or by bank transfer."""
        if self.card_id is not None:
            return PaymentMethod.CARD
        return PaymentMethod.TRANSFER if self.expires_at is None else PaymentMethod.WECHAT

    def is_over(self, *, at: datetime) -> bool:
        """Say whether the time of a payment inside WeChat is over; others have no such time."""
        return self.expires_at is not None and self.expires_at <= at

    @django_fsm.transition(field=state, source=DebitOrderState.PLANNED, target=DebitOrderState.SENT)
    def send(self, *, at: datetime) -> None:
        """The order may leave: written down before anything does."""
        self.asked_at = at

    @django_fsm.transition(
        field=state, source=DebitOrderState.PLANNED, target=DebitOrderState.CANCELLED
    )
    def cancel(self, *, at: datetime) -> None:
        """The money is no longer owed; nothing was sent."""

    @django_fsm.transition(
        field=state,
        source=[DebitOrderState.SENT, DebitOrderState.UNKNOWN, DebitOrderState.FAILED],
        target=DebitOrderState.SUCCEEDED,
    )
    def succeed(self, *, at: datetime) -> None:
        """The channel has taken the money, even if it first said otherwise."""
        self.answered_at = at

    @django_fsm.transition(
        field=state,
        source=[DebitOrderState.SENT, DebitOrderState.UNKNOWN],
        target=DebitOrderState.FAILED,
    )
    def fail(self, *, at: datetime) -> None:
        """The channel refused."""
        self.answered_at = at

    @django_fsm.transition(field=state, source=DebitOrderState.SENT, target=DebitOrderState.UNKNOWN)
    def mark_unknown(self, *, at: datetime) -> None:
        """No answer: the channel will be asked by the number."""
