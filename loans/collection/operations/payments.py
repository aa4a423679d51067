"""Payments that customers make by themselves, with a bound card or in WeChat (REPAY-8, REPAY-12).

A request commits a planned order and is answered at once; a worker sends it right after the commit,
and a sweep of each minute sends what was never sent and asks about what has no answer. Both do the
same: ``send`` lets an order leave only on its day, while its amount is still owed, and not beside a
direct debit that has just left. From there on it is an order like those of 9:00. One that the
customer confirms in WeChat waits for that, and is closed when its time is over.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q

from accounts.models import BankCard, WechatAccount
from backoffice.core import bulk, clock, workflow
from backoffice.platform import idempotency
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.reasons import LoanReason
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import offers, orders, results
from loans.collection.operations.orders import CollectionRequest, Prepared
from loans.gateways.channel import Channel
from loans.models import Bill, DebitOrder, DebitOrderState, Origin
from loans.models.debit import ASKED_STATES, OPEN_ORDER_STATES

# An answer is on its way for so long: the sweep does not ask before.
ANSWERED_WITHIN = timedelta(minutes=1)
SWEPT_MAX = 500
_KEY_DIGITS = 32

_starters: list[Callable[[int], None]] = []


def register(start: Callable[[int], None]) -> None:
    """Add what sends a payment right after the commit; the sweep of each minute is the net."""
    _starters.append(start)


@transaction.atomic(durable=True)
@idempotency.replies
def request(
    bill: Bill,
    *,
    amount_fen: int,
    payer: BankCard | WechatAccount,
    key: str,
    by: str,
    on: date,
    at: datetime,
) -> DebitOrder:
    """Plan a payment of a customer for a bill; the same ``key`` is the same payment.

    It settles older bills first (REPAY-8), so that at most what is owed under them and this one is
    accepted. ``payer`` is the card that pays, or the WeChat account that confirms the payment;
    ``key`` is that of the client, unique for the customer.

    Raises:
        offers.NothingOwedError: nothing is owed under the bill and older ones.
        offers.OverpaidError: the amount is above what is unpaid that day.
        offers.PaymentUnderWayError: open payments of the customer cover what is unpaid.
        offers.CardDayLimitError: the card's account gives less that day.
        cards.CardNotBoundError: the bank has not confirmed the card, or it is not bound any more.
        idempotency.KeyReusedError: the key is that of an earlier payment with other values.
    """
    is_card = isinstance(payer, BankCard)
    asked = CollectionRequest(
        bill.pk,
        amount_fen,
        Origin.CUSTOMER,
        _key_of(bill.customer_id, key),
        card_id=payer.pk if is_card else None,
        wechat_account_id=None if is_card else payer.pk,
    )
    [made], _batch = orders.place(
        [asked], by=by, on=on, at=at, run_id=None, state=DebitOrderState.PLANNED
    )
    order = DebitOrder.objects.get(pk=made.order.pk)
    if (order.amount_fen, order.card_id, order.wechat_account_id) != (
        amount_fen, asked.card_id, asked.wechat_account_id,
    ):  # fmt: skip
        raise idempotency.KeyReusedError
    if made.is_new:
        for start in _starters:
            transaction.on_commit(partial(start, order.pk), robust=True)
    return order


def _key_of(customer_id: int, key: str) -> str:
    """Return a client's key as the number of an order contains it: of fixed length and alphabet."""
    return hashlib.sha256(f"{customer_id}:{key}".encode()).hexdigest()[:_KEY_DIGITS]


def send(
    order_ids: Collection[int], *, by: str, channel: Channel, at: datetime
) -> results.Recorded:
    """Send planned payments, and ask about those that were sent and have no answer."""
    released = release(order_ids, by=by, on=clock.day_of(at), at=at)
    answers = orders.ask(released, channel=channel, at=at)
    return results.record(answers, by=by, at=at) if answers else results.Recorded()


def sweep(*, by: str, channel: Channel, at: datetime) -> results.Recorded:
    """Send payments that no worker has sent, and ask about those that wait for an answer."""
    asked = Q(state__in=ASKED_STATES, asked_at__lte=at - ANSWERED_WITHIN)
    waiting = DebitOrder.objects.filter(
        asked | Q(state=DebitOrderState.PLANNED), origin=Origin.CUSTOMER, bill__isnull=False
    )
    # Those that nobody has to confirm first, however many customers are confirming theirs.
    in_turn = waiting.order_by(F("expires_at").asc(nulls_first=True), "pk")
    order_ids = list(in_turn.values_list("pk", flat=True)[:SWEPT_MAX])
    return send(order_ids, by=by, channel=channel, at=at)


@transaction.atomic(durable=True)
def release(order_ids: Collection[int], *, by: str, on: date, at: datetime) -> list[Prepared]:
    """Let planned payments leave, and return them with those that left before.

    One of an earlier day, whose amount is not owed any more, or whose time to be confirmed is over,
    is cancelled: nothing was sent.
    One whose customer is being debited at this moment stays planned until the answer is there.
    """
    mine = DebitOrder.objects.filter(pk__in=order_ids, origin=Origin.CUSTOMER, bill__isnull=False)
    bill_ids = set(mine.values_list("bill_id", flat=True))
    batch = LoanBatch.lock_bills(of_the_same_customers(bill_ids))
    # Under the locks of the bills: until then another worker may have sent or cancelled them.
    found = list(orders.with_payer(mine.filter(state__in=OPEN_ORDER_STATES)).order_by("pk"))
    planned = [one for one in found if one.state == DebitOrderState.PLANNED]
    debited = _being_debited({one.customer_id for one in planned}, at=at)
    ready = [one for one in planned if one.customer_id not in debited]
    wanted = _wanted(batch, ready, on=on, at=at)
    cancelled = [one for one in ready if one.pk not in wanted]
    sent = [one for one in ready if one.pk in wanted]

    workflow.move(sent, "send", by=by, reason=LoanReason.PAYMENT_REQUESTED, at=at)
    workflow.move(cancelled, "cancel", by=by, reason=LoanReason.NOT_OWED_ANY_MORE, at=at)
    workflow.save([*sent, *cancelled], "asked_at")
    asked = [one for one in found if one.state in ASKED_STATES and one not in sent]
    return [orders.prepared_of(one, is_new=False) for one in asked] + [
        orders.prepared_of(one, is_new=True) for one in sent
    ]


def _wanted(batch: LoanBatch, planned: Iterable[DebitOrder], *, on: date, at: datetime) -> set[int]:
    """Return the planned payments of this day that are still owed, each after those before it."""
    left: dict[int, int] = {}
    wanted = set()
    for order in planned:
        assert order.bill_id is not None, "a payment names its bill"
        unpaid_fen = offers.owed_fen(batch, order.bill_id, on=on)
        used_fen = left.setdefault(order.customer_id, 0)
        is_of_now = order.business_date == on and not order.is_over(at=at)
        if is_of_now and used_fen + order.amount_fen <= unpaid_fen:
            wanted.add(order.pk)
            left[order.customer_id] = used_fen + order.amount_fen
    return wanted


def _being_debited(customer_ids: Collection[int], *, at: datetime) -> set[int]:
    """Return the customers whose direct debit left a moment ago and is not answered."""
    flying = DebitOrder.objects.filter(
        customer_id__any=bulk.Of(customer_ids),
        origin=Origin.AUTO,
        state__in=OPEN_ORDER_STATES,
        asked_at__gt=at - offers.ON_ITS_WAY,
    )
    return {customer_id for (customer_id,) in bulk.rows(flying, "customer_id")}
