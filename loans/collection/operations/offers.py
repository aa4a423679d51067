"""What a customer offers to pay by hand: how much at most, and with what (REPAY-8, REPAY-12).

Money offered may be refused. It settles the oldest bill first, so that as much may be offered as
is owed under the bill that is named and under older ones, less what the customer has offered
already and has no answer to yet. No mandate is needed: any bound card of the customer serves, and
the WeChat account that the customer confirms the payment with.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.cards.operations.cards import CardNotBoundError
from accounts.cards.queries import USABLE
from accounts.models import BankCard, WechatAccount
from accounts.privacy.rules import masking
from backoffice.core.errors import NextCall, Refused
from backoffice.core.money import yuan
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES
from loans.collection.queries import card_limits
from loans.models import Bill, DebitOrder, DebitOrderState, Origin
from loans.models.debit import ASKED_STATES
from loans.repayment.operations.run_start import older_bills

# A request of a worker that died may still be on its way: its number is not given up before.
ON_ITS_WAY = timedelta(minutes=10)


class OverpaidError(Refused):
    """A payment is above what is owed under the bill and older ones that day."""

    status = HTTPStatus.CONFLICT
    public_facts = ("unpaid_fen",)
    code = "overpaid"
    message = _("{unpaid} yuan can be paid today; {offered} is more than that or nothing.")
    remedy = _("Offer at most what is unpaid, and at least one fen.")


class NothingOwedError(OverpaidError):
    """Nothing is owed under the bill and older ones: there is nothing to pay."""

    code = "nothing-owed"
    message = _("Nothing is owed on this bill any more.")
    remedy = _("Read your bills to see what each still asks for.")
    calls = (NextCall("list-bills", "GET", "/api/v1/bills"),)


class PaymentUnderWayError(Refused):
    """A payment of the customer has no answer yet, and with it nothing more is owed."""

    public_facts = ("under_way_fen", "unpaid_fen")
    code = "payment-under-way"
    message = _("Your payment of {under_way} yuan is under way; {unpaid} more can be paid today.")
    remedy = _(
        "Wait for its result, which takes a minute as a rule, or confirm it in WeChat; it can be "
        "read at any time."
    )
    calls = (NextCall("list-payments", "GET", "/api/v1/payments"),)


class NoMandateError(Refused):
    """The customer has no card that may be debited."""

    code = "no-mandate"
    message = _("There is no live authorisation to debit a card of this customer.")
    remedy = _("Sign an authorisation first.")


class CardDayLimitError(Refused):
    """The account behind the card gives no more that day (FAQ-4, LAW-20)."""

    public_facts = ("left_fen", "limit_fen")
    code = "card-day-limit"
    message = _(
        "An account of class {account_class} pays at most {limit} yuan a day; {left} are left."
    )
    remedy = _("Pay at most what is left today and the rest tomorrow, or with a class I card.")


class Payer(NamedTuple):
    """What pays: a card and the channel's token of it, or a WeChat account and its openid."""

    card_id: int | None
    account: str
    wechat_account_id: int | None = None


def chosen_cards(card_ids: Iterable[int]) -> dict[int, Payer]:
    """Return the cards that customers chose to pay with, locked.

    The lock lets two payments at once share what the day's limit gives, and keeps the card bound
    until the order is stored.

    Raises:
        CardNotBoundError: the bank has not confirmed a card yet, or it is not bound any more.
    """
    wanted = set(card_ids)
    if not wanted:
        return {}
    cards = BankCard.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    for card in (found := list(cards.defer("number", "phone"))):
        if card.state not in USABLE:
            raise CardNotBoundError(card=masking.card(card.last_four))
    return {card.pk: Payer(card.pk, card.account) for card in found}


def chosen_accounts(account_ids: Iterable[int]) -> dict[int, Payer]:
    """Return the WeChat accounts with which customers confirm their payments."""
    wanted = set(account_ids)
    if not wanted:
        return {}
    found = WechatAccount.objects.filter(pk__in=wanted)
    return {one.pk: Payer(None, one.openid or "", one.pk) for one in found}


def owed_fen(batch: LoanBatch, bill_id: int, *, on: date) -> int:
    """Return what a payment by hand for a bill may settle on a day: older bills and the bill."""
    bills = batch.position.bills
    older = (
        one
        for one in older_bills(batch, bill_id)
        if bills[one].state in (*COLLECTED_STATES, *REST_STATES)
    )
    return sum(batch.preview(one, on=on).owed(one).total_fen for one in (*older, bill_id))


def accepted_fen(
    batch: LoanBatch, *, bill: Bill, amount_fen: int | None, on: date, at: datetime
) -> int:
    """Return the amount of an offer, everything that is unpaid where it names none.

    Raises:
        NothingOwedError: nothing is owed, whatever is offered.
        OverpaidError: it is nothing, or more than is owed.
        PaymentUnderWayError: it is more than is owed once an open payment has succeeded.
    """
    unpaid_fen = owed_fen(batch, bill.pk, on=on)
    if not unpaid_fen:
        raise NothingOwedError(unpaid_fen=0)
    offered_fen = unpaid_fen if amount_fen is None else amount_fen
    if not 0 < offered_fen <= unpaid_fen:
        raise OverpaidError(
            unpaid=yuan(unpaid_fen), unpaid_fen=unpaid_fen, offered=yuan(offered_fen)
        )
    under_way_fen = _under_way_fen(batch, bill, at=at)
    left_fen = max(0, unpaid_fen - under_way_fen)
    if offered_fen > left_fen:
        raise PaymentUnderWayError(
            under_way=yuan(under_way_fen), under_way_fen=under_way_fen,
            unpaid=yuan(left_fen), unpaid_fen=left_fen,
        )  # fmt: skip
    return offered_fen


def _under_way_fen(batch: LoanBatch, bill: Bill, *, at: datetime) -> int:
    """Return what the customer has just offered for this bill or an older one.

    Silence does not keep a customer from paying: what both payments take waits for its refund. A
    payment inside WeChat counts as long as it can be confirmed.
    """
    waits = Q(asked_at__gt=at - ON_ITS_WAY) | Q(expires_at__gt=at)
    mine = DebitOrder.objects.filter(
        Q(state=DebitOrderState.PLANNED) | Q(state__in=ASKED_STATES) & waits,
        bill__in=(bill.pk, *older_bills(batch, bill.pk)),
        origin=Origin.CUSTOMER,
    )
    total: int = mine.aggregate(fen=Sum("amount_fen", default=0))["fen"]
    return total


def require_within_day_limit(*, payer: Payer, bill: Bill, offered_fen: int, on: date) -> None:
    """Require that the account behind a card still gives an amount that day.

    What stands behind a WeChat account is chosen there.

    Raises:
        CardDayLimitError: it gives less.
    """
    if payer.card_id is None:
        return
    limit = card_limits.of_day(payer.card_id, customer_id=bill.customer_id, on=on)
    if limit is not None and offered_fen > limit.left_fen:
        raise CardDayLimitError(
            account_class=limit.account_class,
            limit=yuan(limit.limit_fen),
            limit_fen=limit.limit_fen,
            left=yuan(limit.left_fen),
            left_fen=limit.left_fen,
        )
