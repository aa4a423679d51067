"""The 00:05 close: late fees, grace, small rests, overdue records, penalty from then on.

``close`` decides on a batch of unpaid bills as of 00:00 of the day; ``accrue_night`` books the
night of the whole book as one transfer (GEN-8).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from backoffice.core import bulk, workflow
from loans.accounting.operations import ledger
from loans.accounting.operations.batch import Book
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries.unposted import unposted
from loans.accounting.rules.position import start_segment
from loans.billing.rules import late_fees_fen
from loans.collection.rules import cycle as cycles
from loans.delinquency.rules.classification import (
    Move,
    Unpaid,
    decide,
    is_late_fee_due,
    is_minimum_met,
)
from loans.models import (
    Account,
    Accrual,
    Bill,
    BillState,
    DebitMode,
    LoanState,
    Mandate,
    MandateState,
    TransferKind,
)
from risk.conduct import operations as conduct
from risk.lines import operations as lines

BY = gettext_noop("end of day")

BILL_FIELDS = (
    "cycle", "cycle_on", "refusals", "tries", "debit_on", "late_fee_on", "late_fee_fen",
    "charged_at_due_fen", "overdue_on", "closed_on",
)  # fmt: skip
_REASONS = {
    Move.SETTLE_MINIMUM: "the minimum was met",
    Move.ENTER_GRACE: "unpaid when the due date ended",
    Move.CARRY: "a small rest moves to the next bill",
    Move.RECORD_OVERDUE: "grace is over",
}


@transaction.atomic
def close(bill_ids: Sequence[int], *, on: date, at: datetime) -> int:
    """Close the day before ``on`` for these bills; return how many were moved or charged.

    A bill that this day has nothing for is left as it is, so that running it again is harmless.
    """
    book = Book.lock(bill_ids)
    debited = debited_customers(book.bills.values())
    touched = 0
    for bill in book.bills.values():
        if bill.state in (BillState.BILLED, BillState.GRACE, BillState.OVERDUE):
            is_debited = bill.mode != DebitMode.OFF and bill.customer_id in debited
            touched += close_bill(book, bill, is_debited=is_debited, on=on, at=at)
    bills = list(book.bills.values())
    workflow.save(bills, *BILL_FIELDS)
    book.write(at=at)
    _tell_risk(bills, on=on, at=at)
    return touched


def catch_up(bills: Iterable[Bill], *, through: date, book: Book, at: datetime) -> None:
    """Close the days up to ``through`` that the 00:05 batch has not closed yet.

    A payment of a day does not undo what the day's close had to decide first (GEN-8).
    """
    open_states = (BillState.BILLED, BillState.GRACE)
    behind = [
        bill
        for bill in bills
        if bill.state in open_states and (bill.closed_on or bill.due_on) < through
    ]
    if not behind:
        return
    debited = debited_customers(behind)
    for bill in behind:
        is_debited = bill.mode != DebitMode.OFF and bill.customer_id in debited
        day = (bill.closed_on or bill.due_on) + timedelta(days=1)
        while day <= through and bill.state in open_states:
            close_bill(book, bill, is_debited=is_debited, on=day, at=at)
            workflow.save([bill], *BILL_FIELDS)
            day += timedelta(days=1)
        _tell_risk([bill], on=bill.overdue_on or through, at=at)


def debited_customers(bills: Iterable[Bill]) -> set[int]:
    """Return the customers of these bills who have a live mandate."""
    customers = {bill.customer_id for bill in bills}
    live = Mandate.objects.filter(customer_id__any=bulk.Of(customers), state=MandateState.SIGNED)
    return set(live.values_list("customer_id", flat=True))


def close_bill(book: Book, bill: Bill, *, is_debited: bool, on: date, at: datetime) -> bool:
    """Decide on one bill in the book and carry the decision out; say whether anything changed.

    A day the bill was closed through already changes nothing.
    """
    if bill.closed_on is not None and bill.closed_on >= on:
        return False
    bill.closed_on = on
    if bill.state == BillState.BILLED:
        _accrue_to(book, bill, on=bill.due_on)
    unpaid = _as_of_midnight(book, bill, is_debited=is_debited, on=on)
    decision = decide(unpaid, on=on, terms=book.bill_terms(bill))
    for number, move in enumerate(decision.moves):
        if number:  # the database follows each step of the machine
            workflow.save([bill], *BILL_FIELDS)
        workflow.move([bill], move.value, by=BY, reason=_REASONS[move], at=at, **_facts(move, on))
        if move == Move.ENTER_GRACE:
            _enter_grace(book, bill, is_minimum_met=is_minimum_met(unpaid))
        elif move == Move.SETTLE_MINIMUM:
            assert decision.revolves_on is not None
            _revolve(book, bill, on=decision.revolves_on)
        elif move == Move.CARRY:
            _carry(book, bill, on=on)
        else:
            _record_overdue(book, bill, on=on, at=at)
    charged = bill.state in (BillState.GRACE, BillState.OVERDUE) and _charge_late_fee(
        book, bill, is_debited=is_debited, on=on
    )
    return bool(decision.moves) or charged


def _facts(move: Move, on: date) -> dict[str, date]:
    return {"on": on} if move == Move.RECORD_OVERDUE else {}


def _as_of_midnight(book: Book, bill: Bill, *, is_debited: bool, on: date) -> Unpaid:
    """Return the bill with what was charged and paid before today.

    Mandatory is what stood when the last payment came: nights after it do not undo a cure.
    """
    unpaid_fen, mandatory_fen = book.owed(bill)
    if unpaid_fen <= book.bill_terms(bill).tolerance_fen:
        unpaid_fen = _with_nights(book, bill, on=on)
    return Unpaid(
        state=bill.state,
        due_on=bill.due_on,
        minimum_fen=bill.minimum_fen,
        paid_fen=bill.paid_fen,
        last_paid_on=bill.last_paid_on,
        rest_fen=bill.rest_fen,
        unpaid_fen=unpaid_fen,
        mandatory_unpaid_fen=mandatory_fen,
        late_fee_fen=bill.late_fee_fen,
        refusals=bill.refusals,
        is_debited=is_debited,
    )


def _with_nights(book: Book, bill: Bill, *, on: date) -> int:
    """Return what is unpaid once the nights before today are counted (REPAY-16)."""
    ahead = max(on, *(book.positions[loan.pk].accrued_on for loan in book.loans_under(bill)))
    return book.owed(bill, book.preview(bill, on=ahead))[0]


def _accrue_to(book: Book, bill: Bill, *, on: date) -> None:
    for loan in book.loans_under(bill):
        if book.positions[loan.pk].accrued_on < on:
            book.charge(loan, on=on, cause=f"close:{on}")


def _enter_grace(book: Book, bill: Bill, *, is_minimum_met: bool) -> None:
    """Fix the base of the late fee: what is unpaid at the end of the due date (REPAY-13)."""
    bill.charged_at_due_fen = sum(
        book.positions[loan.pk].charged_fen for loan in book.loans_under(bill)
    )
    for row in book.under[bill.pk]:
        part = book.part(row)
        base_fen = part.principal_fen + part.interest_fen + part.plan_fee_fen
        row.late_fee_base_fen = 0 if is_minimum_met else base_fen
        book.touch(book.loans[row.loan_id])


def _charge_late_fee(book: Book, bill: Bill, *, is_debited: bool, on: date) -> bool:
    """Charge the one late fee of the bill when its day has come (REPAY-11, REPAY-13)."""
    if not is_late_fee_due(
        on=on, refused_on=bill.refused_on, charged_on=bill.late_fee_on, is_debited=is_debited
    ):
        return False
    rows = sorted(
        book.under[bill.pk], key=lambda row: (book.loans[row.loan_id].drawn_on, row.loan_id)
    )
    fees_fen = late_fees_fen([row.late_fee_base_fen for row in rows], book.bill_terms(bill))
    due = {row.pk: fee_fen for row, fee_fen in zip(rows, fees_fen, strict=True)}
    before_fen = sum(book.part(row).late_fee_fen for row in rows)
    for loan in book.loans_under(bill):
        book.charge(loan, on=on, cause=f"bill:{bill.pk}", late_fees_fen=due)
    bill.late_fee_on = on
    bill.late_fee_fen = sum(book.part(row).late_fee_fen for row in rows) - before_fen
    return True


def _revolve(book: Book, bill: Bill, *, on: date) -> None:
    """Let the unpaid bullet principal bear 1.5 times its rate from a night on (REPAY-9)."""
    for row in book.under[bill.pk]:
        part = book.part(row)
        if part.accrual == Accrual.OWN:
            book.replace(row, start_segment(part, Accrual.REVOLVING, on=on))
    bill.debit_on = None


def _carry(book: Book, bill: Bill, *, on: date) -> None:
    """Free the small rest for the next bill, at its own rate (REPAY-16)."""
    _accrue_to(book, bill, on=on)
    book.free(bill)
    bill.debit_on = None


def _record_overdue(book: Book, bill: Bill, *, on: date, at: datetime) -> None:
    """Start the penalty on what was due, mark the loans, open a recovery cycle (RATE-5)."""
    _accrue_to(book, bill, on=on)
    for row in book.under[bill.pk]:
        book.replace(row, start_segment(book.part(row), Accrual.PENALTY, on=on))
    active = [loan for loan in book.loans_under(bill) if loan.state == LoanState.ACTIVE]
    workflow.move(active, "record_overdue", by=BY, reason=_REASONS[Move.RECORD_OVERDUE],
                  at=at, on=on)  # fmt: skip
    cycle = cycles.Cycle(bill.cycle, bill.cycle_on, bill.refusals)
    bill.cycle, bill.cycle_on, bill.refusals = cycles.after_classification(
        cycle, on=on, terms=book.bill_terms(bill)
    )
    bill.tries, bill.debit_on = 0, bill.cycle_on


def _tell_risk(bills: Sequence[Bill], *, on: date, at: datetime) -> None:
    """Report the bills that closed today, and stop drawdowns of those in arrears (REPAY-18)."""
    outcomes = (BillState.MIN_PAID, BillState.CARRIED, BillState.OVERDUE)
    conduct.record([report(b, b.state) for b in bills if b.state in outcomes], at=at)
    overdue = [bill.customer_id for bill in bills if bill.overdue_on == on]
    lines.suspend(overdue, by=BY, reason=_REASONS[Move.RECORD_OVERDUE], at=at)


def report(bill: Bill, outcome: str) -> conduct.Report:
    """Return a bill as risk is told of it."""
    return conduct.Report(
        bill.customer_id,
        f"bill:{bill.id}",
        bill.due_on,
        bill.total_fen,
        bill.minimum_fen,
        bill.paid_fen,
        outcome,
    )


@transaction.atomic
def accrue_night(*, on: date, at: datetime) -> int:
    """Book the night before ``on`` for the whole book as one transfer; return its fen.

    It brings ``accrued_unposted`` to the closed form over all open segments, whatever was posted
    to loans since the last night; income goes back where an earlier value date has taken away more
    than the night brings. Nothing is booked when it stands there already.
    """
    stands = unposted(on=on)
    night_fen = stands.closed_form_fen - stands.ledger_fen
    debit, credit = Account.ACCRUED_UNPOSTED, Account.ACCRUAL_INCOME
    if night_fen < 0:
        debit, credit = credit, debit
    ledger.post(
        [Entry(on - timedelta(days=1), debit, credit, abs(night_fen), TransferKind.NIGHT,
               f"night:{on - timedelta(days=1)}", None, None)],
        at=at,
    )  # fmt: skip
    return night_fen
