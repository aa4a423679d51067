"""Debit orders: prepare and ask; what the channel answers is recorded by ``results``.

The debit run calls these with thousands of bills, a customer's own payment with one.
``prepare`` commits an order under a number of its own before anything leaves; ``ask`` talks to the
channel outside any transaction. An order found open is queried by its number and never made a
second time; one that never left ends as refused by ourselves when its day is over or its bill was
paid meanwhile. Money offered may be refused; money taken may not: what is no longer owed waits as
the customer's unapplied funds.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from backoffice.core import bulk, clock
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES, BillState, LoanState
from loans.accounting.rules.position import BillPosition
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import offers
from loans.collection.operations.offers import ON_ITS_WAY, NoMandateError, Payer
from loans.collection.queries import due, notices, unsent
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import NEVER_SENT
from loans.gateways.channel import Answer, Channel, ChannelFault, DebitRequest, Outcome, unanswered
from loans.models import Bill, DebitOrder, DebitOrderState, Mandate, MandateState, Origin
from loans.models.debit import MANUAL_ORIGINS, OPEN_ORDER_STATES


class CollectionRequest(NamedTuple):
    """A request to collect money: the whole bill by direct debit, or an amount the customer chose.

    ``key`` names the request of a customer, so that the same request is the same order. ``card_id``
    is the card that the customer chose, by default that of the mandate.
    """

    bill_id: int
    amount_fen: int | None = None
    origin: str = Origin.AUTO
    key: str = ""
    card_id: int | None = None


class Prepared(NamedTuple):
    """An order and the account it asks; one that is not new was perhaps sent before."""

    order: DebitOrder
    account: str
    is_new: bool


_ORDER_COLUMNS = (
    "id", "number", "bill", "customer", "card", "run", "state", "origin", "cycle", "attempt",
    "business_date", "amount_fen", "taken_fen", "code", "reference", "requested_by",
    "asked_at",
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
        OverpaidError, PaymentUnderWayError, NoMandateError, CardNotBoundError, CardDayLimitError:
            as ``prepare`` does.
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
        OverpaidError, PaymentUnderWayError, NoMandateError, CardNotBoundError, CardDayLimitError:
            as ``prepare`` does.
    """
    batch = LoanBatch.lock_bills(_bills_to_lock(requests))
    payers = _payers(requests, batch)
    chosen = offers.chosen_cards(one.card_id for one in requests if one.card_id is not None)
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
    accounts = {order.number: order.card.account for order in made.values() if order.card}
    for request in requests:
        bill = batch.bills[request.bill_id]
        is_automatic = request.origin == Origin.AUTO
        if request in made or (is_automatic and bill.customer_id in taken):
            continue
        payer = payers.get(bill.customer_id)
        if request.card_id is not None:
            payer = chosen[request.card_id]
        order = _new_order(batch, bill, request, payer, on=on, at=at, run_id=run_id)
        if order is not None:
            assert payer is not None, "an order asks a card"
            fresh.append(order)
            accounts[order.number] = payer.account
            if is_automatic:  # never more than was notified of (REPAY-10)
                order.amount_fen = min(order.amount_fen, maxima.get(bill.id, order.amount_fen))
                taken.add(bill.customer_id)
    _store(fresh, by=by, state=state, at=at)
    batch.write(by=by, at=at)  # cycles that advanced
    prepared = [Prepared(order, accounts[order.number], False) for order in made.values()]
    prepared += [Prepared(order, accounts[order.number], True) for order in fresh]
    return prepared, batch


def _bills_to_lock(requests: Sequence[CollectionRequest]) -> set[int]:
    """Return the bills, and for money offered every bill of its customer: the oldest is first."""
    by_hand = {one.bill_id for one in requests if one.origin in MANUAL_ORIGINS}
    return {one.bill_id for one in requests} | of_the_same_customers(by_hand)


def ask(prepared: Sequence[Prepared], *, channel: Channel, at: datetime) -> list[Answer]:
    """Ask the channel for the money; a time-out answers ``unknown``, never raises for the rest.

    Orders that are not new are asked about by their number first, and sent again under the same
    number only when the channel never saw it and the money is still asked for; one that is not is
    answered ``NEVER_SENT``.
    """
    assert not connection.in_atomic_block, "the channel is never asked inside a transaction"
    seen = [one for one in prepared if not one.is_new]
    found = channel.query([one.order.number for one in seen]) if seen else []
    answers = [answer for answer in found if answer is not None]
    unseen = [one for one, answer in zip(seen, found, strict=True) if answer is None]
    wanted = _still_wanted(unseen, at=at)
    answers += [_given_up(one.order, at=at) for one in unseen if one.order.id not in wanted]
    to_send = [one for one in unseen if one.order.id in wanted]
    to_send += [one for one in prepared if one.is_new]
    requests = [
        DebitRequest(one.order.number, one.account, one.order.amount_fen, at) for one in to_send
    ]
    return answers + (channel.submit(requests) if requests else [])


def _still_wanted(unseen: Sequence[Prepared], *, at: datetime) -> set[int]:
    if not unseen:
        return set()
    return unsent.still_wanted((one.order.id for one in unseen), on=clock.day_of(at))


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
    live = Mandate.objects.filter(
        customer_id__any=bulk.Of(customer_ids), state=MandateState.SIGNED
    ).order_by("pk")
    if any(request.origin == Origin.CUSTOMER for request in requests):
        live = live.select_for_update(of=("self",))
    rows = bulk.rows(live, "customer_id", "card_id", "card__account")
    return {customer_id: Payer(card_id, account) for customer_id, card_id, account in rows}


def _open_automatic(customer_ids: Collection[int]) -> list[DebitOrder]:
    """Return the automatic orders of customers that have no final answer; one a customer."""
    return list(
        _with_account().filter(
            customer_id__any=bulk.Of(customer_ids),
            origin=Origin.AUTO,
            state__in=OPEN_ORDER_STATES,
        )
    )


def _already_made(
    requests: Sequence[CollectionRequest], open_orders: Iterable[DebitOrder]
) -> dict[CollectionRequest, DebitOrder]:
    """Return the order of each request that has one: an open one of its bill, an equal request."""
    of_bill = {order.bill_id: order for order in open_orders}
    numbers = [_request_number(one) for one in requests if one.origin == Origin.CUSTOMER]
    orders = _with_account().filter(number__any=bulk.Of(numbers)) if numbers else ()
    by_number = {order.number: order for order in orders}
    found = {
        request: of_bill.get(request.bill_id)
        if request.origin == Origin.AUTO
        else by_number.get(_request_number(request))
        for request in requests
    }
    return {request: order for request, order in found.items() if order is not None}


def _with_account() -> QuerySet[DebitOrder]:
    return DebitOrder.objects.select_related("card").defer("card__number")


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
        due_bill = _due_for_debit(batch, bill, on=on)
        if due_bill is None or payer is None:
            return None
        bill = due_bill
        amount_fen = _due_fen(batch, bill, on=on)
        if not amount_fen:
            return None
        number = f"{bill.id}-{bill.cycle}-{bill.refusals + 1}-{bill.tries + 1}"
    return bulk.new(
        DebitOrder,
        number=number,
        bill_id=bill.id,
        customer_id=record.customer_id,
        card_id=payer.card_id,
        run_id=run_id,
        origin=request.origin,
        cycle=bill.cycle,
        attempt=min(bill.refusals + 1, 3),
        business_date=on,
        amount_fen=amount_fen,
    )


def _due_for_debit(batch: LoanBatch, bill: BillPosition, *, on: date) -> BillPosition | None:
    """Return a bill that may be attempted today, an overdue one in the cycle that holds now.

    One whose window has passed waits for the next cycle, if there is one, outside of the plans.
    """
    if bill.debit_on is None or bill.debit_on > on:
        return None
    if any(batch.position.loans[one].state == LoanState.CHARGED_OFF for one in bill.loan_ids):
        batch.change_bill(bill.id, debit_on=None)  # the customer pays what was given up (OPS-3)
        return None
    terms = batch.bill_terms(bill.id)
    cycle = cycles.Cycle(bill.cycle, bill.cycle_on, bill.refusals)
    if bill.state == BillState.OVERDUE:
        running = cycles.running(cycle, on=on, due_on=bill.due_on, terms=terms)
        if running != cycle:
            cycle = running
            bill = batch.change_bill(
                bill.id, cycle=cycle.number, cycle_on=cycle.first_on, refusals=cycle.refusals,
                tries=0,
            )  # fmt: skip
        if cycles.is_past(cycle, on=on, terms=terms):
            later = cycles.following(cycle, due_on=bill.due_on, terms=terms)
            bill = batch.change_bill(bill.id, debit_on=later.first_on if later else None)
    is_due = bill.refusals < terms.debit_attempts_max and cycles.is_attempt_day(
        cycle, on=on, terms=terms
    )
    return bill if is_due else None


def _charged_since_due_fen(bill: BillPosition, charged_fen: int) -> int:
    """Return interest since the due date and the late fee, also one from before an extension."""
    before_fen = bill.late_fee_fen
    if bill.late_fee_on is not None and bill.late_fee_on > bill.due_on:
        before_fen = 0  # it is among what was charged since (FAQ-7)
    if bill.state != BillState.GRACE:
        return before_fen
    return charged_fen - bill.charged_at_due_fen + before_fen


def _due_fen(batch: LoanBatch, bill: BillPosition, *, on: date) -> int:
    """Return what the customer's mode asks of a bill today, interest and fees included."""
    ahead = batch.preview(bill.id, on=on)
    charged_fen = sum(loan.charged_fen for loan in ahead.loans.values())
    demand = cycles.Demand(
        mode=bill.mode,
        is_overdue=bill.state == BillState.OVERDUE,
        is_due_day=on <= bill.due_on,
        minimum_fen=bill.minimum_fen,
        paid_fen=bill.paid_fen + bill.waived_fen,
        shortfall_fen=bill.shortfall_fen,
        unpaid_fen=ahead.owed(bill.id).total_fen,
        mandatory_unpaid_fen=ahead.mandatory_fen(bill.id),
        charged_since_due_fen=_charged_since_due_fen(bill, charged_fen),
    )
    return cycles.ask_fen(demand, batch.bill_terms(bill.id))


def _store(orders: Sequence[DebitOrder], *, by: str, state: DebitOrderState, at: datetime) -> None:
    """Write the orders down: with the commit of this those that are sent may leave."""
    for order, order_id in zip(orders, bulk.reserve_ids(DebitOrder, len(orders)), strict=True):
        order.id, order.requested_by = order_id, by
        order.__dict__["state"] = state
        order.asked_at = at if state == DebitOrderState.SENT else None
    bulk.insert(orders, _ORDER_COLUMNS)
