"""Cost sheets over HTTP: asked for, opened, read and confirmed before anything is signed (LAW-2).

A repeated request for a sheet moves no money and binds nobody, so no idempotency key is required;
with one, the same sheet comes back.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Choice, Fen, Whole
from backoffice.web.api.problems import NotFoundError
from loans.contracts import sheet_text
from loans.contracts.operations import offers, quotes
from loans.contracts.operations.offers import DrawdownRequest
from loans.contracts.rules.cost_sheet import CostItem, CostWay
from loans.models import Plan, Quote, Scenario
from loans.models.loan import PLANS
from loans.models.quote import PURPOSES, QUOTE_STATES, SCENARIOS

SECONDS_MAX = 86_400
CONVERTED_PLANS = [one for one in PLANS if one[0] != Plan.BULLET]


class QuoteBody(Body):
    """What is to be drawn; a scenario lowers the rate of the plan bullet."""

    amount_fen = Fen(min_value=1)
    plan = Choice(choices=PLANS)
    scenario = Choice(choices=SCENARIOS, required=False)


class ConfirmationBody(Body):
    """How long the sheet was open to the reader; the server compares it with its own clock."""

    seconds_read = Whole(min_value=0, max_value=SECONDS_MAX)


class AnnualCostReply(serializers.Serializer[Any]):
    """The yearly cost: show ``irr_ppm`` first. The figure over 360 days is smaller."""

    irr_ppm = serializers.IntegerField(
        help_text="Compound, from the real days of all payments, actual/365."
    )
    simple_365_ppm = serializers.IntegerField(
        allow_null=True, help_text="Daily rate x 365; null of a plan."
    )
    headline_360_ppm = serializers.IntegerField(help_text="Over a year of 360 days.")


class SheetRowReply(serializers.Serializer[Any]):
    """What is paid on a due date."""

    instalment = serializers.IntegerField()
    due_on = serializers.DateField()
    nights = serializers.IntegerField(help_text="Since the drawdown.")
    principal_fen = serializers.IntegerField()
    interest_fen = serializers.IntegerField()
    plan_fee_fen = serializers.IntegerField()
    total_fen = serializers.IntegerField()


class CostItemReply(serializers.Serializer[Any]):
    """An item of the cost, also one that is never charged."""

    item = serializers.ChoiceField(choices=[(one.value, one.value) for one in CostItem])
    title = serializers.CharField()
    way = serializers.ChoiceField(choices=[(one.value, one.value) for one in CostWay])
    standard_ppb = serializers.IntegerField(
        help_text="Parts per billion: a day of interest, of the whole principal of a plan fee."
    )
    collector = serializers.CharField()
    amount_fen = serializers.IntegerField()
    annual_ppm = serializers.IntegerField()


class ContingentCostReply(serializers.Serializer[Any]):
    """What it costs besides when it is not paid as agreed, or is paid early."""

    item = serializers.CharField()
    text = serializers.CharField()


class AffordabilityReply(serializers.Serializer[Any]):
    """The month with the most to pay; ``is_high`` where it takes more than half of the income."""

    month = serializers.CharField()
    new_fen = serializers.IntegerField()
    existing_fen = serializers.IntegerField()
    due_fen = serializers.IntegerField()
    income_fen = serializers.IntegerField(
        allow_null=True, help_text="Verified monthly income; null where none is verified."
    )
    share_max_permille = serializers.IntegerField()
    is_high = serializers.BooleanField()


class SheetLoanReply(serializers.Serializer[Any]):
    """A running loan that the conversion is of, and the most of it that is converted."""

    id = serializers.UUIDField()
    drawn_on = serializers.DateField()
    principal_fen = serializers.IntegerField()


class QuoteReply(serializers.Serializer[Any]):
    """A cost sheet: figures, the text in the caller's language, and how far it has come.

    ``digest`` is the SHA-256 of the sheet and its texts in both languages.
    """

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=QUOTE_STATES)
    purpose = serializers.ChoiceField(choices=PURPOSES)
    bill_id = serializers.UUIDField(allow_null=True)
    loans = SheetLoanReply(many=True, help_text="Of a conversion; empty of a drawdown.")
    annual = AnnualCostReply()
    amount_fen = serializers.IntegerField()
    plan = serializers.ChoiceField(choices=PLANS)
    scenario = serializers.ChoiceField(choices=SCENARIOS, allow_null=True)
    drawn_on = serializers.DateField()
    total_fen = serializers.IntegerField()
    cost_fen = serializers.IntegerField()
    schedule = SheetRowReply(many=True)
    items = CostItemReply(many=True)
    contingent = ContingentCostReply(many=True)
    cap_annual_ppm = serializers.IntegerField()
    affordability = AffordabilityReply()
    text = serializers.CharField()
    digest = serializers.CharField()
    must_read_seconds = serializers.IntegerField()
    offered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    shown_at = serializers.DateTimeField(allow_null=True)
    seconds_read = serializers.IntegerField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)


def offered(_view: CustomerEndpoint, quote: Quote) -> Response:
    """Return the reply to a request for a cost sheet."""
    return Response(_reply(quote), status=HTTPStatus.CREATED)


def _confirmed(_view: CustomerEndpoint, quote: Quote) -> Response:
    return Response(_reply(quote))


class QuotesView(CustomerEndpoint):
    """The cost sheets of drawdowns."""

    @describe(
        "Ask for the cost sheet of a drawdown",
        body=QuoteBody,
        replies={201: QuoteReply},
        refusals=(
            *offers.DRAW_REFUSALS,
            *offers.PRICE_REFUSALS,
            offers.AmountNotDrawableError,
            offers.AboveUsableError,
            offers.ScenarioWithPlanError,
        ),
    )
    @once(offered)
    def post(self, request: Request) -> Quote:
        """Return what a drawdown of today would cost: it must be opened, read and confirmed."""
        given = self.read(QuoteBody, request)
        scenario = Scenario(given["scenario"]) if "scenario" in given else None
        asked = DrawdownRequest(given["amount_fen"], Plan(given["plan"]), scenario)
        return offers.offer(asked, context=self.context)


class QuoteView(CustomerEndpoint):
    """One cost sheet of a customer."""

    @describe("Open a cost sheet", replies={200: QuoteReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the sheet; the first time begins the forced reading time."""
        return Response(_reply(_found(lambda: quotes.show(public_id, context=self.context))))


class ConfirmationView(CustomerEndpoint):
    """The confirmation of a cost sheet."""

    @describe(
        "Confirm a cost sheet",
        body=ConfirmationBody,
        replies={200: QuoteReply},
        refusals=quotes.CONFIRM_REFUSALS,
    )
    @once(_confirmed)
    def post(self, request: Request, public_id: UUID) -> Quote:
        """Confirm that the sheet was read, after at least the forced reading time."""
        seconds = self.read(ConfirmationBody, request)["seconds_read"]
        return _found(lambda: quotes.confirm(public_id, seconds_read=seconds, context=self.context))


def _found(work: Callable[[], Quote]) -> Quote:
    try:
        return work()
    except Quote.DoesNotExist as error:
        raise NotFoundError from error


def _reply(quote: Quote) -> dict[str, Any]:
    sheet = quote.sheet
    copied = ("annual", "total_fen", "cost_fen", "schedule", "cap_annual_ppm", "affordability")
    return {
        "id": quote.public_id,
        "state": quote.state,
        "purpose": quote.purpose,
        "bill_id": quote.bill.public_id if quote.bill else None,
        "loans": sheet.get("loans", []),
        "amount_fen": quote.amount_fen,
        "plan": quote.plan,
        "scenario": quote.scenario or None,
        "drawn_on": quote.drawn_on,
        **{name: sheet[name] for name in copied},
        "items": [
            {**item, "title": str(sheet_text.ITEM_TITLES[CostItem(item["item"])])}
            for item in sheet["items"]
        ],
        "contingent": [
            {"item": item["item"], "text": sheet_text.contingent(item)}
            for item in sheet["contingent"]
        ],
        "text": quote.text_en if get_language() == "en" else quote.text_zh,
        "digest": quote.digest,
        "must_read_seconds": quote.must_read_seconds,
        "offered_at": quote.offered_at,
        "expires_at": quote.expires_at,
        "shown_at": quote.shown_at,
        "seconds_read": quote.seconds_read,
        "confirmed_at": quote.confirmed_at,
        "used_at": quote.used_at,
    }
