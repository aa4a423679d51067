"""What the channel reports about orders, and where the money it took goes.

``record`` takes an answer, a later query or a line of a statement, in any order and any number of
times. The money is applied by ``arrivals``; what is not owed waits.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction

from backoffice.core import bulk, clock, workflow
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES, BillState
from loans.accounting.rules.position import BillPosition
from loans.accounting.rules.reasons import LoanReason
from loans.billing.operations import auto_debit
from loans.billing.queries.customers import bills_of
from loans.collection.operations import arrivals
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import awaits_customer, ends_mandate, is_counted
from loans.conversion.operations import conversions
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import (
    Bill,
    DebitOrder,
    DebitOrderState,
    Mandate,
    MandateState,
    Origin,
    PaymentSheet,
)
from loans.models.debit import ASKED_STATES, MANUAL_ORIGINS
from loans.repayment.operations import lines, reprocess
from risk.conduct import operations as conduct


class Recorded(NamedTuple):
    """How the answered orders stand now."""

    succeeded: int = 0
    failed: int = 0
    unknown: int = 0


class Changed(NamedTuple):
    """The orders whose state an answer changes; not those that were in it before.

    Those that wait for their customer keep their state.
    """

    succeeded: list[DebitOrder]
    failed: list[DebitOrder]
    unknown: list[DebitOrder]
    waiting: list[DebitOrder]


@transaction.atomic(durable=True)
def record(
    answers: Sequence[Answer], *, by: str, at: datetime, seen: LoanBatch | None = None
) -> Recorded:
    """Store each answer once and apply the money that the channel has taken.

    A success is final; a refusal may still become one; a repeated answer changes nothing.
    ``seen`` is a batch that has read the same bills: what still holds of it is not read again.
    """
    return apply(answers, by=by, at=at, seen=seen)


def apply(
    answers: Sequence[Answer], *, by: str, at: datetime, seen: LoanBatch | None = None
) -> Recorded:
    """Record answers in the caller's transaction: the one way in which money is applied."""
    assert connection.in_atomic_block, "an answer and what follows from it are one transaction"
    by_number = {answer.number: answer for answer in answers}
    asked = DebitOrder.objects.filter(number__any=bulk.Of(by_number.keys()))
    subjects = [
        _Subject._make(row)
        for row in bulk.rows(asked, "number", "bill_id", "loan_id", "customer_id", "origin")
    ]
    conversions.catch_up({one.customer_id for one in subjects}, by=by, on=clock.day_of(at), at=at)
    batch = LoanBatch.lock_loans(
        {one.loan_id for one in subjects if one.loan_id is not None},
        bill_ids=_bills_to_lock(subjects, by_number, seen=seen, at=at),
        seen=seen,
    )
    orders = bulk.load(asked.order_by("pk"))  # an order changes under the lock of its bill alone
    changed = _changed(orders, by_number)
    _store(changed, by_number, by=by, at=at)
    _count_refusals(batch, changed.failed, by=by, at=at)
    _apply(batch, changed.succeeded, by_number, by=by, at=at)
    states = [order.state for order in orders]
    return Recorded(
        states.count(DebitOrderState.SUCCEEDED),
        states.count(DebitOrderState.FAILED),
        states.count(DebitOrderState.UNKNOWN),
    )


class _Subject(NamedTuple):
    """What an order asks money for: a bill or a loan of a customer."""

    number: str
    bill_id: int | None
    loan_id: int | None
    customer_id: int
    origin: str


def _bills_to_lock(
    subjects: Sequence[_Subject],
    answers: Mapping[str, Answer],
    *,
    seen: LoanBatch | None,
    at: datetime,
) -> set[int]:
    """Return the bills of the orders, and for money that may change others all of its customer.

    That is money of an earlier day, money for a closed bill, which follows the debt (GEN-9), and
    money paid by hand, which settles the oldest bill first (REPAY-8). Bills that ``prepare`` has
    just found money owed on are not looked at again. Those that a loan stands under are locked
    with the loan.
    """
    on = clock.day_of(at)
    asked = {one.bill_id for one in subjects if one.bill_id is not None}
    late, taken = set(), set()
    for one in subjects:
        answer = answers[one.number]
        if answer.outcome != Outcome.SUCCEEDED:
            continue
        is_manual = one.bill_id is not None and one.origin in MANUAL_ORIGINS
        if is_manual or clock.day_of(answer.at or at) < on:
            late.add(one.customer_id)
        if one.bill_id is not None:
            taken.add(one.bill_id)
    unseen = taken - (seen.bills.keys() if seen else set())
    if unseen:
        closed = Bill.objects.filter(pk__any=bulk.Of(unseen)).exclude(state__in=COLLECTED_STATES)
        late |= {customer_id for (customer_id,) in bulk.rows(closed, "customer_id")}
    return asked | bills_of(late)


def _changed(orders: Sequence[DebitOrder], answers: Mapping[str, Answer]) -> Changed:
    changed = Changed([], [], [], [])
    for order in orders:
        answer, state = answers[order.number], order.state
        outcome = answer.outcome
        if outcome == Outcome.SUCCEEDED and state != DebitOrderState.SUCCEEDED:
            changed.succeeded.append(order)
        elif outcome == Outcome.FAILED and state in (DebitOrderState.SENT, DebitOrderState.UNKNOWN):
            changed.failed.append(order)
        elif outcome == Outcome.UNKNOWN and awaits_customer(answer.code):
            if state in ASKED_STATES and order.code != answer.code:
                changed.waiting.append(order)
        elif outcome == Outcome.UNKNOWN and state == DebitOrderState.SENT:
            changed.unknown.append(order)
    return changed


def _store(changed: Changed, answers: Mapping[str, Answer], *, by: str, at: datetime) -> None:
    """Move the orders and keep what the channel reported of them."""
    orders = [*changed.succeeded, *changed.failed, *changed.unknown]
    for order in orders:
        answer = answers[order.number]
        order.code, order.reference = answer.code, answer.reference
        order.taken_fen = answer.amount_fen
    workflow.move(changed.succeeded, "succeed", by=by, reason=LoanReason.MONEY_TAKEN, at=at)
    workflow.move(changed.failed, "fail", by=by, reason=LoanReason.DEBIT_REFUSED, at=at)
    workflow.move(
        changed.unknown,
        "mark_unknown",
        by=by,
        reason=LoanReason.NO_CLEAR_ANSWER,
        at=at,
    )
    workflow.save(orders, "code", "reference", "taken_fen", "answered_at")
    _keep_waiting(changed.waiting, answers, at=at)


def _keep_waiting(
    orders: Sequence[DebitOrder], answers: Mapping[str, Answer], *, at: datetime
) -> None:
    """Store that orders wait for their customers, and what opens the payment sheet of each once."""
    sheets = []
    for order in orders:
        answer = answers[order.number]
        order.code = answer.code
        if answer.sheet is not None:
            parameters = answer.sheet._asdict()
            sheets.append(PaymentSheet(order=order, parameters=parameters, received_at=at))
    bulk.update(orders, ("code",))
    PaymentSheet.objects.bulk_create(sheets, ignore_conflicts=True)


def _count_refusals(
    batch: LoanBatch, orders: Iterable[DebitOrder], *, by: str, at: datetime
) -> None:
    """Count business refusals of automatic orders; technical ones only raise the try (REPAY-11)."""
    without_mandate = set()
    for order in orders:
        if order.bill_id is None:
            continue  # a loan is repaid early with any card: no mandate, no cycle
        bill = batch.position.bills[order.bill_id]
        if ends_mandate(order.code):
            without_mandate.add((order.customer_id, order.card_id))
        is_over = bill.state not in COLLECTED_STATES or order.cycle != bill.cycle
        is_over |= order.business_date < bill.cycle_on  # the attempts started again (FAQ-7)
        if order.origin != Origin.AUTO or is_over:
            continue
        if not is_counted(order.code):
            batch.change_bill(bill.id, tries=bill.tries + 1)
            continue
        # Tries go on: after a partial success a lower one is used already.
        counted = bill._replace(refusals=bill.refusals + 1)
        batch.change_bill(
            bill.id,
            refusals=counted.refusals,
            refused_on=bill.refused_on or order.business_date,
            debit_on=_next_debit_on(batch, counted, on=order.business_date),
        )
    _end_mandates(without_mandate, by=by, at=at)


def _end_mandates(asked: Collection[tuple[int, int | None]], *, by: str, at: datetime) -> None:
    """End the mandates the channel no longer knows: from then on grace alone decides (REPAY-12).

    ``asked`` are customers and the cards they were debited from: a mandate for another card stays.
    """
    if not asked:
        return
    signed = Mandate.objects.filter(
        customer_id__in={customer_id for customer_id, _card_id in asked},
        state=MandateState.SIGNED,
    )
    gone = {one[0] for one in bulk.rows(signed, "customer_id", "card_id") if one in asked}
    auto_debit.end(gone, by=by, reason=LoanReason.NO_MANDATE_AT_BANK, at=at)


def _next_debit_on(batch: LoanBatch, bill: BillPosition, *, on: date) -> date | None:
    """Return the day of the next attempt after a counted refusal, if there is one."""
    terms = batch.bill_terms(bill.id)
    cycle = cycles.Cycle(bill.cycle, bill.cycle_on, bill.refusals)
    following = cycles.after_refusal(cycle, on=on, terms=terms)
    if following is None and bill.state == BillState.OVERDUE:
        later = cycles.following(cycle, due_on=bill.due_on, terms=terms)
        return later.first_on if later else None
    return following


def _apply(
    batch: LoanBatch,
    orders: Sequence[DebitOrder],
    answers: Mapping[str, Answer],
    *,
    by: str,
    at: datetime,
) -> None:
    """Apply what was taken, write everything that the batch changed, and report how bills ended."""
    on = clock.day_of(at)
    arrived = arrivals.store(batch, orders, answers=answers, at=at)
    carried = {one.id for one in batch.position.bills.values() if one.state == BillState.CARRIED}
    # How those ended is reported already.
    paid = arrivals.apply(batch, arrived.in_time, by=by, at=at) - carried
    reruns = arrivals.rerun(batch, arrived.late, on=on)
    _reset_counters(batch, orders)
    batch.write(by=by, at=at)
    _report_paid(batch, paid, by=by, at=at)
    for rerun in reruns:
        reprocess.report(batch, rerun, by=by, on=on, at=at)


def _reset_counters(batch: LoanBatch, orders: Sequence[DebitOrder]) -> None:
    """Reset the counter of a bill that a success has not paid off (REPAY-11).

    It goes on with a try above every one the cycle has used, so that no number comes again.
    """
    debited = {order.bill_id for order in orders if order.origin == Origin.AUTO}
    bills = [batch.position.bills[one] for one in debited if one is not None]
    open_still = [bill for bill in bills if bill.state in COLLECTED_STATES]
    if not open_still:
        return
    automatic = DebitOrder.objects.filter(
        bill_id__any=bulk.Of(bill.id for bill in open_still), origin=Origin.AUTO
    )
    made = Counter(bulk.rows(automatic, "bill_id", "cycle"))
    for bill in open_still:
        batch.change_bill(bill.id, refusals=0, tries=made[bill.id, bill.cycle])


def _report_paid(batch: LoanBatch, bill_ids: Collection[int], *, by: str, at: datetime) -> None:
    """Report the bills that were paid in time or in grace, and let the lines of others resume."""
    paid = [batch.position.bills[bill_id] for bill_id in sorted(bill_ids)]
    ended = [(bill, BillState.PAID) for bill in paid if bill.overdue_on is None]
    conduct.record(end_of_day.reports(batch, ended), at=at)
    cured = {batch.bills[bill.id].customer_id for bill in paid if bill.overdue_on is not None}
    lines.resume(cured, by=by, reason=LoanReason.PAST_DUE_PAID, on=clock.day_of(at), at=at)
