"""Money whose value date lies before what was already posted: reverse and reprocess (GEN-9).

The loans of the bill go back to where they stood when it was issued, and every payment, every end
of day and every later bill that contains them goes through the engine again, in the order of the
value dates. What differs in charges, ledger and allocations is corrected by facts that name what
they reverse; what does not differ is left alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from backoffice.core import clock
from loans.accounting.operations import corrections
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.queries import snapshots
from loans.accounting.queries.snapshots import reset_to
from loans.accounting.rules.codes import COLLECTED_STATES, BillMove, BillState, LoanMove, LoanState
from loans.accounting.rules.engine import Decision, Event
from loans.accounting.rules.position import BillPosition, LoanPosition, Position
from loans.accounting.rules.reasons import LoanReason
from loans.billing.queries.customers import earlier_bills
from loans.billing.rules.issue import Issue
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import is_counted
from loans.delinquency.operations import end_of_day
from loans.delinquency.rules.end_of_day import EndOfDay, Refusals
from loans.models import BillSnapshot, DebitOrder, DebitOrderState, Mandate, Origin, Repayment
from loans.repayment.operations import lines
from loans.repayment.rules import Payment
from risk.conduct import operations as conduct
from risk.models import Conduct


class Rerun(NamedTuple):
    """Bills that were reprocessed, as they were before, the oldest first."""

    before: tuple[BillPosition, ...]


class _Start(NamedTuple):
    """Where a run begins: the position, the moves that lead back to it, the bills by due date."""

    position: Position
    decisions: list[Decision]
    bill_ids: tuple[int, ...]


def rerun(batch: LoanBatch, bill_id: int, *, arrived: Sequence[Payment], on: date) -> Rerun:
    """Run a bill again from its issue to ``on``, with all its repayments; ``arrived`` are new ones.

    With it runs every later bill that contains its loans, and an earlier one that was still open
    when it was issued: the batch has locked the bills of the customer (``bills_to_lock``). The
    repayments are stored already; allocations, surpluses, charges and states follow from the run,
    and the batch receives what corrects the facts of the earlier one.
    """
    start = _as_issued(batch, bill_id, on=min(one.on for one in arrived))
    before = tuple(batch.position.bills[one] for one in start.bill_ids)
    result = batch.rerun(start.position, _events(start, on=on), start.decisions)
    for bill in before:
        after = batch.change_bill(bill.id, refused_on=_first_refused_on(bill.id))
        _restore_cycle(batch, bill, after)
    corrections.add(batch, start.bill_ids, result, since={
        loan_id: loan.accrued_on for loan_id, loan in start.position.loans.items()
    })  # fmt: skip
    return Rerun(before)


def _as_issued(batch: LoanBatch, bill_id: int, *, on: date) -> _Start:
    """Return the bills to run as they were when the oldest of them was issued."""
    customer_id = batch.bills[bill_id].customer_id
    known = snapshots.latest(
        [one.id for one in batch.bills.values() if one.customer_id == customer_id]
    )
    bills = _bills_to_run(batch, bill_id, known)
    rows_of = {
        bill.id: tuple(
            row
            for (owner, _loan_id), snapshot in sorted(known.items())
            if owner == bill.id
            for row in snapshots.billed_rows(snapshot)
        )
        for bill in bills
    }
    loans, decisions = _loans_as_issued(batch, bills, known, on=on)
    oldest = bills[0]
    for loan_id, index in {row for rows in rows_of.values() for row in rows}:
        # The others come under their bills when these are issued.
        under = oldest.id if (loan_id, index) in rows_of[oldest.id] else None
        part = loans[loan_id].parts[index]._replace(bill_id=under, late_fee_base_fen=0)
        loans[loan_id] = loans[loan_id].with_part(index, part)
    issued: dict[int, BillPosition] = {}
    for bill in bills:
        if bill.state != BillState.BILLED:
            decisions.append(Decision(BillMove.REOPEN, bill.id, on, LoanReason.EARLIER_VALUE_DATE))
        rows = rows_of[bill.id] if bill is oldest else ()
        issued[bill.id] = bill._replace(
            state=BillState.BILLED,
            rows=rows,
            loan_ids=batch.loan_ids_of(rows),
            terms_id=batch.loan_ids_of(rows_of[bill.id])[0],
            billed_rows=rows_of[bill.id],
            paid_fen=0,
            last_paid_on=None,
            shortfall_fen=None,
            late_fee_fen=0,
            late_fee_on=None,
            charged_at_due_fen=0,
            refused_on=None,
            closed_through=None,
            overdue_on=None,
            paid_on=None,
        )
    return _Start(Position(issued, loans), decisions, tuple(bill.id for bill in bills))


def _loans_as_issued(
    batch: LoanBatch,
    bills: Sequence[BillPosition],
    known: Mapping[tuple[int, int], BillSnapshot],
    *,
    on: date,
) -> tuple[dict[int, LoanPosition], list[Decision]]:
    """Return each loan as it was at the issue of the oldest bill with it, and what leads back."""
    loans: dict[int, LoanPosition] = {}
    decisions = []
    for bill in bills:
        for (owner, loan_id), snapshot in known.items():
            if owner != bill.id or loan_id in loans:
                continue
            loan = reset_to(snapshot, batch.position.loans[loan_id])
            move = {LoanState.OVERDUE: LoanMove.CURE, LoanState.SETTLED: LoanMove.REOPEN}.get(
                LoanState(loan.state)
            )
            if move is not None:
                decisions.append(Decision(move, loan_id, on, LoanReason.EARLIER_VALUE_DATE))
                loan = loan._replace(state=LoanState.ACTIVE, overdue_on=None, ended_on=None)
            loans[loan_id] = loan
    return loans, decisions


def _bills_to_run(
    batch: LoanBatch, bill_id: int, known: Mapping[tuple[int, int], BillSnapshot]
) -> list[BillPosition]:
    """Return the bill, and those that its loans connect it with, by due date.

    Later ones contain what it left, or print what was past due then. An earlier one that had
    closed before the oldest of them was issued is in their snapshots already.
    """
    loans_of: dict[int, set[int]] = defaultdict(set)
    for owner, loan_id in known:
        loans_of[owner].add(loan_id)
    bills = batch.position.bills
    run = {bill_id}
    while True:
        loan_ids = set().union(*(loans_of[one] for one in run))
        oldest = min((bills[one] for one in run), key=lambda bill: bill.due_on)
        is_past_due_printed = any(bills[one].past_due_fen for one in run)
        more = {
            one
            for one in loans_of.keys() - run
            if (loan_ids & loans_of[one] or bills[one].past_due_fen or is_past_due_printed)
            and (bills[one].due_on > oldest.due_on or _was_open(bills[one], on=oldest.billed_on))
        }
        if not more:
            return sorted((bills[one] for one in run), key=lambda bill: bill.due_on)
        run |= more


def _was_open(bill: BillPosition, *, on: date) -> bool:
    """Say whether a bill still asked for money when a day began."""
    if bill.state in COLLECTED_STATES:
        return True
    ended_on = bill.paid_on or bill.closed_through
    return ended_on is not None and ended_on >= on


def _events(start: _Start, *, on: date) -> Iterator[Event]:
    """Return what happened since the issue, in the order it counts (GEN-8).

    On each day the ends of the bills' days, the bills issued, and the payments. A day closes with
    what was known when it began: refused debits, and the mandate of that midnight.
    """
    bills = [start.position.bills[bill_id] for bill_id in start.bill_ids]
    oldest, *later = bills
    ends = [_ends_of_days(bill) for bill in bills]
    issues = [
        Issue(bill.id, bill.billed_on, earlier_bills(bill.id, before=bill.due_on)) for bill in later
    ]
    payments = [
        Payment(row.pk, row.bill_id, row.amount_fen, row.value_on)
        for row in Repayment.objects.filter(bill__in=start.bill_ids).order_by("value_on", "pk")
    ]
    with_plans = {
        bill.id
        for bill in bills
        if any(not start.position.loans[row.loan_id].is_bullet for row in bill.billed_rows)
    }
    accrued_on = max(start.position.loans[loan_id].accrued_on for loan_id in oldest.loan_ids)
    first = min([accrued_on, *(one.on for one in payments), *(one.on for one in issues)])
    for today in _days(first, on):
        for bill, end_of in zip(bills, ends, strict=True):
            if today > bill.due_on or (today == bill.due_on and bill.id in with_plans):
                yield end_of(today)
        yield from (issue for issue in issues if issue.on == today)
        yield from (payment for payment in payments if payment.on == today)


def _ends_of_days(bill: BillPosition) -> Callable[[date], EndOfDay]:
    """Return what makes the end of a day of a bill, as it was known when that day began."""
    mandates = list(Mandate.objects.filter(customer__bills=bill.id))
    refused = [order.business_date for order in _debits(bill.id) if _is_refused(order)]
    first_cycle = _first_cycle(bill.id)

    def end_of(today: date) -> EndOfDay:
        midnight = clock.moment_of(today, time())
        has_mandate = any(
            one.signed_at < midnight
            and (one.terminated_at is None or one.terminated_at >= midnight)
            for one in mandates
        )
        refusals = Refusals(
            cycles.counted_refusals(*first_cycle, before=today),
            min((day for day in refused if day < today), default=None),
        )
        return EndOfDay(bill.id, today, has_mandate, refusals)

    return end_of


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _first_refused_on(bill_id: int) -> date | None:
    days = (order.business_date for order in _debits(bill_id) if _is_refused(order))
    return min(days, default=None)


def _first_cycle(bill_id: int) -> tuple[list[cycles.OrderEnd], list[cycles.OrderEnd]]:
    """Return when the debits of the first cycle were refused and when they succeeded."""
    refused, succeeded = [], []
    for order in _debits(bill_id).filter(cycle=1).select_related("repayment"):
        if _is_refused(order):
            refused.append(cycles.OrderEnd(order.business_date, order.pk))
        elif order.state == DebitOrderState.SUCCEEDED:
            succeeded.append(cycles.OrderEnd(order.repayment.value_on, order.pk))
    return refused, succeeded


def _debits(bill_id: int) -> QuerySet[DebitOrder]:
    return DebitOrder.objects.filter(bill=bill_id, origin=Origin.AUTO).order_by("pk")


def _is_refused(order: DebitOrder) -> bool:
    return order.state == DebitOrderState.FAILED and is_counted(order.code)


def _restore_cycle(batch: LoanBatch, before: BillPosition, after: BillPosition) -> None:
    """Let the debit cycle go on where it was, unless the bill is out of it now."""
    if after.state == BillState.OVERDUE and after.overdue_on != before.overdue_on:
        batch.change_bill(after.id, cycle=max(after.cycle, before.cycle + 1))
    elif after.state in COLLECTED_STATES:
        batch.change_bill(
            after.id,
            cycle=before.cycle,
            cycle_on=before.cycle_on,
            refusals=before.refusals,
            tries=before.tries,
            debit_on=before.debit_on,
        )


def report(batch: LoanBatch, rerun: Rerun, *, by: str, on: date, at: datetime) -> None:
    """Report how the bills end now, and let the line resume if an overdue record is gone."""
    for before in rerun.before:
        _report(batch, before, by=by, on=on, at=at)


def _report(batch: LoanBatch, before: BillPosition, *, by: str, on: date, at: datetime) -> None:
    bill = batch.position.bills[before.id]
    customer_id = batch.bills[bill.id].customer_id
    outcome = BillState.OVERDUE if bill.overdue_on else bill.state
    reported = Conduct.objects.filter(source__startswith=f"bill:{bill.id}:").count()
    last = Conduct.objects.filter(customer=customer_id, due_on=bill.due_on).order_by("pk").last()
    if outcome in (BillState.PAID, BillState.MIN_PAID, BillState.CARRIED, BillState.OVERDUE) and (
        last is None or last.outcome != outcome
    ):
        found = end_of_day.report(batch, bill, outcome)
        source = found.source if last is None else f"{found.source}:{reported + 2}"
        conduct.record([found._replace(source=source)], at=at)
    is_cured = before.state == BillState.OVERDUE and bill.state == BillState.PAID
    if is_cured or (before.overdue_on and not bill.overdue_on):
        lines.resume([customer_id], by=by, reason=LoanReason.EARLIER_VALUE_DATE, on=on, at=at)
