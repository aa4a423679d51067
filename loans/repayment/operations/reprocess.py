"""Money whose value date lies before what was already posted: reverse and reprocess (GEN-9).

The loans of the bill go back to where they stood when it was issued, and every payment and every
end of day since then goes through the engine again, in the order of the value dates. What differs
in charges, ledger and allocations is corrected by facts that name what they reverse; what does not
differ is left alone. Only this bill's loans are touched.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from backoffice.core import clock
from loans.accounting.operations import corrections
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.queries.snapshots import reset_to
from loans.accounting.rules.codes import COLLECTED_STATES, BillMove, BillState, LoanMove, LoanState
from loans.accounting.rules.engine import Decision, Event
from loans.accounting.rules.position import BillPosition, LoanPosition, Position
from loans.accounting.rules.reasons import LoanReason
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
    """A bill that was reprocessed, as it was before."""

    bill_id: int
    before: BillPosition


def rerun(batch: LoanBatch, bill_id: int, *, arrived: Sequence[Payment], on: date) -> Rerun:
    """Run a bill again from its issue to ``on``, with all its repayments; ``arrived`` are new ones.

    The repayments are stored already; allocations, surpluses, charges and states follow from the
    run, and the batch receives what corrects the facts of the earlier one.
    """
    before = batch.position.bills[bill_id]
    position, decisions = _as_issued(batch, bill_id, on=min(one.on for one in arrived))
    result = batch.rerun(position, _events(position, bill_id, on=on), decisions)
    after = batch.position.bills[bill_id]
    batch.change_bill(bill_id, refused_on=_first_refused_on(bill_id))
    _restore_cycle(batch, before, after)
    corrections.add(batch, bill_id, result, since={
        loan_id: loan.accrued_on for loan_id, loan in position.loans.items()
    })  # fmt: skip
    return Rerun(bill_id, before)


def _as_issued(batch: LoanBatch, bill_id: int, *, on: date) -> tuple[Position, list[Decision]]:
    """Return the bill and its loans as they were at its issue, and the moves that lead back."""
    bill = batch.position.bills[bill_id]
    rows = bill.rows or batch.detached.get(bill_id, ())
    snapshots = {one.loan_id: one for one in BillSnapshot.objects.filter(bill=bill_id)}
    loans: dict[int, LoanPosition] = {}
    decisions = []
    for loan_id in batch.loan_ids_of(rows):
        loan = reset_to(snapshots[loan_id], batch.position.loans[loan_id])
        move = {LoanState.OVERDUE: LoanMove.CURE, LoanState.SETTLED: LoanMove.REOPEN}.get(
            LoanState(loan.state)
        )
        if move is not None:
            decisions.append(Decision(move, loan_id, on, LoanReason.EARLIER_VALUE_DATE))
            loan = loan._replace(state=LoanState.ACTIVE, overdue_on=None, ended_on=None)
        loans[loan_id] = loan
    for loan_id, index in rows:
        part = loans[loan_id].parts[index]._replace(bill_id=bill_id, late_fee_base_fen=0)
        loans[loan_id] = loans[loan_id].with_part(index, part)
    if bill.state != BillState.BILLED:
        decisions.append(Decision(BillMove.REOPEN, bill_id, on, LoanReason.EARLIER_VALUE_DATE))
    issued = bill._replace(
        state=BillState.BILLED,
        rows=rows,
        loan_ids=batch.loan_ids_of(rows),
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
    return Position({bill_id: issued}, loans), decisions


def _events(position: Position, bill_id: int, *, on: date) -> Iterator[Event]:
    """Return the ends of the days and the payments since the issue, in the order they count.

    A day closes with what was known when it began: refused debits, and the mandate of that
    midnight.
    """
    bill = position.bills[bill_id]
    mandates = list(Mandate.objects.filter(customer__bills=bill_id))
    refused = [order.business_date for order in _debits(bill_id) if _is_refused(order)]
    first_cycle = _first_cycle(bill_id)
    payments = [
        Payment(row.pk, bill_id, row.amount_fen, row.value_on)
        for row in Repayment.objects.filter(bill=bill_id).order_by("value_on", "pk")
    ]
    start = max(loan.accrued_on for loan in position.loans.values())
    for today in _days(min([start, *(payment.on for payment in payments)]), on):
        if today > bill.due_on:
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
            yield EndOfDay(bill_id, today, has_mandate, refusals)
        yield from (payment for payment in payments if payment.on == today)


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
    """Report how the bill ends now, and let the line resume if the overdue record is gone."""
    before, bill = rerun.before, batch.position.bills[rerun.bill_id]
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
