"""A card as its customer sends it, and what is refused before the bank is asked (ELIG-7, LAW-21).

What can be checked without a provider is checked here: the number's own sum, the bank and
the kind of card by how the number begins, how many cards and tries there were before.
"""

import secrets
from http import HTTPStatus
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.cards import queries as cards
from accounts.cards.rules import card_numbers
from accounts.cards.rules.card_numbers import BadCardNumber, BadPhone
from accounts.models import BankBin, BankCard, CardKind
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import Step
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.core.errors import NextCall, Refused
from backoffice.platform import idempotency, rate_limit

SCOPE = "card"


class CardNumberError(Refused):
    """The number cannot be that of a card (LAW-21)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("reason",)
    code = "card-number-bad"
    message = _("This is not a card number: {reason}.")
    remedy = _("Compare all digits with the card and send them again.")


class CardPhoneError(Refused):
    """The phone number cannot be one of the mainland."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "card-phone-bad"
    message = _("This is not a mobile phone number of the mainland.")
    remedy = _("Send the eleven digits of the number your bank has on file.")


class UnknownBankError(Refused):
    """No bank we know of issues cards that begin like this."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "card-bank-unknown"
    message = _("No bank that we work with issues such a card.")
    remedy = _("Compare the number with the card, or bind a card of another bank.")


class UnsupportedBankError(Refused):
    """We do not work with the bank at the moment (ELIG-7)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("bank",)
    code = "card-bank-unsupported"
    message = _("Cards of {bank} are not supported.")
    remedy = _("Bind a card of another bank.")


class CreditCardError(Refused):
    """A credit card can neither receive a loan nor repay one (ELIG-7)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("bank",)
    code = "credit-card"
    message = _("This is a credit card of {bank}; only debit cards can be bound.")
    remedy = _("Bind a debit card of a class I account in your own name.")


class TooManyCardsError(Refused):
    """The customer has the maximum number of cards."""

    code = "too-many-cards"
    message = _("You have {cards_max} cards already.")
    remedy = _("Unbind one first.")
    calls = (NextCall("unbind-card", "DELETE", "/api/v1/me/cards/{id}"),)


class TooManyCardTriesError(Refused):
    """The tries of the day are used up."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too-many-card-tries"
    message = _("You have tried to bind too many cards today.")
    remedy = _("Try again tomorrow, or ask customer support.")


REFUSALS = (
    CardNumberError,
    CardPhoneError,
    UnknownBankError,
    UnsupportedBankError,
    CreditCardError,
    TooManyCardsError,
    TooManyCardTriesError,
)


class _Typed(NamedTuple):
    """Card number and phone as they were understood, and the bank."""

    number: str
    phone: str
    bank: str


def bind(context: RequestContext, *, number: str, phone: str) -> BankCard:
    """Store a card that could serve, to be checked; the same card again is the card there is.

    A request that is sent again continues with the card that it stored the first time.

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        onboarding.StepMissingError: the identity is not verified (GEN-11).
        CardNumberError: length or check digit cannot be (LAW-21).
        CardPhoneError: the phone number cannot be one of the mainland.
        UnknownBankError, UnsupportedBankError: the bank is not in the table, or switched off.
        CreditCardError: it is a credit card (ELIG-7).
        TooManyCardsError: the customer has as many cards as one may have.
        TooManyCardTriesError: the tries of the day are used up.
    """
    begun_id = idempotency.begun_id()
    if begun_id is not None:
        return BankCard.objects.select_related("customer").get(pk=begun_id)
    onboarding.require_step(context, step=Step.CARD)
    typed = _possible(number, phone)
    there = _same_or_none(context, typed)
    if there is not None:
        return there
    day, limit = clock.day_of(context.wall_at), context.policy.card_tries_max
    if not rate_limit.take(scope=SCOPE, subject=context.subject, on=day, limit=limit):
        raise TooManyCardTriesError
    card, is_new = _store(context, typed)
    if not is_new:  # the same card came twice at once: that is one try
        rate_limit.give_back(scope=SCOPE, subject=context.subject, on=day)
    return card


def _possible(number: str, phone: str) -> _Typed:
    try:
        digits = card_numbers.parse(number)
        mobile = card_numbers.phone(phone)
    except BadCardNumber as error:
        raise CardNumberError(reason=str(error.reason)) from None
    except BadPhone:
        raise CardPhoneError from None
    return _Typed(digits, mobile, _supported(cards.bank_of(digits)).bank)


def _supported(bank: BankBin | None) -> BankBin:
    if bank is None:
        raise UnknownBankError
    if bank.kind == CardKind.CREDIT:
        raise CreditCardError(bank=bank.bank)
    if not bank.is_supported:
        raise UnsupportedBankError(bank=bank.bank)
    return bank


def _same_or_none(context: RequestContext, typed: _Typed) -> BankCard | None:
    """Return the bound card of this number, or None where one more may be bound.

    Raises:
        TooManyCardsError: as many cards are bound as there may be.
    """
    bound = BankCard.objects.filter(customer=context.customer, state__in=cards.BOUND)
    found = list(bound.defer("number", "phone"))
    number_blind = blind(typed.number, "card")
    same = next((card for card in found if bytes(card.number_blind or b"") == number_blind), None)
    if same is None and len(found) >= context.policy.cards_max:
        raise TooManyCardsError(cards_max=context.policy.cards_max)
    return same


@transaction.atomic(durable=True)
def _store(context: RequestContext, typed: _Typed) -> tuple[BankCard, bool]:
    """Return the card, and whether it is a new one."""
    locked = context.locked()
    # Under the lock again: the customer may have been held, or have left, in between.
    onboarding.require_step(locked, step=Step.CARD)
    there = _same_or_none(locked, typed)
    if there is not None:
        idempotency.began(there.pk)
        return there, False
    card = BankCard.objects.create(
        customer=locked.customer,
        number=typed.number,
        number_blind=blind(typed.number, "card"),
        last_four=typed.number[-4:],
        bank=typed.bank,
        phone=typed.phone,
        phone_blind=blind(typed.phone, "phone"),
        account=f"card-{secrets.token_hex(16)}",
        bound_at=locked.at,
    )
    idempotency.began(card.pk)
    return card, True
