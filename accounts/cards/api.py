"""The bank cards of a customer: bound, listed, chosen, and taken away (ELIG-6, ELIG-7)."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _translated
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.cards.operations import bindings, cards
from accounts.cards.queries import needs_proof
from accounts.cards.rules import card_numbers, card_refusals
from accounts.gateways.from_settings import identity_checks
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import ACCOUNT_CLASSES, BankCard, BankCardState, Customer
from accounts.onboarding import operations as onboarding
from backoffice.core.errors import RefusalCause, Refused
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Secret
from backoffice.web.api.paging import page
from backoffice.web.api.problems import NotFoundError


class CardRefusedError(Refused):
    """The bank was asked and the card cannot serve; it is on record as rejected."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("reason",)
    is_recorded = True
    code = "card-refused"
    message = _("The card could not be bound: {words}")
    remedy = "{remedy}"

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return why a card can be rejected."""
        return [
            RefusalCause(one.reason, _(one.words), _(one.remedy)) for one in card_refusals.every()
        ]


class CardBody(Body):
    """The number of a debit card, and the phone its bank has on file."""

    number = Secret(max_length=40)
    phone = Secret(max_length=20)


class RefusalReply(serializers.Serializer[Any]):
    """Why a card was rejected."""

    reason = serializers.CharField()
    words = serializers.CharField()
    remedy = serializers.CharField()


class CardReply(serializers.Serializer[Any]):
    """A card and what it may be used for; of its number the last four digits."""

    id = serializers.UUIDField()
    bank = serializers.CharField()
    last_four = serializers.CharField()
    state = serializers.ChoiceField(choices=BankCardState.choices)
    account_class = serializers.ChoiceField(choices=ACCOUNT_CLASSES)
    day_limit_fen = serializers.IntegerField(allow_null=True)
    is_default = serializers.BooleanField()
    needs_proof = serializers.BooleanField()
    refusal = RefusalReply(allow_null=True)
    bound_at = serializers.DateTimeField()


def _bound(_view: CustomerEndpoint, card: BankCard) -> Response:
    if card.state == BankCardState.REJECTED:
        raise CardRefusedError(**_refusal(card))
    is_pending = card.state == BankCardState.PENDING
    status = HTTPStatus.ACCEPTED if is_pending else HTTPStatus.CREATED
    return Response(_reply(card), status=status)


def _chosen(_view: CustomerEndpoint, card: BankCard) -> Response:
    return Response(_reply(card))


class CardsView(CustomerEndpoint):
    """The cards of a customer."""

    @describe("List the cards", replies={200: CardReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List the cards, rejected ones too, in the order in which they came."""
        rows = [_reply(card) for card in _of(self.customer(request)).order_by("pk")]
        return page(request, rows)

    @describe(
        "Bind a card",
        body=CardBody,
        replies={201: CardReply, 202: CardReply},
        refusals=(CardRefusedError, *onboarding.STEP_REFUSALS, *bindings.REFUSALS),
    )
    @once(_bound)
    def post(self, request: Request) -> BankCard:
        """Bind a card; 202 while its bank has not answered or the account class needs evidence."""
        body = self.read(CardBody, request)
        sent = bindings.bind(self.context, number=body["number"], phone=body["phone"])
        return cards.check(sent, checks=identity_checks(), context=self.context)


class CardView(CustomerEndpoint):
    """One card of a customer."""

    @describe(
        "Unbind a card",
        replies={204: None},
        refusals=(cards.CardNotBoundError, cards.CardHeldError),
    )
    def delete(self, request: Request, public_id: UUID) -> Response:
        """Unbind the card."""
        card = _one(self.customer(request), public_id)
        cards.unbind(card, by=self.context.by, at=self.context.at)
        return Response(status=HTTPStatus.NO_CONTENT)


class DefaultCardView(CustomerEndpoint):
    """The card on which loans arrive."""

    @describe(
        "Let loans arrive on this card",
        replies={200: CardReply},
        refusals=(cards.CardNotActiveError,),
    )
    @once(_chosen)
    def post(self, request: Request, public_id: UUID) -> BankCard:
        """Make the card the default one."""
        card = _one(self.customer(request), public_id)
        return cards.make_default(card, by=self.context.by, at=self.context.at)


def _of(customer: Customer) -> QuerySet[BankCard]:
    mine = BankCard.objects.filter(customer=customer).exclude(state=BankCardState.UNBOUND)
    return mine.defer("number", "phone")


def _one(customer: Customer, public_id: UUID) -> BankCard:
    card = _of(customer).filter(public_id=public_id).first()
    if card is None:
        raise NotFoundError
    return card


def _reply(card: BankCard) -> dict[str, Any]:
    return {
        "id": card.public_id,
        "bank": card.bank,
        "last_four": card.last_four,
        "state": card.state,
        "account_class": card.account_class,
        "day_limit_fen": card_numbers.day_limit_fen(card.account_class),
        "is_default": card.is_default,
        "needs_proof": needs_proof(card),
        "refusal": _refusal(card) if card.state == BankCardState.REJECTED else None,
        "bound_at": card.bound_at,
    }


def _refusal(card: BankCard) -> dict[str, str]:
    refusal = card_refusals.of(card.check_code)
    return {
        "reason": refusal.reason,
        "words": _translated(refusal.words),
        "remedy": _translated(refusal.remedy),
    }
