"""Money that arrived: stored as repayments, then applied, or run again where it is late (GEN-9).

A value date is the channel's success time, but no later than the day we learn of it. Money for a
bill is applied in the order of REPAY-8, money for a loan as an early settlement or a prepayment.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from backoffice.core import bulk, clock
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import BillMove, OrderPurpose
from loans.accounting.rules.engine import RunResult
from loans.accounting.rules.position import BillPosition
from loans.accounting.rules.reasons import LoanReason
from loans.billing.rules.issue import PAST_DUE_STATES
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer
from loans.models import DebitOrder, Repayment
from loans.models.debit import MANUAL_ORIGINS
from loans.repayment.operations import reprocess
from loans.repayment.operations.run_start import customer_of, older_bills
from loans.repayment.rules import Money, Payment, money_for_loan

_REPAYMENT_COLUMNS = (
    "id", "order", "bill", "loan", "customer", "amount_fen", "value_on", "recorded_at",
)  # fmt: skip


class Arrived(NamedTuple):
    """Money by its value date: what is applied now, and what is late with all of its customers.

    What is run again contains every repayment of bills and loans that are connected: none of them
    may be applied beside it.
    """

    in_time: list[Money]
    late: list[Money]


def store(
    batch: LoanBatch, orders: Sequence[DebitOrder], *, answers: Mapping[str, Answer], at: datetime
) -> Arrived:
    """Store the money that orders brought as repayments.

    A channel's clock closes no day that has not come.
    """
    found: list[tuple[int, Money]] = []
    rows = []
    for repayment_id, order in zip(bulk.reserve_ids(Repayment, len(orders)), orders, strict=True):
        answer = answers[order.number]
        on = clock.day_of(min(answer.at or at, at))
        if order.bill_id is not None:
            is_manual = order.origin in MANUAL_ORIGINS
            older = older_bills(batch, order.bill_id) if is_manual else ()
            money: Money = Payment(repayment_id, order.bill_id, answer.amount_fen, on, older)
        else:
            assert order.loan_id is not None, "an order asks money for a bill or for a loan"
            money = money_for_loan(
                OrderPurpose(order.purpose), repayment_id, order.loan_id, answer.amount_fen, on,
                principal_fen=order.principal_fen,
            )  # fmt: skip
        found.append((order.customer_id, money))
        rows.append((repayment_id, order.id, order.bill_id, order.loan_id, order.customer_id,
                     answer.amount_fen, on, at))  # fmt: skip
    bulk.copy(Repayment, _REPAYMENT_COLUMNS, rows)
    found.sort(key=lambda pair: pair[1].on)
    today = clock.day_of(at)
    earlier = {customer_id for customer_id, money in found if money.on < today}
    printed_on = _past_due_printed_on(batch, earlier)
    late = {
        customer_id
        for customer_id, money in found
        if _is_late(batch, money, past_due_printed_on=printed_on.get(customer_id, date.min))
    }
    return Arrived(
        [money for customer_id, money in found if customer_id not in late],
        [money for customer_id, money in found if customer_id in late],
    )


def _past_due_printed_on(batch: LoanBatch, customer_ids: Collection[int]) -> dict[int, date]:
    """Return when a bill that prints something past due was last issued, by customer.

    The batch holds all bills of a customer whose money is of an earlier day; money of today comes
    after every issue.
    """
    printed_on: dict[int, date] = {}
    if not customer_ids:
        return printed_on
    for bill_id, bill in batch.position.bills.items():
        customer_id = batch.bills[bill_id].customer_id
        if bill.past_due_fen and customer_id in customer_ids:
            printed_on[customer_id] = max(printed_on.get(customer_id, date.min), bill.billed_on)
    return printed_on


def _is_late(batch: LoanBatch, money: Money, *, past_due_printed_on: date) -> bool:
    """Say whether a later day was already closed, charged or billed without the money.

    On the bill that is named, or on an older one that money paid by hand settles first. Nothing is
    charged to an overdue bill while it stands untouched, but a bill issued since prints what was
    owed under it (REPAY-7, GEN-9).
    """
    if money.on < past_due_printed_on and any(
        bill.state in PAST_DUE_STATES for bill in _bills_of(batch, money)
    ):
        return True
    if isinstance(money, Payment):
        return any(
            _is_closed_after(batch, batch.position.bills[one], money.on)
            for one in (*money.older_ids, money.bill_id)
        )
    loan = batch.position.loans[money.loan_id]
    if loan.ended_on is not None and loan.ended_on <= money.on:
        return False  # nothing is owed any more: all of it waits for its refund
    bills = _bills_under(batch, money.loan_id)
    if any(money.on < bill.billed_on for bill in bills):
        return True  # it comes before what the bill asks for
    if any(_is_closed(bill, money.on) for bill in bills):
        return True
    return money.on < loan.accrued_on


def _is_closed_after(batch: LoanBatch, bill: BillPosition, day: date) -> bool:
    holder = batch.position.holder_of(bill)
    if holder is not bill and day < holder.billed_on:
        return True  # the money was there before a later bill took over what was left
    if _is_closed(holder, day):
        return True
    return any(day < batch.position.loans[loan_id].accrued_on for loan_id in holder.loan_ids)


def _is_closed(bill: BillPosition, day: date) -> bool:
    return bill.closed_through is not None and day < bill.closed_through


def _bills_under(batch: LoanBatch, loan_id: int) -> list[BillPosition]:
    """Return the bills that the instalments of a loan stand under, the oldest first."""
    parts = batch.position.loans[loan_id].parts
    bill_ids = {part.bill_id for part in parts if part.bill_id is not None}
    return sorted((batch.position.bills[one] for one in bill_ids), key=attrgetter("due_on"))


def apply(batch: LoanBatch, arrived: Sequence[Money], *, by: str, at: datetime) -> set[int]:
    """Apply money that is not late; return the bills it paid.

    Days before a payment that the 00:05 batch has not closed yet are closed first (GEN-8); this is
    rare, so such customers are worked through one by one.
    """
    behind = {
        customer_of(batch, money)
        for money in arrived
        for bill in _bills_of(batch, money)
        if any(end_of_day.missed_days(bill, through=money.on, has_mandate=True))
    }
    mandates = end_of_day.customers_with_mandate(behind)
    paid = set()
    for money in arrived:
        customer_id = customer_of(batch, money) if behind else 0
        if customer_id in behind:
            for bill in _bills_of(batch, money):
                _close_before(batch, bill, money, has_mandate=customer_id in mandates, by=by, at=at)
            paid |= _paid(batch.run([money]))
    return paid | _paid(
        batch.run(
            money for money in arrived if not behind or customer_of(batch, money) not in behind
        )
    )


def _bills_of(batch: LoanBatch, money: Money) -> list[BillPosition]:
    if isinstance(money, Payment):
        return [batch.position.bills[one] for one in (*money.older_ids, money.bill_id)]
    return _bills_under(batch, money.loan_id)


def _paid(result: RunResult) -> set[int]:
    return {one.id for one in result.decisions if one.move == BillMove.PAY}


def _close_before(
    batch: LoanBatch,
    bill: BillPosition,
    money: Money,
    *,
    has_mandate: bool,
    by: str,
    at: datetime,
) -> None:
    """Close the missed days of a bill up to a payment, and report what they came to."""
    batch.run(end_of_day.missed_days(bill, through=money.on, has_mandate=has_mandate))
    overdue_on = batch.position.bills[bill.id].overdue_on
    end_of_day.report_closed(batch, [bill.id], by=by, on=overdue_on or money.on, at=at)


def rerun(batch: LoanBatch, late: Sequence[Money], *, on: date) -> list[reprocess.Rerun]:
    """Run what is late again, once a customer: it takes along what it is connected with."""
    of_customers: dict[int, list[Money]] = defaultdict(list)
    for money in late:
        of_customers[customer_of(batch, money)].append(money)
    return [
        reprocess.rerun(batch, theirs, on=on, reason=LoanReason.EARLIER_VALUE_DATE)
        for theirs in of_customers.values()
    ]
