"""Repaying a loan early: the quote, the settlement, the prepayment (REPAY-3, REPAY-4)."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.cards.operations.cards import CardNotBoundError, CardUnknownError
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Customer
from accounts.passwords.operations.authorisations import (
    AuthorisationExpiredError,
    AuthorisationOtherError,
    AuthorisationSpentError,
    AuthorisationUnknownError,
)
from backoffice.platform.idempotency import KeyReusedError
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import KEY, once
from backoffice.web.api.fields import Body, Fen, PublicId
from backoffice.web.api.problems import NotFoundError
from loans.collection.api import CardOrWechat, payer_of
from loans.collection.operations.offers import CardDayLimitError
from loans.models import DebitOrder, DebitOrderState, Loan
from loans.settlement import operations, queries
from loans.settlement.operations import EarlyRequest

_REFUSALS = (
    operations.LoanNotOpenError,
    operations.LoanChargedOffError,
    operations.EarlyRepaymentUnderWayError,
    CardNotBoundError,
    CardUnknownError,
    CardDayLimitError,
    AuthorisationUnknownError,
    AuthorisationSpentError,
    AuthorisationOtherError,
    AuthorisationExpiredError,
    KeyReusedError,
)
_PREPAYMENT_REFUSALS = (
    operations.PlanPrepaidError,
    operations.BilledLoanPrepaidError,
    operations.PrepaymentTooSmallError,
    operations.PrepaymentWholeError,
)
_DIGITS_MAX = 15


class SettlementBody(Body):
    """What pays, a bound card or WeChat, and the grant of exactly the amount of the quote."""

    card_id = CardOrWechat()
    authorisation_id = PublicId()


class PrepaymentBody(SettlementBody):
    """Principal that is repaid early; the grant is of it with all interest and the fee."""

    amount_fen = Fen(min_value=1)


class SettlementReply(serializers.Serializer[Any]):
    """What settling the loan takes today, component by component.

    ``waived_fen`` is what the cap took off the plan fee of the started period.
    """

    as_of = serializers.DateField()
    penalty_fen = serializers.IntegerField()
    late_fee_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    plan_fee_fen = serializers.IntegerField()
    principal_fen = serializers.IntegerField()
    prepayment_fee_fen = serializers.IntegerField()
    waived_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()


class EarlyPaymentReply(serializers.Serializer[Any]):
    """A repayment that was ordered; its result follows."""

    payment_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DebitOrderState.choices)
    amount_fen = serializers.IntegerField()


class PrepaymentQuoteReply(serializers.Serializer[Any]):
    """What prepaying some principal takes today: it, all interest so far, and the fee."""

    as_of = serializers.DateField()
    principal_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    prepayment_fee_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()


def _ordered(_view: CustomerEndpoint, order: DebitOrder) -> Response:
    reply = {
        "payment_id": order.public_id,
        "state": order.state,
        "amount_fen": order.amount_fen,
    }
    return Response(reply, status=HTTPStatus.ACCEPTED)


class _LoanEndpoint(CustomerEndpoint):
    """An endpoint of one loan of the customer."""

    def _loan(self, customer: Customer, public_id: UUID) -> Loan:
        loan = Loan.objects.filter(customer=customer, public_id=public_id).first()
        if loan is None:
            raise NotFoundError
        return loan

    def _order(
        self, request: Request, body: dict[str, Any], public_id: UUID, principal_fen: int | None
    ) -> DebitOrder:
        customer = self.customer(request)
        loan = self._loan(customer, public_id)
        payer = payer_of(self.context, body["card_id"])
        return operations.request(
            EarlyRequest(
                customer, loan, payer, body["authorisation_id"], request.headers[KEY], principal_fen
            ),
            by=self.context.by,
            on=self.context.on,
            at=self.context.at,
            wall_at=self.context.wall_at,
        )


class SettlementView(_LoanEndpoint):
    """The early settlement of a loan."""

    @describe(
        "Read what settling a loan takes",
        replies={200: SettlementReply},
        refusals=(operations.LoanNotOpenError, operations.LoanChargedOffError),
    )
    def get(self, request: Request, public_id: UUID) -> Response:
        """Read what settling the loan takes today, with its share of every open bill (REPAY-4)."""
        loan = self._loan(self.customer(request), public_id)
        operations.require_open(loan.state)
        quote = queries.quote_of(loan, on=self.context.on)
        assert quote is not None, "an open loan has a quote"
        return Response(
            {
                "as_of": self.context.on,
                **quote.debt._asdict(),
                "prepayment_fee_fen": quote.prepayment_fee_fen,
                "waived_fen": quote.waived_fen,
                "total_fen": quote.total_fen,
            }
        )

    @describe(
        "Settle a loan early",
        body=SettlementBody,
        replies={202: EarlyPaymentReply},
        refusals=_REFUSALS,
    )
    @once(_ordered, is_required=True)
    def post(self, request: Request, public_id: UUID) -> DebitOrder:
        """Settle the loan with what it takes today, which the grant names exactly (REPAY-4)."""
        return self._order(request, self.read(SettlementBody, request), public_id, None)


class PrepaymentsView(_LoanEndpoint):
    """Prepayments of a bullet loan."""

    @describe(
        "Read what prepaying a part of a bullet loan takes",
        replies={200: PrepaymentQuoteReply},
        parameters=(
            OpenApiParameter(
                "amount_fen", int, required=True,
                description="The principal that would be repaid early, in fen.",
            ),
        ),
        refusals=(
            operations.LoanNotOpenError, operations.LoanChargedOffError, *_PREPAYMENT_REFUSALS,
        ),
    )  # fmt: skip
    def get(self, request: Request, public_id: UUID) -> Response:
        """Read what prepaying so much principal takes today: exactly that is authorised."""
        loan = self._loan(self.customer(request), public_id)
        amount_fen = _amount_fen(request.query_params.get("amount_fen", ""))
        quote = operations.quote_prepayment(loan, principal_fen=amount_fen, on=self.context.on)
        return Response(
            {
                "as_of": self.context.on,
                "principal_fen": quote.debt.principal_fen,
                "interest_fen": quote.debt.interest_fen,
                "prepayment_fee_fen": quote.prepayment_fee_fen,
                "total_fen": quote.total_fen,
            }
        )

    @describe(
        "Prepay a part of a bullet loan",
        body=PrepaymentBody,
        replies={202: EarlyPaymentReply},
        refusals=(*_REFUSALS, *_PREPAYMENT_REFUSALS),
    )
    @once(_ordered, is_required=True)
    def post(self, request: Request, public_id: UUID) -> DebitOrder:
        """Repay some principal with all interest and the fee on it (REPAY-3, REPAY-4)."""
        body = self.read(PrepaymentBody, request)
        return self._order(request, body, public_id, body["amount_fen"])


def _amount_fen(text: str) -> int:
    """Return an amount of the query, in fen.

    Raises:
        ValidationError: it is no whole number above 0.
    """
    is_whole = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    if not is_whole or not int(text):
        words = gettext("Give an amount in whole fen, at least 1.")
        raise ValidationError({"amount_fen": [ErrorDetail(words, "invalid")]})
    return int(text)
