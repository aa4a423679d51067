"""Payments of a customer: pay a bill by hand, and read what became of each payment (REPAY-12).

A payment inside WeChat is accepted like one from a card. Once the channel has prepared it, reading
it returns what opens the payment sheet, until its customer has confirmed or its time is over.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.cards.operations.cards import CardNotBoundError, CardUnknownError
from accounts.cards.rules.card_numbers import day_limit_fen
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import BankCard, BankCardState, WechatAccount
from accounts.onboarding.context import RequestContext
from backoffice.core.money import yuan
from backoffice.platform.idempotency import KeyReusedError
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import KEY, once
from backoffice.web.api.fields import Body, Fen, PublicId
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError
from loans.collection.operations import cancellations, offers, payments
from loans.collection.queries.payments import NO_MONEY, MoneyOf, money_of, of_customer
from loans.collection.rules import refusal_codes
from loans.gateways.from_settings import debit_channel
from loans.models import Bill, DebitOrder, DebitOrderState, Origin, PaymentMethod
from loans.models.debit import ASKED_STATES, PURPOSES

WECHAT = "wechat"
SHOWN_MAX = 500


@extend_schema_field(
    {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "string", "enum": [WECHAT]}]}
)
class CardOrWechat(PublicId):
    """The id of a bound card, or the word for a payment that is confirmed inside WeChat."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the id of a card, or the word."""
        return data if data == WECHAT else super().to_internal_value(data)


def payer_of(context: RequestContext, card_id: UUID | str) -> BankCard | WechatAccount:
    """Return what pays: a bound card of the customer, or the WeChat account of the login.

    Raises:
        CardUnknownError: the customer has no such card.
    """
    if card_id == WECHAT:
        assert context.session is not None, "an endpoint of a customer has a login"
        return context.session.account
    cards = BankCard.objects.filter(customer=context.customer, public_id=card_id)
    card = cards.exclude(state=BankCardState.UNBOUND).defer("number", "phone").first()
    if card is None:
        raise CardUnknownError
    return card


class PaymentBody(Body):
    """How much is paid, and from which bound card, or inside WeChat."""

    amount_fen = Fen(min_value=1)
    card_id = CardOrWechat()


class PaymentRequestedReply(serializers.Serializer[Any]):
    """A payment that was accepted; its result follows."""

    payment_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DebitOrderState.choices)


class SettledReply(serializers.Serializer[Any]):
    """What a payment settled under one bill; of a loan also what stands under none yet."""

    bill_id = serializers.UUIDField(allow_null=True)
    amount_fen = serializers.IntegerField()


class PaymentRefusalReply(serializers.Serializer[Any]):
    """Why no money was taken."""

    code = serializers.CharField()
    text = serializers.CharField()


class SheetReply(serializers.Serializer[Any]):
    """What the mini program opens the payment sheet of WeChat with, until ``expires_at``.

    ``wx.requestPayment`` calls them ``timeStamp``, ``nonceStr``, ``package``, ``signType`` and
    ``paySign``; ``app_id`` is the mini program that they are signed for.
    """

    app_id = serializers.CharField()
    timestamp = serializers.CharField()
    nonce = serializers.CharField()
    package = serializers.CharField()
    sign_type = serializers.CharField()
    signature = serializers.CharField()
    expires_at = serializers.DateTimeField()


class PaymentReply(serializers.Serializer[Any]):
    """A payment, whoever ordered it, and where its money went.

    ``bill_id`` is the bill that was named, or ``loan_id`` the loan of an early settlement or
    prepayment; ``settled`` lists the bills that received the money, older ones first. It and the
    ``prepayment_fee_fen`` of an early repayment are together ``settled_fen``. What was not owed any
    more is ``unapplied_fen`` and is refunded. A payment that ``is_reversed`` does not
    count any more. ``sheet`` is there while the customer can confirm a payment inside WeChat.
    """

    id = serializers.UUIDField()
    bill_id = serializers.UUIDField(allow_null=True)
    loan_id = serializers.UUIDField(allow_null=True)
    purpose = serializers.ChoiceField(choices=PURPOSES)
    paid_by = serializers.ChoiceField(choices=Origin.choices)
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    state = serializers.ChoiceField(choices=DebitOrderState.choices)
    requested_on = serializers.DateField()
    amount_fen = serializers.IntegerField()
    taken_fen = serializers.IntegerField()
    card_id = serializers.UUIDField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    settled = SettledReply(many=True)
    prepayment_fee_fen = serializers.IntegerField()
    settled_fen = serializers.IntegerField()
    unapplied_fen = serializers.IntegerField()
    is_reversed = serializers.BooleanField()
    refusal = PaymentRefusalReply(allow_null=True)
    sheet = SheetReply(allow_null=True)


def _requested(_view: CustomerEndpoint, order: DebitOrder) -> Response:
    reply = {"payment_id": order.public_id, "state": order.state}
    return Response(reply, status=HTTPStatus.ACCEPTED)


class BillPaymentsView(CustomerEndpoint):
    """The payments for a bill. What is owed can be repaid on hold too."""

    always_open = ("POST",)

    @describe(
        "Pay a bill",
        body=PaymentBody,
        replies={202: PaymentRequestedReply},
        refusals=(
            offers.NothingOwedError,
            offers.OverpaidError,
            offers.PaymentUnderWayError,
            offers.CardDayLimitError,
            CardNotBoundError,
            CardUnknownError,
            KeyReusedError,
        ),
    )
    @once(_requested, is_required=True)
    def post(self, request: Request, public_id: UUID) -> DebitOrder:
        """Pay a part of a bill or all of it; older bills are settled first (REPAY-8)."""
        customer = self.customer(request)
        body = self.read(PaymentBody, request)
        bill = Bill.objects.filter(customer=customer, public_id=public_id).first()
        if bill is None:
            raise NotFoundError
        return payments.request(
            bill,
            amount_fen=body["amount_fen"],
            payer=payer_of(self.context, body["card_id"]),
            key=request.headers[KEY],
            by=self.context.by,
            on=self.context.on,
            at=self.context.at,
        )


class PaymentsView(CustomerEndpoint):
    """The payments of a customer."""

    @describe(
        "List the payments",
        replies={200: PaymentReply}, pages=True, operation_id="payments_list",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the latest payments, direct debits and bank transfers too, the newest first."""
        found = list(of_customer(self.customer(request).pk)[:SHOWN_MAX])
        replies = _replies(found, at=self.context.at)
        return page(request, replies, is_newest_first=True)


class PaymentView(CustomerEndpoint):
    """One payment of a customer. It can be cancelled on hold too: nothing new is owed."""

    always_open = ("DELETE",)

    @describe("Read a payment", replies={200: PaymentReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return a payment, and where its money went."""
        [reply] = _replies([self._order(request, public_id)], at=self.context.at)
        return Response(reply)

    @describe(
        "Cancel a payment inside WeChat",
        replies={200: PaymentReply},
        refusals=(cancellations.NotCancellableError, cancellations.NotClosedYetError),
    )
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Close a payment that was not confirmed yet; one that was meanwhile is returned as paid.

        The same again returns the payment as it stands.
        """
        order = self._order(request, public_id)
        cancellations.cancel(
            [order.pk], by=self.context.by, channel=debit_channel(), at=self.context.at
        )
        return self.get(request, public_id)

    def _order(self, request: Request, public_id: UUID) -> DebitOrder:
        order = of_customer(self.customer(request).pk).filter(public_id=public_id).first()
        if order is None:
            raise NotFoundError
        return order


def _replies(orders: Sequence[DebitOrder], *, at: datetime) -> list[dict[str, Any]]:
    money = money_of(orders)
    return [_reply(order, money.get(order.pk, NO_MONEY), at=at) for order in orders]


def _reply(order: DebitOrder, money: MoneyOf, *, at: datetime) -> dict[str, Any]:
    return {
        "id": order.public_id,
        "bill_id": order.bill.public_id if order.bill else None,
        "loan_id": order.loan.public_id if order.loan else None,
        "purpose": order.purpose,
        "paid_by": order.origin,
        "method": order.method,
        "state": order.state,
        "requested_on": order.business_date,
        "amount_fen": order.amount_fen,
        "taken_fen": order.taken_fen,
        "card_id": order.card.public_id if order.card else None,
        "answered_at": order.answered_at,
        "settled": [one._asdict() for one in money.settled],
        "prepayment_fee_fen": money.prepayment_fee_fen,
        "settled_fen": money.settled_fen,
        "unapplied_fen": money.unapplied_fen,
        "is_reversed": money.is_reversed,
        "refusal": _refusal(order),
        "sheet": _sheet(order, at=at),
    }


def _sheet(order: DebitOrder, *, at: datetime) -> dict[str, Any] | None:
    """Return what opens the payment sheet while the order waits for its customer."""
    if order.state not in ASKED_STATES or order.is_over(at=at) or not hasattr(order, "sheet"):
        return None
    return {**order.sheet.parameters, "expires_at": order.expires_at}


def _refusal(order: DebitOrder) -> dict[str, str] | None:
    if order.state == DebitOrderState.CANCELLED:
        text = gettext("The amount is not owed any more; nothing was sent.")
        if order.code == refusal_codes.WITHDRAWN:
            text = gettext("You cancelled this payment; nothing was sent.")
        return {"code": "CANCELLED", "text": text}
    if order.state != DebitOrderState.FAILED:
        return None
    return {"code": order.code, "text": _why_failed(order)}


def _why_failed(order: DebitOrder) -> str:
    """Return the bank's reason; a limit of a class II account is named with its amount (FAQ-4)."""
    text = gettext(refusal_codes.of(order.code).label)
    limit_fen = day_limit_fen(order.card.account_class) if order.card else None
    if order.code != refusal_codes.RULE_LIMIT or limit_fen is None:
        return text
    words = gettext("This account pays at most {limit} yuan a day, to all payees together.")
    return f"{text}. {words}".format(limit=yuan(limit_fen))
