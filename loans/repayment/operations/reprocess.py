"""Money whose value date lies before what was already posted: reverse and replay (GEN-9).

The loans of the bill are taken back to where they stood when it was issued, and every payment and
every close since then is lived through again, in the order of the value dates, by the same
functions as the first time. What differs in the ledger is reversed by transfers that name what
they reverse; what does not differ is left alone. Only this bill's loans are touched.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from backoffice.core import clock, workflow
from loans.accounting.operations.batch import Book
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries.snapshots import to_position
from loans.accounting.rules.allocation import Owed
from loans.accounting.rules.position import Position
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import is_counted
from loans.delinquency.operations import end_of_day
from loans.models import (
    Bill,
    BillState,
    DebitMode,
    DebitOrder,
    DebitOrderState,
    LoanState,
    Mandate,
    Opening,
    Origin,
    Repayment,
    RepaymentAllocation,
    TransferKind,
    UnappliedFunds,
)
from loans.models.bill import COLLECTED_STATES
from loans.repayment.operations import repayments
from loans.repayment.operations.repayments import (
    Allocation,
    Payment,
    Receipt,
)
from risk.conduct import operations as conduct
from risk.lines import operations as lines
from risk.models import Conduct

BY = gettext_noop("replay")
REASON = "an earlier value date"

_FIELDS = (
    *end_of_day.BILL_FIELDS, "paid_fen", "last_paid_on", "rest_fen", "paid_on", "refused_on",
)  # fmt: skip
_CYCLE_FIELDS = ("cycle", "cycle_on", "refusals", "tries", "debit_on")


class Before(NamedTuple):
    """What is compared after the replay."""

    state: str
    overdue_on: date | None
    cycle: dict[str, object]
    principal_fen: dict[int, int]
    booked: Counter[Entry]


def is_late(book: Book, payment: Payment) -> bool:
    """Say whether a later day was already closed or charged without the payment."""
    bill = book.bills[payment.bill_id]
    if book.is_bare(bill):
        return False
    if bill.closed_on is not None and payment.value_on < bill.closed_on:
        return True
    return any(
        payment.value_on < book.positions[loan.pk].accrued_on for loan in book.loans_under(bill)
    )


def replay(receipt: Receipt, bill: Bill, *, on: date) -> None:
    """Live a bill through again from its issue to ``on``, its stored repayments by value date.

    The repayments are in the database already; their allocations, what waits of them, the charges
    and the states follow from the replay.
    """
    book = receipt.book
    book.take_back(bill)
    kept = book.take_entries()
    before = _before(book, bill, kept)
    _rewind(book, bill, receipt)
    lived = Receipt(book, receipt.at)
    _live(lived, bill, on=on)
    wanted = Counter[Entry]()
    for entry in book.take_entries():
        wanted[entry._replace(amount_fen=0)] += entry.amount_fen
    book.enter([*kept, *_corrections(before.booked, wanted)])
    _restore_cycle(bill, before)
    workflow.save([bill], *_FIELDS)
    receipt.allocations += _revised(bill, lived.allocations)
    _revise_unapplied(receipt, bill, lived)
    receipt.restorations += [
        lines.Restoration(book.loans[loan_id].line_id, before_fen - after_fen)
        for loan_id, before_fen in before.principal_fen.items()
        if (after_fen := book.positions[loan_id].principal_fen) != before_fen
    ]
    _tell_risk(book, bill, before, receipt)


def _before(book: Book, bill: Bill, kept: Sequence[Entry]) -> Before:
    loans = book.loans_under(bill)
    booked = _booked([loan.pk for loan in loans], bill)
    for entry in kept:  # days that were caught up just now: posted with the rest of the book
        if entry.loan_id in {loan.pk for loan in loans}:
            booked[entry._replace(amount_fen=0)] += entry.amount_fen
    return Before(
        bill.state,
        bill.overdue_on,
        {name: getattr(bill, name) for name in _CYCLE_FIELDS},
        {loan.pk: book.positions[loan.pk].principal_fen for loan in loans},
        booked,
    )


def _booked(loan_ids: Sequence[int], bill: Bill) -> Counter[Entry]:
    """Return what stands in the ledger since the bill's issue, reversals taken off."""
    booked: Counter[Entry] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_date, debit_account, credit_account, amount_fen, kind, cause, "
            "loan_id, customer_id FROM loans_transfer WHERE kind <> 'opening' AND "
            "(loan_id = ANY(%s) OR (loan_id IS NULL AND customer_id = %s AND cause = ANY(%s)))",
            [list(loan_ids), bill.customer_id, _causes(bill)],
        )
        for row in cursor.fetchall():
            entry = Entry(*row)
            if entry.kind != TransferKind.REVERSAL:
                booked[entry._replace(amount_fen=0)] += entry.amount_fen
                continue
            kind, cause = entry.cause.split("|", 1)
            reversed_ = entry._replace(
                debit=entry.credit, credit=entry.debit, kind=kind, cause=cause, amount_fen=0
            )
            booked[reversed_] -= entry.amount_fen
    return booked


def _causes(bill: Bill) -> list[str]:
    """Return the causes of the bill's money that waits without a loan, reversed ones included."""
    ids = Repayment.objects.filter(bill=bill).values_list("pk", flat=True)
    causes = [f"repayment:{repayment_id}" for repayment_id in ids]
    return causes + [f"{TransferKind.UNAPPLIED}|{cause}" for cause in causes]


def _rewind(book: Book, bill: Bill, receipt: Receipt) -> None:
    """Take the bill and its loans back to the issue of the bill."""
    openings = {opening.loan_id: opening for opening in Opening.objects.filter(bill=bill)}
    for loan in book.loans_under(bill):
        book.rewind(loan, to_position(openings[loan.pk], rate_ppm=loan.daily_rate_ppm))
        back = {LoanState.OVERDUE: "cure", LoanState.SETTLED: "reopen"}.get(loan.state)
        if back:
            workflow.move([loan], back, by=BY, reason=REASON, at=receipt.at)
            workflow.save([loan], "overdue_on", "closed_on")
    for row in book.under[bill.pk]:
        row.late_fee_base_fen = 0
    if bill.state != BillState.BILLED:
        workflow.move([bill], "reopen", by=BY, reason=REASON, at=receipt.at)
    bill.paid_fen = bill.late_fee_fen = bill.charged_at_due_fen = 0
    bill.last_paid_on = bill.rest_fen = bill.late_fee_on = bill.refused_on = None
    bill.closed_on = None
    workflow.save([bill], *_FIELDS)


def _live(lived: Receipt, bill: Bill, *, on: date) -> None:
    """Close each day and apply each payment again, in the order of the value dates."""
    book = lived.book
    mandates = list(Mandate.objects.filter(customer=bill.customer_id))
    refused, first = _refused(bill), _first_cycle(bill)
    arrivals = _payments(bill)
    start = max(position.accrued_on for position in _positions(book, bill))
    for today in _days(min([start, *(payment.value_on for payment in arrivals)]), on):
        bill.refusals = cycles.counted_refusals(*first, before=today)
        bill.refused_on = min((day for day in refused if day < today), default=None)
        if today > bill.due_on and bill.state in COLLECTED_STATES:
            midnight = clock.moment_of(today, time())
            is_debited = bill.mode != DebitMode.OFF and any(
                one.signed_at < midnight
                and (one.terminated_at is None or one.terminated_at >= midnight)
                for one in mandates
            )
            end_of_day.close_bill(book, bill, is_debited=is_debited, on=today, at=lived.at)
        for payment in (one for one in arrivals if one.value_on == today):
            repayments.apply(lived, payment)
            repayments.close_paid(book, [bill], at=lived.at)
        workflow.save([bill], *_FIELDS)
    bill.refused_on = min(refused, default=None)


def _positions(book: Book, bill: Bill) -> Iterator[Position]:
    return (book.positions[loan.pk] for loan in book.loans_under(bill))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _refused(bill: Bill) -> list[date]:
    """Return the days of the counted refusals, of every cycle."""
    return [order.business_date for order in _debits(bill) if _is_refused(order)]


def _first_cycle(bill: Bill) -> tuple[list[cycles.End], list[cycles.End]]:
    """Return when the debits of the first cycle were refused and when they succeeded."""
    refused, succeeded = [], []
    for order in _debits(bill).filter(cycle=1).select_related("repayment"):
        if _is_refused(order):
            refused.append(cycles.End(order.business_date, order.pk))
        elif order.state == DebitOrderState.SUCCEEDED:
            succeeded.append(cycles.End(order.repayment.value_on, order.pk))
    return refused, succeeded


def _debits(bill: Bill) -> QuerySet[DebitOrder]:
    return DebitOrder.objects.filter(bill=bill, origin=Origin.AUTO).order_by("pk")


def _is_refused(order: DebitOrder) -> bool:
    return order.state == DebitOrderState.FAILED and is_counted(order.code)


def _payments(bill: Bill) -> list[Payment]:
    rows = Repayment.objects.filter(bill=bill).order_by("value_on", "pk")
    return [Payment(row.pk, bill.pk, row.amount_fen, row.value_on) for row in rows]


def _corrections(booked: Counter[Entry], wanted: Counter[Entry]) -> Iterator[Entry]:
    """Return the transfers that turn what is booked into what is wanted."""
    for entry in booked.keys() | wanted.keys():
        more_fen = wanted[entry] - booked[entry]
        if more_fen > 0:
            yield entry._replace(amount_fen=more_fen)
        elif more_fen < 0:
            yield entry._replace(
                debit=entry.credit,
                credit=entry.debit,
                amount_fen=-more_fen,
                kind=TransferKind.REVERSAL,
                cause=f"{entry.kind}|{entry.cause}",
            )


def _restore_cycle(bill: Bill, before: Before) -> None:
    """Let the debit cycle go on where it was, unless the bill is out of it now."""
    if bill.state == BillState.OVERDUE and bill.overdue_on != before.overdue_on:
        bill.cycle = max(bill.cycle, int(str(before.cycle["cycle"])) + 1)
    elif bill.state in (BillState.BILLED, BillState.GRACE, BillState.OVERDUE):
        for name, value in before.cycle.items():
            setattr(bill, name, value)


def _revised(bill: Bill, lived: Sequence[Allocation]) -> Iterator[Allocation]:
    """Return the allocations of repayments that now go elsewhere, under their next revision."""
    stored: dict[int, dict[int, dict[int, tuple[int, ...]]]] = {}
    for row in RepaymentAllocation.objects.filter(repayment__bill=bill):
        paid = (row.penalty_fen, row.late_fee_fen, row.interest_fen, row.plan_fee_fen,
                row.principal_fen)  # fmt: skip
        stored.setdefault(row.repayment_id, {}).setdefault(row.revision, {})[row.instalment_id] = (
            paid
        )
    for repayment_id in {one.repayment_id for one in lived} | stored.keys():
        new = [one for one in lived if one.repayment_id == repayment_id]
        revisions = stored.get(repayment_id, {})
        last = max(revisions, default=0)
        if {one.instalment_id: tuple(one.paid) for one in new} == revisions.get(last, {}):
            continue
        yield from _superseding(new, revisions.get(last, {}), bill, repayment_id, last + 1)


def _superseding(
    new: Sequence[Allocation],
    old: dict[int, tuple[int, ...]],
    bill: Bill,
    repayment_id: int,
    revision: int,
) -> Iterator[Allocation]:
    """Return the new allocations; an instalment that gets nothing any more is said so."""
    for one in new:
        yield one._replace(revision=revision)
    loans = dict(bill.instalments.values_list("pk", "loan_id"))
    for instalment_id in old.keys() - {one.instalment_id for one in new}:
        nothing = Owed(0, 0, 0, 0, 0)
        yield Allocation(repayment_id, loans[instalment_id], instalment_id, nothing, revision)


def _revise_unapplied(receipt: Receipt, bill: Bill, lived: Receipt) -> None:
    """Let what waits of each repayment be what the replay left over."""
    left = {one.repayment_id: one for one in lived.unapplied}
    waiting = {row.repayment_id: row for row in UnappliedFunds.objects.filter(repayment__bill=bill)}
    for repayment_id in left.keys() - waiting.keys():
        receipt.unapplied.append(left[repayment_id])
    for repayment_id, row in waiting.items():
        if repayment_id not in left:
            row.delete()
        elif row.amount_fen != left[repayment_id].amount_fen:
            row.amount_fen = left[repayment_id].amount_fen
            row.save(update_fields=["amount_fen"])


def _tell_risk(book: Book, bill: Bill, before: Before, receipt: Receipt) -> None:
    """Report how the bill ends now, and give the line back if the overdue record is gone."""
    outcome = BillState.OVERDUE if bill.overdue_on else bill.state
    told = Conduct.objects.filter(source__startswith=f"bill:{bill.pk}:").count()
    last = (
        Conduct.objects.filter(customer=bill.customer_id, due_on=bill.due_on).order_by("pk").last()
    )
    if outcome in (BillState.PAID, BillState.MIN_PAID, BillState.CARRIED, BillState.OVERDUE) and (
        last is None or last.outcome != outcome
    ):
        report = end_of_day.report(bill, outcome)
        source = report.source if last is None else f"{report.source}:{told + 2}"
        conduct.record([report._replace(source=source)], at=receipt.at)
    is_cured = before.state == BillState.OVERDUE and bill.state == BillState.PAID
    if is_cured or (before.overdue_on and not bill.overdue_on):
        repayments.resume_lines(book, [bill], by=BY, reason=REASON, at=receipt.at)
