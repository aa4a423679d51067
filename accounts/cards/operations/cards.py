"""Bank cards of customers: checked, classed, held, and taken away (ELIG-6, ELIG-7).

``check`` asks the bank, outside any transaction, whether the four elements are those of one
account; silence leaves the card pending, to be asked again by the outbox. A card of a class I
account receives loans and repays them, one of class II repays only, one of class III serves for
nothing (LAW-20). Every command that moves a card locks its customer first, so that there is one
default card however many are bound at once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.cards import queries as cards
from accounts.cards.rules import card_numbers, card_refusals
from accounts.cards.rules.card_numbers import Usage
from accounts.customers import trace
from accounts.customers.rules.reasons import AccountActor, AccountReason
from accounts.gateways.identity import CardAnswer, CheckFault, IdentityChecks, Verdict
from accounts.identity.operations import providers
from accounts.identity.operations.identities import StillPendingError
from accounts.identity.operations.providers import Question
from accounts.models import AccountClass, BankCard, BankCardState, CardHold, Customer
from accounts.onboarding import context as contexts
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.policy import AccountPolicy
from accounts.privacy.rules import masking
from backoffice.core import clock, workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.core.reasons import Reason
from backoffice.platform import idempotency, outbox
from backoffice.platform.provider_calls import CallAnswer

TOPIC = "accounts.card"

_FIELDS = ("account_class", "is_default", "check_code", "checked_at", "tries")


class CardNotBoundError(Refused):
    """The card was rejected or unbound, or its bank has not confirmed it yet."""

    code = "card-not-bound"
    message = _("The card {card} is not bound.")
    remedy = _("Choose one of your bound cards.")
    calls = (NextCall("list-cards", "GET", "/api/v1/me/cards"),)


class CardUnknownError(Refused):
    """The customer has no such card."""

    status = HTTPStatus.NOT_FOUND
    code = "card-unknown"
    message = _("You have no such card.")
    remedy = _("Choose one of your bound cards.")
    calls = (NextCall("list-cards", "GET", "/api/v1/me/cards"),)


class CardHeldError(Refused):
    """Direct debit, or a loan that is being paid out, relies on the card."""

    code = "card-held"
    message = _("Direct debit, or a loan that is being paid out, still relies on the card {card}.")
    remedy = _(
        "Choose another card for direct debit or end the mandate; a loan relies on its card only "
        "until the bank has paid it out."
    )
    calls = (
        NextCall("choose-another-card", "PUT", "/api/v1/me/auto-debit"),
        NextCall("end-mandate", "DELETE", "/api/v1/me/auto-debit"),
        NextCall("list-loans", "GET", "/api/v1/loans"),
    )


class CardNotActiveError(Refused):
    """Only a card that may receive loans can be the default card."""

    code = "card-not-active"
    message = _("The card {card} cannot receive loans.")
    remedy = _("Choose a card of a class I account.")


class ProofNotNeededError(Refused):
    """The class of the card's account does not wait for a decision."""

    code = "card-proof-not-needed"
    message = _("The account class of the card {card} does not wait for a decision.")
    remedy = _("Reload its page; somebody else may have decided.")


class ClassChange(NamedTuple):
    """What a bank says of the account behind a card from now on."""

    card_id: int
    account_class: str


def check(card: BankCard, *, checks: IdentityChecks, context: RequestContext) -> BankCard:
    """Ask the bank about a pending card and record what it answers.

    Silence leaves it pending; one that no longer waits for its bank is returned as it is.
    """
    if not cards.waits_for_bank(card):
        return card
    if context.at - card.bound_at >= timedelta(hours=context.policy.check_valid_hours):
        return _lapse(card.pk, policy=context.policy, at=context.at)
    attempt = card.tries + 1
    answer, kept = _ask(card, checks, attempt, at=context.at)
    return _record(card.pk, answer=answer, kept=kept, attempt=attempt, context=context)


def check_again(
    card_id: int, *, checks: IdentityChecks, by: str, at: datetime, wall_at: datetime
) -> None:
    """Check for the outbox, which comes again as long as this raises.

    Raises:
        StillPendingError: the bank has still not answered.
    """
    pending = BankCard.objects.select_related("customer").get(pk=card_id)
    context = contexts.begin(pending.customer, by=by, at=at, wall_at=wall_at)
    card = check(pending, checks=checks, context=context)
    if cards.waits_for_bank(card):
        raise StillPendingError(f"card {card.pk} is still pending")


def _ask(
    card: BankCard, checks: IdentityChecks, attempt: int, *, at: datetime
) -> tuple[CardAnswer, CallAnswer]:
    name, id_number = card.customer.name, card.customer.id_number
    number, phone = card.number, card.phone
    assert name and id_number and number and phone
    masked = {
        "name": masking.name(name),
        "id_number": masking.id_number(id_number),
        "card": masking.card(card.last_four),
        "phone": masking.phone(phone),
    }
    key = f"card-{card.pk}"
    return providers.ask(
        Question(checks.name, "card", card, key, card.customer_id, attempt, masked),
        call=lambda: checks.check_card(
            name=name, id_number=id_number, card_number=number, phone=phone, attempt=attempt
        ),
        unknown=CardAnswer(Verdict.UNAVAILABLE, CheckFault.UNREACHABLE, ""),
        at=at,
    )


@transaction.atomic(durable=True)
@idempotency.replies
def _record(
    card_id: int, *, answer: CardAnswer, kept: CallAnswer, attempt: int, context: RequestContext
) -> BankCard:
    """Store what the bank answered and do what follows from it, once."""
    at = context.at
    [card] = _lock([card_id])
    providers.record([kept], at=at)
    if not cards.waits_for_bank(card) or attempt != card.tries + 1:
        return card  # another process recorded the answer of this attempt
    card.tries += 1
    card.check_code = answer.code
    if answer.verdict is Verdict.UNAVAILABLE:
        outbox.post([outbox.Message(TOPIC, str(card.pk), {"id": card.pk})], at=at)
    else:
        card.checked_at = at
    if answer.verdict is Verdict.MATCH:
        _classify(
            card,
            answer.account_class,
            by=AccountActor.CHECKS,
            reason=AccountReason.CARD_CONFIRMED,
            at=at,
        )
    elif answer.verdict is not Verdict.UNAVAILABLE:
        workflow.move(
            [card], "reject", by=AccountActor.CHECKS, reason=AccountReason.CARD_UNCONFIRMED, at=at
        )
    _settle([card], policy=context.policy, by=AccountActor.CHECKS, at=at)
    return card


@transaction.atomic(durable=True)
@idempotency.replies
def _lapse(card_id: int, *, policy: AccountPolicy, at: datetime) -> BankCard:
    [card] = _lock([card_id])
    if cards.waits_for_bank(card):
        card.check_code = card_refusals.NO_ANSWER
        workflow.move(
            [card], "reject", by=AccountActor.CHECKS, reason=AccountReason.NO_ANSWER, at=at
        )
        _settle([card], policy=policy, by=AccountActor.CHECKS, at=at)
    return card


def _lock(card_ids: Collection[int]) -> list[BankCard]:
    """Return the cards with their customers, which are locked first."""
    wanted = BankCard.objects.filter(pk__in=card_ids)
    owners = Customer.objects.filter(pk__in=wanted.values("customer")).order_by("pk")
    locked = {owner.pk: owner for owner in owners.only("state", "phone_blind").select_for_update()}
    found = list(wanted.select_for_update().order_by("pk"))
    for card in found:
        card.customer = locked[card.customer_id]
    return found


def _classify(card: BankCard, account_class: str, *, by: str, reason: str, at: datetime) -> None:
    """Move a confirmed card by the class of its account; one that is not known moves nowhere."""
    usage = card_numbers.usage_of(account_class)
    if usage is Usage.RECEIVE_AND_REPAY:
        workflow.move([card], "activate", by=by, reason=reason, at=at)
    elif usage is Usage.REPAY_ONLY:
        workflow.move(
            [card], "restrict", by=by, reason=reason, at=at, account_class=account_class
        )  # fmt: skip
    elif usage is Usage.NONE:
        card.account_class, card.check_code = account_class, card_refusals.CLASS_THREE
        workflow.move([card], "reject", by=by, reason=reason, at=at)


def _settle(moved: Sequence[BankCard], *, policy: AccountPolicy, by: str, at: datetime) -> None:
    """Write moved cards and what follows for their customers: default card, phone, next step."""
    workflow.save(moved, *_FIELDS)
    _give_defaults(moved)
    for card in moved:
        if card.state == BankCardState.ACTIVE:
            _keep_phone(card)
            onboarding.advance(card.customer, policy=policy, by=by, at=at)


def _give_defaults(moved: Sequence[BankCard]) -> None:
    """Let the oldest active card be the default of each customer who has none."""
    wanted = cards.without_default({card.customer_id for card in moved})
    statement, parameters = wanted.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE accounts_bankcard SET is_default = true WHERE id IN ({statement}) "  # nosec B608
            "RETURNING id",
            parameters,
        )
        chosen = {card_id for (card_id,) in cursor.fetchall()}
    for card in moved:
        card.is_default |= card.pk in chosen


def _keep_phone(card: BankCard) -> None:
    """Reach a customer of whom no phone is known by the one that the bank has confirmed."""
    customer = card.customer
    if customer.phone_blind is None:
        unreached = Customer.objects.filter(pk=customer.pk)
        unreached.update(phone=card.phone, phone_blind=card.phone_blind)
        customer.phone_blind = card.phone_blind


@transaction.atomic(durable=True)
def decide_class(
    card_id: int, *, account_class: str, by: str, reason: str, at: datetime
) -> BankCard:
    """Decide of which class a confirmed card is, as staff who have seen the proof (ELIG-7).

    Raises:
        ProofNotNeededError: the card does not, or no longer, wait for it.
    """
    assert account_class in (AccountClass.I, AccountClass.II, AccountClass.III)
    [card] = _lock([card_id])
    if not cards.needs_proof(card):
        raise ProofNotNeededError(card=card)
    _classify(card, account_class, by=by, reason=reason, at=at)
    _settle([card], policy=onboarding.numbers(on=clock.day_of(at)), by=by, at=at)
    return card


@transaction.atomic(durable=True)
def reclassify(
    changes: Sequence[ClassChange], *, by: str, reason: str, at: datetime
) -> list[BankCard]:
    """Follow banks that have reclassified accounts; return the cards whose class is another now.

    What is no longer class I repays only, and another active card becomes the default (ELIG-7);
    what is class I again receives loans again. Cards that are not in use are left alone.
    """
    classes = dict(changes)
    changed = [
        card
        for card in _lock(classes)
        if card.state in cards.USABLE and card.account_class != classes[card.pk]
    ]
    for card in changed:
        account_class = classes[card.pk]
        if account_class == AccountClass.I:
            workflow.move([card], "activate", by=by, reason=reason, at=at)
        elif card.state == BankCardState.ACTIVE:
            workflow.move(
                [card], "restrict", by=by, reason=reason, at=at, account_class=account_class
            )  # fmt: skip
        else:
            card.account_class = account_class
    _settle(changed, policy=onboarding.numbers(on=clock.day_of(at)), by=by, at=at)
    return changed


@transaction.atomic
def hold(card_id: int, *, holder: str, by: str, at: datetime) -> CardHold:
    """Keep a card from being unbound as long as the holder relies on it (REPAY-10).

    Raises:
        CardNotBoundError: it is not in use.
    """
    card = BankCard.objects.select_for_update().get(pk=card_id)
    if card.state not in cards.USABLE:
        raise CardNotBoundError(card=card)
    held = CardHold.objects.filter(card=card, holder=holder).first()
    if held is None:
        held = new_hold(card, holder=holder, by=by, at=at)
        held.save()
    return held


def new_hold(card: BankCard, *, holder: str, by: str, at: datetime) -> CardHold:
    """Return the hold on a locked card in use of a holder that is new, for the caller to insert."""
    trace.note([card], "hold", by=by, reason=Reason(AccountReason.HELD, {"holder": holder}), at=at)
    return CardHold(card=card, holder=holder, placed_at=at)


@transaction.atomic
def release(card_ids: Collection[int], *, holder: str, by: str, at: datetime) -> None:
    """Release cards that a holder no longer relies on; those it does not hold stay unchanged."""
    held = CardHold.objects.filter(card__in=card_ids, holder=holder)
    released = list(held.select_for_update().order_by("pk").select_related("card"))
    held.filter(pk__in=[one.pk for one in released]).delete()
    cards_released = [one.card for one in released]
    trace.note(
        cards_released,
        "release",
        by=by,
        reason=Reason(AccountReason.RELEASED, {"holder": holder}),
        at=at,
    )


@transaction.atomic(durable=True)
def unbind(card: BankCard, *, by: str, at: datetime) -> BankCard:
    """Take a card away from its customer; the oldest active card left becomes the default.

    Raises:
        CardNotBoundError: it was rejected, or taken away before.
        CardHeldError: a mandate, or a loan that is being paid out, relies on it.
    """
    [locked] = _lock([card.pk])
    if locked.state not in cards.BOUND:
        raise CardNotBoundError(card=locked)
    if locked.holds.exists():
        raise CardHeldError(card=locked)
    workflow.move([locked], "unbind", by=by, reason=AccountReason.REMOVED_BY_CUSTOMER, at=at)
    workflow.save([locked], "is_default", "unbound_at")
    _give_defaults([locked])
    return locked


@transaction.atomic(durable=True)
@idempotency.replies
def make_default(card: BankCard, *, by: str, at: datetime) -> BankCard:
    """Let loans arrive on this card from now on.

    Raises:
        CardNotActiveError: it cannot receive loans (ELIG-7).
    """
    [locked] = _lock([card.pk])
    if locked.state != BankCardState.ACTIVE:
        raise CardNotActiveError(card=locked)
    mine = BankCard.objects.filter(customer=locked.customer_id)
    mine.filter(is_default=True).update(is_default=False)
    mine.filter(pk=locked.pk).update(is_default=True)
    trace.note([locked], "make_default", by=by, reason=AccountReason.CHOSEN_BY_CUSTOMER, at=at)
    locked.is_default = True
    return locked
