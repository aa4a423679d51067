"""What the channel said about orders, and where the money it took goes.

Called by ``collection.record`` in its transaction. Value dates are the channel's success times
(GEN-9); money is applied per bill in the order of REPAY-8, and what is not owed waits.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from backoffice import bulk, clock, workflow
from loans.gateways.channel import Answer, Outcome
from loans.models import (
    Account,
    Bill,
    BillState,
    DebitOrder,
    DebitOrderState,
    Instalment,
    Loan,
    LoanState,
    Mandate,
    MandateState,
    Origin,
    Repayment,
    RepaymentAllocation,
    TransferKind,
    UnappliedFunds,
)
from loans.models.bill import COLLECTED_STATES
from loans.operations.book import Book
from loans.operations.ledger import Entry
from loans.rules import cycle as cycles
from loans.rules.accrual import NONE, PENALTY, REVOLVING
from loans.rules.allocation import Claim, Owed, allocate
from loans.rules.position import Part, start_segment
from loans.rules.refusals import ends_mandate, is_counted
from risk.operations import conduct, lines

BY = "channel"

BILL_FIELDS = (
    "paid_fen", "last_paid_on", "rest_fen", "paid_on", "cycle", "cycle_on", "refusals", "tries",
    "debit_on", "refused_on",
)  # fmt: skip
_REPAYMENT_COLUMNS = ("id", "order", "bill", "customer", "amount_fen", "value_on", "recorded_at")
_ALLOCATION_COLUMNS = (
    "repayment", "loan", "instalment",
    "penalty_fen", "late_fee_fen", "interest_fen", "plan_fee_fen", "principal_fen",
)  # fmt: skip
_UNAPPLIED_COLUMNS = ("customer", "repayment", "amount_fen", "waiting_since")
_CREDITS = (
    Account.PENALTY, Account.LATE_FEE, Account.INTEREST, Account.PLAN_FEE, Account.LOAN_PRINCIPAL,
)  # fmt: skip


class Recorded(NamedTuple):
    """How the answered orders stand now."""

    succeeded: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass
class Receipt:
    """Rows that one batch of answers leads to, written together at its end."""

    book: Book
    at: datetime
    repayments: list[tuple[object, ...]] = field(default_factory=list)
    allocations: list[tuple[object, ...]] = field(default_factory=list)
    unapplied: list[tuple[object, ...]] = field(default_factory=list)
    restorations: list[lines.Restoration] = field(default_factory=list)


def record(answers: Sequence[Answer], *, at: datetime) -> Recorded:
    """Store what the channel said of each order and apply the money it has taken.

    A success is final; a refusal may still become one; what repeats changes nothing.
    """
    said = {answer.number: answer for answer in answers}
    bill_ids = DebitOrder.objects.filter(number__in=list(said)).values_list("bill_id", flat=True)
    book = Book.lock(bill_ids)
    orders = list(
        DebitOrder.objects.select_for_update().filter(number__in=list(said)).order_by("pk")
    )
    won = [o for o in orders if _is(said[o.number], Outcome.SUCCEEDED) and not _is_final(o)]
    lost = [o for o in orders if _is(said[o.number], Outcome.FAILED) and _is_open(o)]
    unclear = [
        o
        for o in orders
        if _is(said[o.number], Outcome.UNKNOWN) and o.state == DebitOrderState.SENT
    ]
    _store(won, lost, unclear, said, at=at)
    _count_refusals(book, lost, at=at)
    _apply(book, won, said, at=at)
    states = [order.state for order in orders]
    return Recorded(
        states.count(DebitOrderState.SUCCEEDED),
        states.count(DebitOrderState.FAILED),
        states.count(DebitOrderState.UNKNOWN),
    )


def _is(answer: Answer, outcome: Outcome) -> bool:
    return answer.outcome == outcome


def _is_final(order: DebitOrder) -> bool:
    return bool(order.state == DebitOrderState.SUCCEEDED)


def _is_open(order: DebitOrder) -> bool:
    return order.state in (DebitOrderState.SENT, DebitOrderState.UNKNOWN)


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
        if order.origin != Origin.AUTO or order.cycle != bill.cycle:
            continue
        if not is_counted(order.code):
            bill.tries += 1
            continue
        bill.refusals, bill.tries = bill.refusals + 1, 0
        bill.refused_on = bill.refused_on or order.business_date
        bill.debit_on = _next_debit_on(book, bill, on=order.business_date)
    _end_mandates(dead, at=at)


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
    receipt = Receipt(book, at)
    ids = bulk.reserve_ids(Repayment, len(orders))
    for repayment_id, order in zip(ids, orders, strict=True):
        _receive(receipt, repayment_id, order, said[order.number])
    _close(receipt, [book.bills[order.bill_id] for order in orders])
    book.write(at=at)
    bulk.copy(Repayment, _REPAYMENT_COLUMNS, receipt.repayments)
    bulk.copy(RepaymentAllocation, _ALLOCATION_COLUMNS, receipt.allocations)
    bulk.copy(UnappliedFunds, _UNAPPLIED_COLUMNS, receipt.unapplied)
    lines.restore(receipt.restorations)


def _receive(receipt: Receipt, repayment_id: int, order: DebitOrder, answer: Answer) -> None:
    """Apply one taken amount to its bill; the surplus waits as unapplied funds (REPAY-8)."""
    book, bill = receipt.book, receipt.book.bills[order.bill_id]
    value_on = clock.day_of(answer.at or receipt.at)
    cause = f"repayment:{repayment_id}"
    for loan in book.loans_under(bill):
        book.charge(loan, on=max(value_on, loan_accrued_on(book, loan)), cause=cause)
    rows = book.under[bill.pk]
    parts, left_fen = allocate(answer.amount_fen, [_claim(book, row) for row in rows])
    for row, paid in zip(rows, parts, strict=True):
        if any(paid):
            _settle(receipt, repayment_id, row, paid, on=value_on)
    receipt.repayments.append(
        (repayment_id, order.pk, bill.pk, bill.customer_id, answer.amount_fen, value_on, receipt.at)
    )
    _wait(receipt, repayment_id, bill, left_fen, on=value_on)
    applied_fen = answer.amount_fen - left_fen
    if applied_fen:
        bill.paid_fen += applied_fen
        bill.last_paid_on = value_on
        bill.rest_fen = book.owed(bill)[0]


def loan_accrued_on(book: Book, loan: Loan) -> date:
    """Return the day a loan is accrued to in the book."""
    return book.positions[loan.pk].accrued_on


def _claim(book: Book, row: Instalment) -> Claim:
    """Return an instalment as a claim with its current daily rate (REPAY-8)."""
    part, loan = book.part(row), book.loans[row.loan_id]
    terms = book.terms(loan.pk)
    rate = {
        NONE: 0,
        PENALTY: terms.penalty_ppm * 1000,
        REVOLVING: loan.daily_rate_ppm * terms.revolve_factor_permille,
    }.get(part.accrual, loan.daily_rate_ppm * 1000)
    owed = Owed(
        part.penalty_fen,
        part.late_fee_fen,
        part.interest_fen,
        part.plan_fee_fen,
        part.principal_fen,
    )
    return Claim(owed, rate, not book.is_bullet(row), loan.drawn_on)


def _settle(receipt: Receipt, repayment_id: int, row: Instalment, paid: Owed, *, on: date) -> None:
    """Take a paid part off an instalment: a new segment, ledger entries, room on the line."""
    book, loan = receipt.book, receipt.book.loans[row.loan_id]
    part = book.part(row)
    left = part._replace(
        principal_fen=part.principal_fen - paid.principal_fen,
        interest_fen=part.interest_fen - paid.interest_fen,
        plan_fee_fen=part.plan_fee_fen - paid.plan_fee_fen,
        late_fee_fen=part.late_fee_fen - paid.late_fee_fen,
        penalty_fen=part.penalty_fen - paid.penalty_fen,
    )
    book.replace(row, _restarted(left, on=loan_accrued_on(book, loan)))
    receipt.allocations.append((repayment_id, loan.pk, row.pk, *paid))
    book.enter(
        Entry(on, Account.BANK, account, amount_fen, TransferKind.REPAYMENT,
              f"repayment:{repayment_id}", loan.pk, loan.customer_id)
        for account, amount_fen in zip(_CREDITS, paid, strict=True)
        if amount_fen
    )  # fmt: skip
    if paid.principal_fen:
        receipt.restorations.append(lines.Restoration(loan.line_id, paid.principal_fen))


def _restarted(part: Part, *, on: date) -> Part:
    """Return the part in a new segment of its kind; nothing accrues on nothing (GEN-3)."""
    owes = part.principal_fen or (part.accrual == PENALTY and part.penalty_fen)
    return start_segment(part, part.accrual if owes else NONE, on=on)


def _wait(receipt: Receipt, repayment_id: int, bill: Bill, left_fen: int, *, on: date) -> None:
    """Keep money that is not owed for the customer."""
    if not left_fen:
        return
    receipt.unapplied.append((bill.customer_id, repayment_id, left_fen, receipt.at))
    receipt.book.enter(
        [Entry(on, Account.BANK, Account.UNAPPLIED_FUNDS, left_fen, TransferKind.UNAPPLIED,
               f"repayment:{repayment_id}", None, bill.customer_id)]
    )  # fmt: skip


def _close(receipt: Receipt, bills: Sequence[Bill]) -> None:
    """Close the bills and loans on which nothing is owed, and report them to risk."""
    book, at = receipt.book, receipt.at
    bills = list({bill.pk: bill for bill in bills}.values())
    paid = [b for b in bills if b.state in COLLECTED_STATES and not book.owed(b)[0]]
    cured = [bill for bill in paid if bill.state == BillState.OVERDUE]
    workflow.move(paid, "pay", by=BY, reason="paid in full", at=at)
    for bill in paid:
        for loan in book.loans_under(bill):
            _close_loan(book, loan, bill, at=at)
    workflow.save(list(book.bills.values()), *BILL_FIELDS)
    conduct.record([report(bill, "paid") for bill in paid if bill not in cured], at=at)
    _resume_lines(book, cured, at=at)


def _close_loan(book: Book, loan: Loan, bill: Bill, *, at: datetime) -> None:
    """Settle a loan that owes nothing; one that is only cured goes on."""
    owes = any(part.unpaid_fen for part in book.positions[loan.pk].parts)
    if not owes and loan.state in (LoanState.ACTIVE, LoanState.OVERDUE):
        workflow.move([loan], "settle", by=BY, reason="repaid in full", at=at, on=bill.paid_on)
    elif owes and loan.state == LoanState.OVERDUE:
        workflow.move([loan], "cure", by=BY, reason="past due paid", at=at)
    book.touch(loan)


def report(bill: Bill, outcome: str) -> conduct.Report:
    """Return a bill as risk is told of it."""
    return conduct.Report(
        bill.customer_id,
        f"bill:{bill.pk}",
        bill.due_on,
        bill.total_fen,
        bill.minimum_fen,
        bill.paid_fen,
        outcome,
    )


def _resume_lines(book: Book, cured: Sequence[Bill], *, at: datetime) -> None:
    """Reopen lines once nothing is past due and 30 days past due were never passed (REPAY-19)."""
    short = [
        bill.customer_id
        for bill in cured
        if bill.paid_on
        and (bill.paid_on - bill.due_on).days <= book.bill_terms(bill).cured_alone_days_max
    ]
    if not short:
        return
    still = set(
        Bill.objects.filter(customer_id__in=short, state=BillState.OVERDUE).values_list(
            "customer_id", flat=True
        )
    )
    free = [customer_id for customer_id in short if customer_id not in still]
    lines.resume(free, by=BY, reason="everything past due is paid", at=at)
