"""Debit orders: prepare and ask; what the channel answers is recorded by ``results``.

The debit run calls these with thousands of bills, a customer's own payment with one.
``prepare`` commits an order under a number of its own before anything leaves; ``ask`` talks to the
channel outside any transaction. An order found open is queried by its number and never made a
second time; one that never left ends as refused by ourselves when its day is over or its bill was
paid meanwhile. Money offered may be refused; money taken may not: what is no longer owed waits as
the customer's unapplied funds.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from backoffice.core import bulk, clock
from backoffice.core.policy import current
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import attempts, offers
from loans.collection.operations.offers import ON_ITS_WAY, NoMandateError, Payer
from loans.collection.queries import due, notices, unsent
from loans.collection.rules import confirmation
from loans.collection.rules.refusal_codes import NEVER_SENT, awaits_customer
from loans.gateways.channel import (
    Answer,
    Channel,
    ChannelFault,
    DebitRequest,
    Outcome,
    PrepayRequest,
    unanswered,
)
from loans.models import Bill, DebitOrder, DebitOrderState, Mandate, MandateState, Origin
from loans.models.debit import MANUAL_ORIGINS, OPEN_ORDER_STATES
from loans.policy import LoanOperations


class CollectionRequest(NamedTuple):
    """A request to collect money: the whole bill by direct debit, or an amount the customer chose.

    ``key`` names the request of a customer, so that the same request is the same order. ``card_id``
    is the card that the customer chose, by default that of the mandate; ``wechat_account_id`` the
    account with which the customer confirms the payment instead.
    """

    bill_id: int
    amount_fen: int | None = None
    origin: str = Origin.AUTO
    key: str = ""
    card_id: int | None = None
    wechat_account_id: int | None = None


class Prepared(NamedTuple):
    """An order and the account it asks; one that is not new was perhaps sent before.

    The account is the channel's token of the card, of a payment inside WeChat the openid.
    """

    order: DebitOrder
    account: str
    is_new: bool


_ORDER_COLUMNS = (
    "id", "number", "bill", "customer", "card", "wechat_account", "run", "state", "origin", "cycle",
    "attempt", "business_date", "amount_fen", "taken_fen", "code", "reference", "requested_by",
    "asked_at", "expires_at",
)  # fmt: skip


def prepare(
    requests: Sequence[CollectionRequest],
    *,
    by: str,
    on: date,
    at: datetime,
    run_id: int | None = None,
) -> list[Prepared]:
    """Create the order for each request, or return the one already open.

    An automatic request for a bill that is paid, not up for an attempt, or not debited yields
    nothing, nor does one of a customer who was debited that day already, or of whom an automatic
    order for another bill is open (REPAY-10).

    Raises:
        NothingOwedError: a customer's payment for a bill that asks for nothing any more.
        OverpaidError: a customer's amount is above what is unpaid.
        PaymentUnderWayError: a customer's open payments cover what is unpaid.
        NoMandateError: a customer's payment without a card to take it from.
        CardNotBoundError: a customer's payment from a card that is not bound.
        CardDayLimitError: a customer's payment above what the card's account still gives that day.
    """
    return prepare_batch(requests, by=by, on=on, at=at, run_id=run_id)[0]


@transaction.atomic(durable=True)
def prepare_batch(
    requests: Sequence[CollectionRequest], *, by: str, on: date, at: datetime, run_id: int | None
) -> tuple[list[Prepared], LoanBatch]:
    """Return the prepared orders, and the batch that their amounts were computed from.

    Raises:
        NothingOwedError, OverpaidError, PaymentUnderWayError, NoMandateError, CardNotBoundError,
        CardDayLimitError: as ``prepare`` does.
    """
    return place(requests, by=by, on=on, at=at, run_id=run_id, state=DebitOrderState.SENT)


def place(
    requests: Sequence[CollectionRequest],
    *,
    by: str,
    on: date,
    at: datetime,
    run_id: int | None,
    state: DebitOrderState,
) -> tuple[list[Prepared], LoanBatch]:
    """Prepare orders in the caller's transaction: sent with its commit, or planned to be sent.

    Raises:
        NothingOwedError, OverpaidError, PaymentUnderWayError, NoMandateError, CardNotBoundError,
        CardDayLimitError: as ``prepare`` does.
    """
    batch = LoanBatch.lock_bills(_bills_to_lock(requests))
    payers = _payers(requests, batch)
    chosen = offers.chosen_cards(one.card_id for one in requests if one.card_id is not None)
    confirming = offers.chosen_accounts(
        one.wechat_account_id for one in requests if one.wechat_account_id is not None
    )
    automatic = {
        batch.bills[request.bill_id].customer_id
        for request in requests
        if request.origin == Origin.AUTO
    }
    open_orders = _open_automatic(automatic)
    # Who is not asked for another bill now: a customer gives one success a day (REPAY-10).
    taken = due.debited(automatic, on=on) | {order.customer_id for order in open_orders}
    made = _already_made(requests, open_orders)
    maxima = notices.maxima_fen(batch.bills.keys(), on=on)
    fresh = []
    prepared = [prepared_of(order, is_new=False) for order in made.values()]
    for request in requests:
        bill = batch.bills[request.bill_id]
        is_automatic = request.origin == Origin.AUTO
        if request in made or (is_automatic and bill.customer_id in taken):
            continue
        payer = payers.get(bill.customer_id)
        if request.card_id is not None:
            payer = chosen[request.card_id]
        elif request.wechat_account_id is not None:
            payer = confirming[request.wechat_account_id]
        order = _new_order(batch, bill, request, payer, on=on, at=at, run_id=run_id)
        if order is not None:
            assert payer is not None, "an order asks somebody"
            fresh.append(Prepared(order, payer.account, is_new=True))
            if is_automatic:  # never more than was notified of (REPAY-10)
                order.amount_fen = min(order.amount_fen, maxima.get(bill.id, order.amount_fen))
                taken.add(bill.customer_id)
    _store([one.order for one in fresh], by=by, state=state, at=at)
    batch.write(by=by, at=at)  # cycles that advanced
    return prepared + fresh, batch


def _bills_to_lock(requests: Sequence[CollectionRequest]) -> set[int]:
    """Return the bills, and for money offered every bill of its customer: the oldest is first."""
    by_hand = {one.bill_id for one in requests if one.origin in MANUAL_ORIGINS}
    return {one.bill_id for one in requests} | of_the_same_customers(by_hand)


def ask(prepared: Sequence[Prepared], *, channel: Channel, at: datetime) -> list[Answer]:
    """Ask the channel for the money; a time-out answers ``unknown``, never raises for the rest.

    Orders that are not new are asked about by their number first, and sent again under the same
    number only when the channel never saw it and the money is still asked for; one that is not is
    answered ``NEVER_SENT``. A payment inside WeChat that was not confirmed in its time is closed.
    """
    assert not connection.in_atomic_block, "the channel is never asked inside a transaction"
    seen = [one for one in prepared if not one.is_new]
    found = channel.query([one.order.number for one in seen]) if seen else []
    known = [answer for answer in found if answer is not None]
    unseen = [one for one, answer in zip(seen, found, strict=True) if answer is None]
    over = {one.order.number: one.order for one in seen if one.order.is_over(at=at)}
    unconfirmed = [
        over[answer.number] for answer in known
        if answer.number in over and awaits_customer(answer.code)
    ]  # fmt: skip
    closed = {one.number for one in unconfirmed}
    answers = [answer for answer in known if answer.number not in closed]
    answers += close(unconfirmed, channel=channel, at=at)
    wanted = _still_wanted(unseen, at=at)
    answers += [_given_up(one.order, at=at) for one in unseen if one.order.id not in wanted]
    to_send = [one for one in unseen if one.order.id in wanted]
    to_send += [one for one in prepared if one.is_new and one.account]
    answers += [
        unanswered(one.order.number, ChannelFault.NO_ANSWER)
        for one in prepared if one.is_new and not one.account
    ]  # fmt: skip
    return answers + _sent(to_send, channel=channel, at=at)


def _sent(to_send: Sequence[Prepared], *, channel: Channel, at: datetime) -> list[Answer]:
    """Ask cards for their money, and prepare what customers confirm in WeChat."""
    debits, prepays = [], []
    for order, account, _is_new in to_send:
        if order.expires_at is None:
            debits.append(DebitRequest(order.number, account, order.amount_fen, at))
        else:
            ask_until = order.expires_at
            prepays.append(PrepayRequest(order.number, account, order.amount_fen, at, ask_until))
    answers = channel.submit(debits) if debits else []
    return answers + (channel.prepay(prepays) if prepays else [])


def close(unconfirmed: Sequence[DebitOrder], *, channel: Channel, at: datetime) -> list[Answer]:
    """Close payments inside WeChat; one that was confirmed before its close has succeeded.

    One that the channel never saw may still be on its way to it: then it has no answer yet.
    """
    assert not connection.in_atomic_block, "the channel is never asked inside a transaction"
    if not unconfirmed:
        return []
    found = channel.close_payments([order.number for order in unconfirmed], at=at)
    return [
        _given_up(order, at=at) if answer is None else answer
        for order, answer in zip(unconfirmed, found, strict=True)
    ]


def _still_wanted(unseen: Sequence[Prepared], *, at: datetime) -> set[int]:
    """Return those that may leave now; without an openid, after its erasure, none can."""
    ids = [one.order.id for one in unseen if one.account and not one.order.is_over(at=at)]
    return unsent.still_wanted(ids, on=clock.day_of(at)) if ids else set()


def _given_up(order: DebitOrder, *, at: datetime) -> Answer:
    """Return our own answer for an order that never left and shall not any more."""
    if order.asked_at is not None and at - order.asked_at < ON_ITS_WAY:
        return unanswered(order.number, ChannelFault.NO_ANSWER)
    return Answer(order.number, Outcome.FAILED, NEVER_SENT, amount_fen=0, reference="", at=at)


def _payers(requests: Sequence[CollectionRequest], batch: LoanBatch) -> dict[int, Payer]:
    """Return whom to debit of each customer with a live mandate.

    Customers who pay themselves hold their mandate, so that two payments of one person do not both
    take what is left of the day's limit.
    """
    customer_ids = {bill.customer_id for bill in batch.bills.values()}
    live = Mandate.objects.filter(customer_id__any=bulk.Of(customer_ids), state=MandateState.SIGNED)
    if any(request.origin == Origin.CUSTOMER for request in requests):
        live = live.order_by("pk").select_for_update(of=("self",))
    rows = bulk.rows(live, "customer_id", "card_id", "card__account")
    return {customer_id: Payer(card_id, account) for customer_id, card_id, account in rows}


def _open_automatic(customer_ids: Collection[int]) -> list[DebitOrder]:
    """Return the automatic orders of customers that have no final answer; one a customer."""
    found = DebitOrder.objects.filter(
        customer_id__any=bulk.Of(customer_ids), origin=Origin.AUTO, state__in=OPEN_ORDER_STATES
    )
    return list(with_payer(found))


def _already_made(
    requests: Sequence[CollectionRequest], open_orders: Iterable[DebitOrder]
) -> dict[CollectionRequest, DebitOrder]:
    """Return the order of each request that has one: an open one of its bill, an equal request."""
    of_bill = {order.bill_id: order for order in open_orders}
    numbers = [_request_number(one) for one in requests if one.origin == Origin.CUSTOMER]
    by_number: dict[str, DebitOrder] = {}
    if numbers:
        orders = with_payer(DebitOrder.objects.filter(number__any=bulk.Of(numbers)))
        by_number = {order.number: order for order in orders}
    found = {
        request: of_bill.get(request.bill_id)
        if request.origin == Origin.AUTO
        else by_number.get(_request_number(request))
        for request in requests
    }
    return {request: order for request, order in found.items() if order is not None}


def with_payer(found: QuerySet[DebitOrder]) -> QuerySet[DebitOrder]:
    """Return orders with what ``prepared_of`` reads of their payers."""
    payers = found.select_related("card", "wechat_account")
    return payers.defer("card__number", "card__phone", "wechat_account__openid_blind")


def prepared_of(order: DebitOrder, *, is_new: bool) -> Prepared:
    """Return an order of ``with_payer`` with the account that it asks."""
    if order.card is not None:
        return Prepared(order, order.card.account, is_new)
    assert order.wechat_account is not None, "a transfer asks nobody"
    return Prepared(order, order.wechat_account.openid or "", is_new)


def _request_number(request: CollectionRequest) -> str:
    return f"{request.bill_id}-c-{request.key}"


def _new_order(
    batch: LoanBatch,
    record: Bill,
    request: CollectionRequest,
    payer: Payer | None,
    *,
    on: date,
    at: datetime,
    run_id: int | None,
) -> DebitOrder | None:
    """Return the order a request leads to, or None where an automatic one asks nothing today."""
    bill = batch.position.bills[record.id]
    if request.origin == Origin.CUSTOMER:
        if payer is None:
            raise NoMandateError
        amount_fen = offers.accepted_fen(
            batch, bill=record, amount_fen=request.amount_fen, on=on, at=at
        )
        offers.require_within_day_limit(payer=payer, bill=record, offered_fen=amount_fen, on=on)
        number = _request_number(request)
    else:
        if bill.state not in COLLECTED_STATES:
            return None
        # Also without a mandate: a window that passed leaves the plans of the hourly debits.
        due_bill = attempts.due_for_debit(batch, bill, on=on)
        if due_bill is None or payer is None:
            return None
        bill = due_bill
        amount_fen = attempts.due_fen(batch, bill, on=on)
        if not amount_fen:
            return None
        number = f"{bill.id}-{bill.cycle}-{bill.refusals + 1}-{bill.tries + 1}"
    return bulk.new(
        DebitOrder,
        number=number,
        bill_id=bill.id,
        customer_id=record.customer_id,
        card_id=payer.card_id,
        wechat_account_id=payer.wechat_account_id,
        expires_at=None if payer.card_id else confirmed_until(on=on, at=at),
        run_id=run_id,
        origin=request.origin,
        cycle=bill.cycle,
        attempt=min(bill.refusals + 1, 3),
        business_date=on,
        amount_fen=amount_fen,
    )


def confirmed_until(*, on: date, at: datetime) -> datetime:
    """Return until when a payment of a day may be confirmed in WeChat, by the policy of the day."""
    minutes = current(LoanOperations, on=on).wechat_minutes
    day_ends_at = clock.moment_of(on + timedelta(days=1), time())
    return confirmation.expires_at(at, minutes=minutes, day_ends_at=day_ends_at)


def _store(orders: Sequence[DebitOrder], *, by: str, state: DebitOrderState, at: datetime) -> None:
    """Write the orders down: with the commit of this those that are sent may leave."""
    for order, order_id in zip(orders, bulk.reserve_ids(DebitOrder, len(orders)), strict=True):
        order.id, order.requested_by = order_id, by
        order.__dict__["state"] = state
        order.asked_at = at if state == DebitOrderState.SENT else None
    bulk.insert(orders, _ORDER_COLUMNS)
