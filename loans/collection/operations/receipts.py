"""What the channel said about orders, and where the money it took goes.

Called by ``collection.record`` in its transaction. Value dates are the channel's success times
(GEN-9), but no later than the day we hear of them; money is applied per bill in the order of
REPAY-8, and what is not owed waits.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from accounts.cards.operations import cards
from backoffice.core import bulk, clock, workflow
from loans.accounting.operations.batch import Book
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import (
    ends_mandate,
    is_counted,
)
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import (
    Bill,
    BillState,
    DebitOrder,
    DebitOrderState,
    Mandate,
    MandateState,
    Origin,
    Repayment,
    RepaymentAllocation,
    UnappliedFunds,
)
from loans.models.bill import COLLECTED_STATES
from loans.models.debit import CARD_HOLDER
from loans.repayment.operations import repayments, reprocess
from loans.repayment.operations.repayments import (
    Payment,
    Receipt,
)
from risk.conduct import operations as conduct
from risk.lines import operations as lines

BY = repayments.BY

BILL_FIELDS = (
    "paid_fen", "last_paid_on", "rest_fen", "paid_on", "refusals", "tries", "debit_on",
    "refused_on",
)  # fmt: skip
_REPAYMENT_COLUMNS = ("id", "order", "bill", "customer", "amount_fen", "value_on", "recorded_at")
_ALLOCATION_COLUMNS = (
    "repayment", "loan", "instalment", "revision",
    "penalty_fen", "late_fee_fen", "interest_fen", "plan_fee_fen", "principal_fen",
)  # fmt: skip
_UNAPPLIED_COLUMNS = ("customer", "repayment", "amount_fen", "waiting_since")


class Recorded(NamedTuple):
    """How the answered orders stand now."""

    succeeded: int = 0
    failed: int = 0
    unknown: int = 0


def record(answers: Sequence[Answer], *, at: datetime, seen: Book | None = None) -> Recorded:
    """Store what the channel said of each order and apply the money it has taken.

    A success is final; a refusal may still become one; what repeats changes nothing.
    """
    said = {answer.number: answer for answer in answers}
    asked = DebitOrder.objects.filter(number__any=bulk.Of(said.keys()))
    book = Book.lock((bill_id for (bill_id,) in bulk.rows(asked, "bill_id")), seen=seen)
    orders = bulk.load(asked.order_by("pk"))  # an order changes under the lock of its bill alone
    won, lost, unclear = _news(orders, said)
    _store(won, lost, unclear, said, at=at)
    _count_refusals(book, lost, at=at)
    _apply(book, won, said, at=at)
    states = [order.state for order in orders]
    return Recorded(
        states.count(DebitOrderState.SUCCEEDED),
        states.count(DebitOrderState.FAILED),
        states.count(DebitOrderState.UNKNOWN),
    )


def _news(
    orders: Sequence[DebitOrder], said: dict[str, Answer]
) -> tuple[list[DebitOrder], list[DebitOrder], list[DebitOrder]]:
    """Return the orders that are paid, refused and lost sight of now; not those that were."""
    won, lost, unclear = [], [], []
    for order in orders:
        outcome, state = said[order.number].outcome, order.state
        if outcome == Outcome.SUCCEEDED and state != DebitOrderState.SUCCEEDED:
            won.append(order)
        elif outcome == Outcome.FAILED and state in (DebitOrderState.SENT, DebitOrderState.UNKNOWN):
            lost.append(order)
        elif outcome == Outcome.UNKNOWN and state == DebitOrderState.SENT:
            unclear.append(order)
    return won, lost, unclear


def _store(
    won: Sequence[DebitOrder],
    lost: Sequence[DebitOrder],
    unclear: Sequence[DebitOrder],
    said: dict[str, Answer],
    *,
    at: datetime,
) -> None:
    """Move the orders and keep what the channel said of them."""
    orders = [*won, *lost, *unclear]
    for order in orders:
        answer = said[order.number]
        order.code, order.reference = answer.code, answer.reference
        order.taken_fen = answer.amount_fen
    workflow.move(won, "succeed", by=BY, reason="the channel took the money", at=at)
    workflow.move(lost, "fail", by=BY, reason="the channel refused", at=at)
    workflow.move(unclear, "lose_sight", by=BY, reason="no clear answer", at=at)
    workflow.save(orders, "code", "reference", "taken_fen", "answered_at")


def _count_refusals(book: Book, orders: Iterable[DebitOrder], *, at: datetime) -> None:
    """Count business refusals of automatic orders; technical ones only raise the try (REPAY-11)."""
    dead = set()
    for order in orders:
        bill = book.bills[order.bill_id]
        if ends_mandate(order.code):
            dead.add(order.customer_id)
        is_over = bill.state not in COLLECTED_STATES or order.cycle != bill.cycle
        if order.origin != Origin.AUTO or is_over:
            continue
        if not is_counted(order.code):
            bill.tries += 1
            continue
        bill.refusals += 1  # tries go on: after a part success a lower one is used already
        bill.refused_on = bill.refused_on or order.business_date
        bill.debit_on = _next_debit_on(book, bill, on=order.business_date)
    _end_mandates(dead, at=at)


def _count_anew(book: Book, orders: Sequence[DebitOrder]) -> None:
    """Reset the counter of a bill that a success has not paid off (REPAY-11).

    It goes on with a try above every one the cycle has used, so that no number comes again.
    """
    debited = {order.bill_id for order in orders if order.origin == Origin.AUTO}
    bills = [book.bills[pk] for pk in debited if book.bills[pk].state in COLLECTED_STATES]
    automatic = DebitOrder.objects.filter(
        bill_id__any=bulk.Of(bill.id for bill in bills), origin=Origin.AUTO
    )
    made = Counter(bulk.rows(automatic, "bill_id", "cycle")) if bills else Counter()
    for bill in bills:
        bill.refusals, bill.tries = 0, made[bill.id, bill.cycle]
    workflow.save(bills, "refusals", "tries")


def _end_mandates(customer_ids: Collection[int], *, at: datetime) -> None:
    """End the mandates the channel no longer knows: from then on grace alone decides (REPAY-12)."""
    if not customer_ids:
        return
    mandates = list(
        Mandate.objects.select_for_update()
        .filter(customer_id__in=customer_ids, state=MandateState.SIGNED)
        .order_by("pk")
    )
    workflow.move(mandates, "terminate", by=BY, reason="the channel knows none", at=at)
    workflow.save(mandates, "terminated_at")
    cards.release({mandate.card_id for mandate in mandates}, holder=CARD_HOLDER)


def _next_debit_on(book: Book, bill: Bill, *, on: date) -> date | None:
    terms = book.bill_terms(bill)
    cycle = cycles.Cycle(bill.cycle, bill.cycle_on, bill.refusals)
    following = cycles.after_refusal(cycle, on=on, terms=terms)
    if following is None and bill.state == BillState.OVERDUE:
        later = cycles.following(cycle, due_on=bill.due_on, terms=terms)
        return later.first_on if later else None
    return following


def _apply(
    book: Book, orders: Sequence[DebitOrder], said: dict[str, Answer], *, at: datetime
) -> None:
    """Apply what was taken, then write everything the batch changed."""
    ids = bulk.reserve_ids(Repayment, len(orders))
    arrived = [
        Payment(repayment_id, order.bill_id, answer.amount_fen, _value_on(answer, at=at))
        for repayment_id, order in zip(ids, orders, strict=True)
        for answer in (said[order.number],)
    ]
    for payment in arrived:
        bill = book.bills[payment.bill_id]
        end_of_day.catch_up([bill], through=payment.value_on, book=book, at=at)
    late = {payment.bill_id for payment in arrived if reprocess.is_late(book, payment)}
    receipt = Receipt(book, at)
    for payment in arrived:
        if payment.bill_id not in late:
            repayments.apply(receipt, payment)
    touched = {payment.bill_id for payment in arrived} - late
    _close(book, [book.bills[bill_id] for bill_id in sorted(touched)], at=at)
    bulk.copy(
        Repayment,
        _REPAYMENT_COLUMNS,
        [
            (payment.repayment_id, order.id, order.bill_id, order.customer_id,
             payment.amount_fen, payment.value_on, at)
            for payment, order in zip(arrived, orders, strict=True)
        ],
    )  # fmt: skip
    for bill_id in sorted(late):
        reprocess.replay(receipt, book.bills[bill_id], on=clock.day_of(at))
    _count_anew(book, orders)
    _write(receipt)


def _value_on(answer: Answer, *, at: datetime) -> date:
    """Return the day the money counts from: a channel's clock closes no day that has not come."""
    return clock.day_of(min(answer.at or at, at))


def _close(book: Book, bills: Sequence[Bill], *, at: datetime) -> None:
    """Close what is paid and tell risk of it."""
    overdue = {bill.id for bill in bills if bill.state == BillState.OVERDUE}
    paid = repayments.close_paid(book, bills, at=at)
    workflow.save(list(book.bills.values()), *BILL_FIELDS)
    conduct.record(
        [end_of_day.report(bill, "paid") for bill in paid if bill.id not in overdue], at=at
    )
    cured = [bill for bill in paid if bill.id in overdue]
    repayments.resume_lines(book, cured, by=BY, reason="everything past due is paid", at=at)


def _write(receipt: Receipt) -> None:
    """Write the book and what was allocated, left over and given back."""
    receipt.book.write(at=receipt.at)
    bulk.copy(
        RepaymentAllocation,
        _ALLOCATION_COLUMNS,
        [
            (one.repayment_id, one.loan_id, one.instalment_id, one.revision, *one.paid)
            for one in receipt.allocations
        ],
    )
    bulk.copy(UnappliedFunds, _UNAPPLIED_COLUMNS, [(*one, receipt.at) for one in receipt.unapplied])
    lines.restore(receipt.restorations)
