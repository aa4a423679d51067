"""Customers with cards, and a bank that answers what the test says."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.cards.operations import bindings, cards
from accounts.cards.rules.card_numbers import AccountClass
from accounts.gateways.identity import CardAnswer, Verdict
from accounts.models import BankCard, Customer
from backoffice.core import workflow
from backoffice.core.crypto import blind
from tests.accounts.people import AT, LONG_AGO, person, request_of

LATER = AT + timedelta(hours=1)
ONE, TWO, THREE = AccountClass.I, AccountClass.II, AccountClass.III
UNKNOWN = AccountClass.UNKNOWN


class Bank:
    """Answers questions about cards in turn, the last answer for ever; remembers what it saw."""

    name = "fake"

    def __init__(self, *answers: CardAnswer) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, object]] = []

    def check_card(self, **asked: object) -> CardAnswer:
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def says(account_class: AccountClass) -> Bank:
    """Return a bank that confirms every card."""
    return Bank(CardAnswer(Verdict.MATCH, "0", "r-1", account_class))


def refuses(code: str = "-1") -> Bank:
    """Return a bank that confirms none."""
    return Bank(CardAnswer(Verdict.MISMATCH, code, "r-2"))


SILENCE = CardAnswer(Verdict.UNAVAILABLE, "TIMEOUT", "")


def customer(n: int = 1, **other: object) -> Customer:
    """Return the n-th customer, migrated with an identity, whose cooling-off is over."""
    who = person(n)
    other.setdefault("origin", f"portfolio:{n}")
    with transaction.atomic(), workflow.importing():
        return Customer.objects.create(
            state="identified",
            name=who.name,
            id_number=who.id_number,
            id_blind=blind(who.id_number, "id_number"),
            registered_at=LONG_AGO,
            **other,
        )


def sent(owner: Customer, n: int = 1, **other: object) -> BankCard:
    """Send the n-th card."""
    who = person(n)
    moments = {name: other.pop(name) for name in ("at", "wall_at") if name in other}
    typed = {"number": who.card_number, "phone": who.phone, **other}
    return bindings.bind(request_of(owner, **moments), **typed)


def ask_bank(card_id: int, *, checks: object, at: datetime) -> BankCard:
    """Ask the bank about a card, as the request does that sent it."""
    card = BankCard.objects.select_related("customer").get(pk=card_id)
    return cards.check(card, checks=checks, context=request_of(card.customer, at=at))


def bound(owner: Customer, n: int = 1, *, account_class: AccountClass = ONE) -> BankCard:
    """Send the n-th card and let its bank confirm it."""
    return reread(ask_bank(sent(owner, n).pk, checks=says(account_class), at=AT))


def reread(card: BankCard) -> BankCard:
    return BankCard.objects.get(pk=card.pk)


def defaults(owner: Customer) -> list[BankCard]:
    return list(BankCard.objects.filter(customer=owner, is_default=True))
