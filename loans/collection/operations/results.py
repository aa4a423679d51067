"""What the channel reports about orders, and where the money it took goes.

``record`` takes an answer, a later query or a line of a statement, in any order and any number of
times. Value dates are the channel's success times (GEN-9), but no later than the day we learn of
them; money is applied per bill in the order of REPAY-8, and what is not owed waits.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from backoffice.core import bulk, clock, workflow
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES, BillMove, BillState
from loans.accounting.rules.engine import RunResult
from loans.accounting.rules.position import BillPosition
from loans.accounting.rules.reasons import LoanReason
from loans.billing.operations import auto_debit
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import ends_mandate, is_counted
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import (
    Bill,
    DebitOrder,
    DebitOrderState,
    Origin,
    Repayment,
)
from loans.repayment.operations import lines, reprocess
from loans.repayment.rules import Payment
from risk.conduct import operations as conduct

_REPAYMENT_COLUMNS = ("id", "order", "bill", "customer", "amount_fen", "value_on", "recorded_at")


class Recorded(NamedTuple):
    """How the answered orders stand now."""

    succeeded: int = 0
    failed: int = 0
    unknown: int = 0


class Changed(NamedTuple):
    """The orders whose state an answer changes; not those that were in it before."""

    succeeded: list[DebitOrder]
    failed: list[DebitOrder]
    unknown: list[DebitOrder]


@transaction.atomic(durable=True)
def record(
    answers: Sequence[Answer], *, by: str, at: datetime, seen: LoanBatch | None = None
) -> Recorded:
    """Store each answer once and apply the money that the channel has taken.

    A success is final; a refusal may still become one; a repeated answer changes nothing.
    ``seen`` is a batch that has read the same bills: what still holds of it is not read again.
    """
    by_number = {answer.number: answer for answer in answers}
    asked = DebitOrder.objects.filter(number__any=bulk.Of(by_number.keys()))
    batch = LoanBatch.lock(_bills_to_lock(asked, by_number, seen=seen, at=at), seen=seen)
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


def _bills_to_lock(
    asked: QuerySet[DebitOrder],
    answers: Mapping[str, Answer],
    *,
    seen: LoanBatch | None,
    at: datetime,
) -> set[int]:
    """Return the bills of the orders, and for money that may change others all of its customer.

    That is money of an earlier day, and money for a closed bill: it follows the debt (GEN-9).
    Bills that ``prepare`` has just found money owed on are not looked at again.
    """
    on = clock.day_of(at)
    rows = bulk.rows(asked, "bill_id", "number")
    taken = [
        (bill_id, clock.day_of(answer.at or at))
        for bill_id, number in rows
        if (answer := answers[number]).outcome == Outcome.SUCCEEDED
    ]
    following = {bill_id for bill_id, day in taken if day < on}
    unseen = {bill_id for bill_id, _day in taken} - (seen.bills.keys() if seen else set())
    if unseen:
        closed = Bill.objects.filter(pk__any=bulk.Of(unseen)).exclude(state__in=COLLECTED_STATES)
        following |= {bill_id for (bill_id,) in bulk.rows(closed, "pk")}
    return {bill_id for bill_id, _number in rows} | of_the_same_customers(following)


def _changed(orders: Sequence[DebitOrder], answers: Mapping[str, Answer]) -> Changed:
    changed = Changed([], [], [])
    for order in orders:
        outcome, state = answers[order.number].outcome, order.state
        if outcome == Outcome.SUCCEEDED and state != DebitOrderState.SUCCEEDED:
            changed.succeeded.append(order)
        elif outcome == Outcome.FAILED and state in (DebitOrderState.SENT, DebitOrderState.UNKNOWN):
            changed.failed.append(order)
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


def _count_refusals(
    batch: LoanBatch, orders: Iterable[DebitOrder], *, by: str, at: datetime
) -> None:
    """Count business refusals of automatic orders; technical ones only raise the try (REPAY-11)."""
    without_mandate = set()
    for order in orders:
        bill = batch.position.bills[order.bill_id]
        if ends_mandate(order.code):
            without_mandate.add(order.customer_id)
        is_over = bill.state not in COLLECTED_STATES or order.cycle != bill.cycle
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


def _end_mandates(customer_ids: Collection[int], *, by: str, at: datetime) -> None:
    """End the mandates the channel no longer knows: from then on grace alone decides (REPAY-12)."""
    auto_debit.end(customer_ids, by=by, reason=LoanReason.NO_MANDATE_AT_BANK, at=at)


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
    arrived = _store_repayments(orders, answers, at=at)
    late = _late_bills(batch, arrived)
    in_time = {bill_id: found for bill_id, found in arrived.items() if bill_id not in late}
    carried = {
        bill_id for bill_id in in_time if batch.position.bills[bill_id].state == BillState.CARRIED
    }
    paid = _settle(batch, in_time, by=by, at=at) - carried  # how those ended is reported
    reruns = _reprocess(batch, {one: arrived[one] for one in late}, on=clock.day_of(at))
    _reset_counters(batch, orders)
    batch.write(by=by, at=at)
    _report_paid(batch, paid, by=by, at=at)
    for rerun in reruns:
        reprocess.report(batch, rerun, by=by, on=clock.day_of(at), at=at)


def _store_repayments(
    orders: Sequence[DebitOrder], answers: Mapping[str, Answer], *, at: datetime
) -> dict[int, list[Payment]]:
    """Store the money that arrived; return it by bill, by value date.

    A channel's clock closes no day that has not come.
    """
    arrived: dict[int, list[Payment]] = defaultdict(list)
    rows = []
    for repayment_id, order in zip(bulk.reserve_ids(Repayment, len(orders)), orders, strict=True):
        answer = answers[order.number]
        on = clock.day_of(min(answer.at or at, at))
        payment = Payment(repayment_id, order.bill_id, answer.amount_fen, on)
        arrived[order.bill_id].append(payment)
        rows.append((repayment_id, order.id, order.bill_id, order.customer_id,
                     payment.amount_fen, on, at))  # fmt: skip
    bulk.copy(Repayment, _REPAYMENT_COLUMNS, rows)
    for payments in arrived.values():
        payments.sort(key=lambda payment: payment.on)
    return arrived


def _late_bills(batch: LoanBatch, arrived: Mapping[int, Sequence[Payment]]) -> set[int]:
    """Return the bills to reprocess: late ones, and whatever else arrived of their customers.

    What is reprocessed contains every repayment of bills that are connected by their loans: none
    of them may be applied beside it.
    """
    late = {
        batch.bills[bill_id].customer_id
        for bill_id, payments in arrived.items()
        if _is_late(batch, bill_id, payments)
    }
    return {bill_id for bill_id in arrived if batch.bills[bill_id].customer_id in late}


def _reprocess(
    batch: LoanBatch, arrived: Mapping[int, Sequence[Payment]], *, on: date
) -> list[reprocess.Rerun]:
    """Run bills again, the oldest first: it takes the later ones along, each of them once."""
    reruns: list[reprocess.Rerun] = []
    done: set[int] = set()
    for bill_id in sorted(arrived, key=lambda one: (batch.bills[one].due_on, one)):
        if bill_id not in done:
            reruns.append(reprocess.rerun(batch, bill_id, arrived=arrived[bill_id], on=on))
            done |= {bill.id for bill in reruns[-1].before}
    return reruns


def _is_late(batch: LoanBatch, bill_id: int, payments: Sequence[Payment]) -> bool:
    """Say whether a later day was already closed or charged without the first of the payments."""
    bill, first_on = batch.position.bills[bill_id], payments[0].on
    holder = batch.position.holder_of(bill)
    if holder is not bill and first_on < holder.billed_on:
        return True  # the money was there before a later bill took over what was left
    if holder.closed_through is not None and first_on < holder.closed_through:
        return True
    return any(first_on < batch.position.loans[loan_id].accrued_on for loan_id in holder.loan_ids)


def _settle(
    batch: LoanBatch, arrived: Mapping[int, Sequence[Payment]], *, by: str, at: datetime
) -> set[int]:
    """Apply payments that are not late; return the bills they paid.

    Days before a payment that the 00:05 batch has not closed yet are closed first (GEN-8); this is
    rare, so such bills are worked through one by one.
    """
    bills = batch.position.bills
    behind = {
        bill_id
        for bill_id, payments in arrived.items()
        if any(end_of_day.missed_days(bills[bill_id], through=payments[-1].on, has_mandate=True))
    }
    mandates = end_of_day.customers_with_mandate(batch.bills[one].customer_id for one in behind)
    paid = set()
    for bill_id in sorted(behind):
        for payment in arrived[bill_id]:
            has_mandate = batch.bills[bill_id].customer_id in mandates
            _close_before(batch, payment, has_mandate=has_mandate, by=by, at=at)
            paid |= _paid(batch.run([payment]))
    return paid | _paid(
        batch.run(
            payment
            for bill_id, payments in arrived.items()
            if bill_id not in behind
            for payment in payments
        )
    )


def _paid(result: RunResult) -> set[int]:
    return {one.id for one in result.decisions if one.move == BillMove.PAY}


def _close_before(
    batch: LoanBatch, payment: Payment, *, has_mandate: bool, by: str, at: datetime
) -> None:
    """Close the missed days of a bill up to a payment, and report what they came to."""
    bill = batch.position.bills[payment.bill_id]
    batch.run(end_of_day.missed_days(bill, through=payment.on, has_mandate=has_mandate))
    overdue_on = batch.position.bills[payment.bill_id].overdue_on
    end_of_day.report_closed(batch, [payment.bill_id], by=by, on=overdue_on or payment.on, at=at)


def _reset_counters(batch: LoanBatch, orders: Sequence[DebitOrder]) -> None:
    """Reset the counter of a bill that a success has not paid off (REPAY-11).

    It goes on with a try above every one the cycle has used, so that no number comes again.
    """
    debited = {order.bill_id for order in orders if order.origin == Origin.AUTO}
    bills = [batch.position.bills[bill_id] for bill_id in debited]
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
    conduct.record(
        [
            end_of_day.report(batch, bill, BillState.PAID)
            for bill in paid
            if bill.overdue_on is None
        ],
        at=at,
    )
    cured = {batch.bills[bill.id].customer_id for bill in paid if bill.overdue_on is not None}
    lines.resume(cured, by=by, reason=LoanReason.PAST_DUE_PAID, on=clock.day_of(at), at=at)
