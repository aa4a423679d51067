"""Applying taken money to a bill: allocation, ledger, new segments, closed bills and loans.

One implementation for a batch of fresh receipts and for a replay (GEN-9): both collect what they
lead to in a ``Receipt``, which is written once.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext_noop

from backoffice.core import workflow
from loans.accounting.operations.batch import Book
from loans.accounting.operations.ledger import Entry
from loans.accounting.rules.accrual import (
    NONE,
    PENALTY,
    REVOLVING,
)
from loans.accounting.rules.allocation import (
    Claim,
    Owed,
    allocate,
)
from loans.accounting.rules.position import (
    Part,
    start_segment,
)
from loans.delinquency import queries as arrears
from loans.models import (
    Account,
    Bill,
    BillState,
    Instalment,
    Loan,
    LoanState,
    TransferKind,
)
from loans.models.bill import COLLECTED_STATES
from risk.lines import operations as lines

BY = gettext_noop("payment channel")

_CREDITS = (
    Account.PENALTY, Account.LATE_FEE, Account.INTEREST, Account.PLAN_FEE, Account.LOAN_PRINCIPAL,
)  # fmt: skip


class Payment(NamedTuple):
    """Money taken for a bill, in fen, on the day the channel took it."""

    repayment_id: int
    bill_id: int
    amount_fen: int
    value_on: date


class Allocation(NamedTuple):
    """What a payment settled of one instalment."""

    repayment_id: int
    loan_id: int
    instalment_id: int
    paid: Owed
    revision: int = 1


class Unapplied(NamedTuple):
    """What a payment brought beyond what was owed, in fen."""

    customer_id: int
    repayment_id: int
    amount_fen: int


@dataclass
class Receipt:
    """What applying payments leads to besides the book: written together at its end."""

    book: Book
    at: datetime
    allocations: list[Allocation] = field(default_factory=list)
    unapplied: list[Unapplied] = field(default_factory=list)
    restorations: list[lines.Restoration] = field(default_factory=list)


def apply(receipt: Receipt, payment: Payment) -> None:
    """Apply one payment to its bill; the surplus waits as unapplied funds (REPAY-8)."""
    book, bill = receipt.book, receipt.book.bills[payment.bill_id]
    for loan in book.loans_under(bill):
        if book.positions[loan.id].accrued_on < payment.value_on:
            book.charge(loan, on=payment.value_on, cause=f"repayment:{payment.repayment_id}")
    rows = book.under[bill.id]
    parts, left_fen = allocate(payment.amount_fen, [_claim(book, row) for row in rows])
    for row, paid in zip(rows, parts, strict=True):
        if any(paid):
            _settle(receipt, payment, row, paid)
    if left_fen:
        _wait(receipt, payment, bill, left_fen)
    if left_fen < payment.amount_fen:
        bill.paid_fen += payment.amount_fen - left_fen
        bill.last_paid_on = payment.value_on
        bill.rest_fen = book.owed(bill)[0]


def _claim(book: Book, row: Instalment) -> Claim:
    """Return an instalment as a claim with its current daily rate (REPAY-8)."""
    part, loan = book.part(row), book.loans[row.loan_id]
    terms = book.terms(loan.id)
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


def _settle(receipt: Receipt, payment: Payment, row: Instalment, paid: Owed) -> None:
    """Take a paid part off an instalment: a new segment, ledger entries, room on the line."""
    book, loan = receipt.book, receipt.book.loans[row.loan_id]
    part = book.part(row)
    left = Part(
        part.principal_fen - paid.principal_fen,
        part.interest_fen - paid.interest_fen,
        part.plan_fee_fen - paid.plan_fee_fen,
        part.late_fee_fen - paid.late_fee_fen,
        part.penalty_fen - paid.penalty_fen,
        *part[5:],
    )
    book.replace(row, _restarted(left, on=book.positions[loan.id].accrued_on))
    receipt.allocations.append(Allocation(payment.repayment_id, loan.id, row.id, paid))
    book.enter(
        Entry(payment.value_on, Account.BANK, account, amount_fen, TransferKind.REPAYMENT,
              f"repayment:{payment.repayment_id}", loan.id, loan.customer_id)
        for account, amount_fen in zip(_CREDITS, paid, strict=True)
        if amount_fen
    )  # fmt: skip
    if paid.principal_fen:
        receipt.restorations.append(lines.Restoration(loan.line_id, paid.principal_fen))


def _restarted(part: Part, *, on: date) -> Part:
    """Return the part in a new segment of its kind; nothing accrues on nothing (GEN-3)."""
    owes = part.principal_fen or (part.accrual == PENALTY and part.penalty_fen)
    return start_segment(part, part.accrual if owes else NONE, on=on)


def _wait(receipt: Receipt, payment: Payment, bill: Bill, left_fen: int) -> None:
    """Keep money that is not owed for the customer."""
    receipt.unapplied.append(Unapplied(bill.customer_id, payment.repayment_id, left_fen))
    receipt.book.enter(
        [Entry(payment.value_on, Account.BANK, Account.UNAPPLIED_FUNDS, left_fen,
               TransferKind.UNAPPLIED, f"repayment:{payment.repayment_id}", None,
               bill.customer_id)]
    )  # fmt: skip


def close_paid(book: Book, bills: Iterable[Bill], *, at: datetime) -> list[Bill]:
    """Close the bills and loans on which nothing is owed; return the bills that were."""
    bills = list(bills)
    paid = [b for b in bills if b.state in COLLECTED_STATES and not book.owed(b)[0]]
    workflow.move(paid, "pay", by=BY, reason="paid in full", at=at)
    _close_loans(book, bills, at=at)
    return paid


def _close_loans(book: Book, bills: Iterable[Bill], *, at: datetime) -> None:
    """Settle the loans that owe nothing; those that are only cured go on."""
    settled: dict[date | None, dict[int, Loan]] = defaultdict(dict)
    cured: dict[int, Loan] = {}
    for bill in bills:
        for loan in book.loans_under(bill):
            book.touch(loan)
            owes = any(part.unpaid_fen for part in book.positions[loan.id].parts)
            if not owes and loan.state in (LoanState.ACTIVE, LoanState.OVERDUE):
                settled[bill.last_paid_on][loan.id] = loan
            elif owes and loan.state == LoanState.OVERDUE and bill.state == BillState.PAID:
                cured[loan.id] = loan
    for on, loans in settled.items():
        workflow.move(loans.values(), "settle", by=BY, reason="repaid in full", at=at, on=on)
    workflow.move(cured.values(), "cure", by=BY, reason="past due paid", at=at)


def resume_lines(book: Book, cured: Iterable[Bill], *, by: str, reason: str, at: datetime) -> None:
    """Reopen lines once nothing is past due and 30 days past due were never passed (REPAY-19).

    All bills count that were overdue since the line was suspended, not only those just cured.
    """
    days_max = {bill.customer_id: book.bill_terms(bill).cured_alone_days_max for bill in cured}
    if not days_max:
        return
    late = arrears.since_suspended(days_max)
    free = []
    for customer_id, cured_alone_days_max in days_max.items():
        was = late.get(customer_id, arrears.Arrears())
        if not was.goes_on and was.days_past_due_max <= cured_alone_days_max:
            free.append(customer_id)
    lines.resume(free, by=by, reason=reason, at=at)
