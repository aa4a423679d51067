"""Money that the lender sends to customers: loans paid out, and money that was not owed."""

from datetime import datetime
from typing import ClassVar

import django_fsm
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import BankCard, Customer
from backoffice.core.guards import CompositeForeignKey, Guard, InitialState, state_check
from backoffice.core.states import StateField
from loans.models.loan import Loan
from loans.models.repayment import UnappliedFunds


class PayoutKind(models.TextChoices):
    """What the money is for."""

    DISBURSEMENT = "disbursement", _("disbursement")
    REFUND = "refund", _("refund")


class PayoutState(models.TextChoices):
    """What is known of a payout at the channel."""

    PLANNED = "planned", _("planned")
    SENT = "sent", _("sent")
    SUCCEEDED = "succeeded", pgettext_lazy("payout", "paid out")
    FAILED = "failed", _("payout failed")
    UNKNOWN = "unknown", _("unknown")
    CANCELLED = "cancelled", _("cancelled")


OPEN_PAYOUT_STATES = (PayoutState.PLANNED, PayoutState.SENT, PayoutState.UNKNOWN)
# What the bank's statement may still turn into a success.
UNPAID_PAYOUT_STATES = (PayoutState.SENT, PayoutState.UNKNOWN, PayoutState.FAILED)


class Payout(django_fsm.FSMModelMixin, models.Model):
    """One transfer to a customer under a number the channel knows it by.

    It goes to a card, or without one as a refund of the payment inside WeChat that it is of.

    States: planned -> sent or cancelled; sent -> succeeded, failed or unknown; unknown ->
    succeeded or failed; failed -> succeeded (the bank's later word). It is planned in the
    transaction of the fact it follows from, and sent after that has committed. While one of a loan
    is open or has succeeded, and while one of unapplied funds is open, there is no other.
    """

    public_id = models.UUIDField(  # looked up among the payouts of its customer
        _("public id"), db_default=RandomUUID(), editable=False
    )
    number = models.CharField(_("payout number"), max_length=64)
    kind = models.CharField(_("kind"), max_length=20, choices=PayoutKind.choices)
    loan = models.ForeignKey(  # of the customer, which the database checks with it
        Loan, on_delete=models.PROTECT, null=True, related_name="payouts", db_index=False,
        db_constraint=False, verbose_name=_("loan"),
    )  # fmt: skip
    unapplied = models.ForeignKey(
        UnappliedFunds, on_delete=models.PROTECT, null=True, related_name="payouts",
        db_index=False, verbose_name=_("unapplied funds"),
    )  # fmt: skip
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="payouts", verbose_name=_("customer")
    )
    card = models.ForeignKey(
        BankCard, on_delete=models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("bank card"),
    )  # fmt: skip
    state = StateField(
        _("state"),
        choices=PayoutState.choices,
        default=PayoutState.PLANNED,
        max_length=20,
        protected=True,
    )
    business_date = models.DateField(_("business date"))
    amount_fen = models.BigIntegerField(_("amount"))
    paid_fen = models.BigIntegerField(_("paid out"), default=0)
    paid_on = models.DateField(pgettext_lazy("payout", "paid on"), null=True, blank=True)
    code = models.CharField(_("channel's code"), max_length=40, blank=True, default="")
    reference = models.CharField(_("channel's reference"), max_length=80, blank=True, default="")
    requested_by = models.CharField(_("requested by"), max_length=80)
    planned_at = models.DateTimeField(_("planned at"))
    asked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        default_permissions = ("view",)
        permissions: ClassVar = [("retry_refund", "Can send a refund again")]
        indexes: ClassVar = [
            models.Index(fields=["paid_on"], name="payout_paid_day"),
            models.Index(
                fields=["id"], condition=Q(state__in=OPEN_PAYOUT_STATES), name="payout_open"
            ),
            models.Index(fields=["loan"], name="payout_loan"),
            models.Index(fields=["unapplied"], name="payout_unapplied"),
        ]
        constraints: ClassVar = [
            state_check("payout_state", PayoutState),
            models.UniqueConstraint(fields=["number"], name="payout_number"),
            models.CheckConstraint(
                name="payout_is_for_one_thing",
                condition=Q(
                    kind=PayoutKind.DISBURSEMENT, loan__isnull=False, unapplied__isnull=True
                )
                | Q(kind=PayoutKind.REFUND, loan__isnull=True, unapplied__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=~Q(state__in=[PayoutState.FAILED, PayoutState.CANCELLED]),
                name="payout_one_disbursement",
            ),
            models.UniqueConstraint(
                fields=["unapplied"],
                condition=Q(state__in=OPEN_PAYOUT_STATES),
                name="payout_one_open_refund",
            ),
            CompositeForeignKey(
                name="payout_loan_of_customer",
                fields=["loan", "customer"],
                to="loans.Loan",
                to_fields=["id", "customer"],
            ),
            models.CheckConstraint(
                name="payout_card",
                condition=Q(kind=PayoutKind.REFUND) | Q(card__isnull=False),
            ),
            models.CheckConstraint(
                name="payout_signs", condition=Q(amount_fen__gt=0, paid_fen__gte=0)
            ),
            models.CheckConstraint(
                name="payout_sent_has_a_moment",
                condition=Q(state__in=[PayoutState.PLANNED, PayoutState.CANCELLED])
                | Q(asked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="payout_success_has_money",
                condition=Q(state=PayoutState.SUCCEEDED, paid_fen__gt=0, paid_on__isnull=False)
                & ~Q(reference="")
                | (~Q(state=PayoutState.SUCCEEDED) & Q(paid_fen=0, paid_on__isnull=True)),
            ),
        ]
        triggers: ClassVar = [Guard(), InitialState(PayoutState.PLANNED)]

    def __str__(self) -> str:
        return self.number

    @django_fsm.transition(field=state, source=PayoutState.PLANNED, target=PayoutState.SENT)
    def send(self, *, at: datetime) -> None:
        """The payout may leave: written down before anything does."""
        self.asked_at = at

    @django_fsm.transition(field=state, source=PayoutState.PLANNED, target=PayoutState.CANCELLED)
    def cancel(self, *, at: datetime) -> None:
        """Nothing was sent and nothing will be."""

    @django_fsm.transition(
        field=state,
        source=[PayoutState.SENT, PayoutState.UNKNOWN, PayoutState.FAILED],
        target=PayoutState.SUCCEEDED,
    )
    def succeed(self, *, at: datetime) -> None:
        """The channel has paid the money out, even if it first said otherwise."""
        self.answered_at = at

    @django_fsm.transition(
        field=state,
        source=[PayoutState.SENT, PayoutState.UNKNOWN],
        target=PayoutState.FAILED,
    )
    def fail(self, *, at: datetime) -> None:
        """The channel refused for good."""
        self.answered_at = at

    @django_fsm.transition(field=state, source=PayoutState.SENT, target=PayoutState.UNKNOWN)
    def mark_unknown(self, *, at: datetime) -> None:
        """No answer: the channel will be asked by the number."""
