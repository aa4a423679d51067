"""Conversion of a bill into instalments over HTTP: its cost sheet, and the request (REPAY-6)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Choice, PublicId
from backoffice.web.api.problems import NotFoundError
from loans.contracts.api.quotes import CONVERTED_PLANS, QuoteReply, offered
from loans.contracts.operations import offers
from loans.conversion.operations import conversions, sheets
from loans.conversion.operations.conversions import ConversionOrder
from loans.conversion.operations.sheets import ConversionRequest
from loans.models import Bill, Conversion, ConversionState, Plan, Quote

LOANS_MAX = 100


class ConversionQuoteBody(Body):
    """The plan in which principal of the bill is to be paid; of all its bullet loans by default."""

    plan = Choice(choices=CONVERTED_PLANS)
    loan_ids = serializers.ListField(
        child=PublicId(), required=False, allow_empty=False, max_length=LOANS_MAX
    )


class ConversionBody(Body):
    """The confirmed cost sheet of the conversion, and the plan on it."""

    plan = Choice(choices=CONVERTED_PLANS)
    quote_id = PublicId()


class ConvertedLoanReply(serializers.Serializer[Any]):
    """A loan that is converted: the most that may be, and what was on the due date."""

    loan_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ConversionState.choices)
    offered_fen = serializers.IntegerField(help_text="The principal on the cost sheet.")
    converted_fen = serializers.IntegerField(help_text="0 until it takes effect.")
    plan_fee_fen = serializers.IntegerField(help_text="0 until it takes effect.")


class ConversionReply(serializers.Serializer[Any]):
    """The conversion of a bill: on ``effective_on`` the loans become plans."""

    bill_id = serializers.UUIDField()
    plan = serializers.ChoiceField(choices=CONVERTED_PLANS)
    effective_on = serializers.DateField()
    loans = ConvertedLoanReply(many=True)


def _requested(_view: CustomerEndpoint, found: Sequence[Conversion]) -> Response:
    return Response(_reply(found), status=HTTPStatus.CREATED)


class ConversionQuotesView(CustomerEndpoint):
    """The cost sheets of conversions."""

    @describe(
        "Ask for the cost sheet of a bill's conversion into instalments",
        body=ConversionQuoteBody,
        replies={201: QuoteReply},
        refusals=(sheets.NotConvertibleError, *offers.PRICE_REFUSALS),
    )
    @once(offered)
    def post(self, request: Request, public_id: UUID) -> Quote:
        """Return what it would cost to pay the principal of a bill in instalments (REPAY-6)."""
        given = self.read(ConversionQuoteBody, request)
        loan_ids = tuple(given.get("loan_ids", ()))
        asked = ConversionRequest(public_id, Plan(given["plan"]), loan_ids)
        try:
            return sheets.offer(asked, context=self.context)
        except Bill.DoesNotExist as error:
            raise NotFoundError from error


class ConversionView(CustomerEndpoint):
    """The conversion of a bill."""

    @describe(
        "Convert a bill into instalments",
        body=ConversionBody,
        replies={201: ConversionReply},
        refusals=conversions.REFUSALS,
    )
    @once(_requested, is_required=True)
    def post(self, request: Request, public_id: UUID) -> list[Conversion]:
        """Convert the loans on a confirmed cost sheet, with effect from the bill's due date."""
        given = self.read(ConversionBody, request)
        asked = ConversionOrder(public_id, given["quote_id"], Plan(given["plan"]))
        try:
            return conversions.request(asked, context=self.context)
        except Bill.DoesNotExist as error:
            raise NotFoundError from error

    @describe(
        "Withdraw the planned conversion of a bill",
        replies={204: None},
        refusals=(conversions.ConversionDecidedError,),
    )
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Let the bill be due as it was printed; possible until the day before its due date."""
        try:
            conversions.withdraw_of_bill(public_id, context=self.context)
        except Bill.DoesNotExist as error:
            raise NotFoundError from error
        return Response(status=HTTPStatus.NO_CONTENT)


def _reply(found: Sequence[Conversion]) -> dict[str, Any]:
    first = found[0]
    return {
        "bill_id": first.bill.public_id,
        "plan": first.plan,
        "effective_on": first.effective_on,
        "loans": [
            {
                "loan_id": one.loan.public_id,
                "state": one.state,
                "offered_fen": one.offered_fen,
                "converted_fen": one.principal_fen,
                "plan_fee_fen": one.fee_fen,
            }
            for one in found
        ],
    }
