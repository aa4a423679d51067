"""The 00:05 batch: late fees, grace, small balances, overdue records, penalty from then on (GEN-8).

``close`` decides on a batch of unpaid bills as of 00:00 of the day; ``accrue_night`` posts the
night of all loans as one transfer.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from backoffice.core import bulk
from loans.accounting.operations import ledger, postings
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.queries.unposted import unposted
from loans.accounting.rules.codes import COLLECTED_STATES, BillMove, BillState, ChargeKind
from loans.accounting.rules.engine import RunResult
from loans.accounting.rules.position import BillPosition
from loans.accounting.rules.reasons import LoanReason
from loans.delinquency.rules.end_of_day import EndOfDay
from loans.models import Mandate, MandateState, RepaymentReversal
from risk.conduct import operations as conduct
from risk.lines import operations as lines
from risk.models import Conduct

_REPORTED = (BillState.MIN_PAID, BillState.CARRIED, BillState.OVERDUE)


@transaction.atomic
def close(bill_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Close the day before ``on`` for these bills; return how many were moved or charged a fee.

    A bill that this day has nothing for is left as it is, so that running it again is harmless.
    """
    batch = LoanBatch.lock(bill_ids)
    bills = batch.position.bills
    mandates = customers_with_mandate(batch.bills[bill_id].customer_id for bill_id in bills)
    result = batch.run(
        EndOfDay(bill_id, on, batch.bills[bill_id].customer_id in mandates)
        for bill_id, bill in bills.items()
        if bill.state in COLLECTED_STATES
    )
    batch.write(by=by, at=at)
    report_closed(batch, bills.keys(), by=by, on=on, at=at)
    return len(_touched(result))


def _touched(result: RunResult) -> set[int]:
    """Return the bills that the day moved or charged a late fee."""
    moved = {one.id for one in result.decisions if isinstance(one.move, BillMove)}
    charged = {one.cause.id for one in result.charges if one.kind == ChargeKind.LATE_FEE}
    return moved | charged


def customers_with_mandate(customer_ids: Iterable[int]) -> set[int]:
    """Return which of these customers have a live mandate."""
    customer_ids = set(customer_ids)
    if not customer_ids:
        return customer_ids
    live = Mandate.objects.filter(customer_id__any=bulk.Of(customer_ids), state=MandateState.SIGNED)
    return {customer_id for (customer_id,) in bulk.rows(live, "customer_id")}


def missed_days(bill: BillPosition, *, through: date, has_mandate: bool) -> Iterator[EndOfDay]:
    """Return the days up to ``through`` that the 00:05 batch has not closed yet for a bill.

    A payment of a day does not undo what the day's close had to decide first (GEN-8).
    """
    if bill.state not in (BillState.BILLED, BillState.GRACE):
        return
    day = max(bill.closed_through or bill.due_on, bill.due_on) + timedelta(days=1)
    while day <= through:
        yield EndOfDay(bill.id, day, has_mandate)
        day += timedelta(days=1)


def report_closed(
    batch: LoanBatch, bill_ids: Iterable[int], *, by: str, on: date, at: datetime
) -> None:
    """Report the bills that ended, and stop drawdowns of those overdue since ``on`` (REPAY-18)."""
    bills = [batch.position.bills[bill_id] for bill_id in bill_ids]
    ended = [(bill, bill.state) for bill in bills if bill.state in _REPORTED]
    conduct.record(reports(batch, ended), at=at)
    overdue = [batch.bills[bill.id].customer_id for bill in bills if bill.overdue_on == on]
    lines.suspend(overdue, by=by, reason=LoanReason.GRACE_OVER, at=at)


def reports(
    batch: LoanBatch, ended: Sequence[tuple[BillPosition, str]]
) -> list[conduct.ConductReport]:
    """Return bills with their outcomes as the payment history stores them.

    One that was reported before keeps its report, unless a reversal has opened it again.
    """
    customers = {batch.bills[bill.id].customer_id for bill, _outcome in ended}
    if not customers:
        return []
    reversed_ = RepaymentReversal.objects.filter(customer_id__any=bulk.Of(customers))
    opened = {customer_id for (customer_id,) in bulk.rows(reversed_, "customer_id")}
    found = (
        further_report(batch, bill, outcome)
        if batch.bills[bill.id].customer_id in opened
        else report(batch, bill, outcome)
        for bill, outcome in ended
    )
    return [one for one in found if one is not None]


def further_report(
    batch: LoanBatch, bill: BillPosition, outcome: str
) -> conduct.ConductReport | None:
    """Return the next report of a bill, or None where its last one has this outcome already."""
    of_bill = Conduct.objects.filter(customer=batch.bills[bill.id].customer_id, due_on=bill.due_on)
    last = of_bill.order_by("pk").last()
    found = report(batch, bill, outcome)
    if last is None:
        return found
    if last.outcome == outcome:
        return None
    before = Conduct.objects.filter(source__startswith=f"{found.source}:").count()
    return found._replace(source=f"{found.source}:{before + 2}")


def report(batch: LoanBatch, bill: BillPosition, outcome: str) -> conduct.ConductReport:
    """Return a bill as the payment history of its customer stores it."""
    record = batch.bills[bill.id]
    return conduct.ConductReport(
        record.customer_id,
        f"bill:{bill.id}",
        bill.due_on,
        record.total_fen,
        bill.minimum_fen,
        bill.paid_fen,
        outcome,
        bill.paid_on,
    )


@transaction.atomic
def accrue_night(*, on: date, at: datetime) -> int:
    """Post the night before ``on`` for all loans as one transfer; return its fen.

    It brings ``accrued_unposted`` to the closed form over all open segments, whatever was posted
    to loans since the last night; income goes back where an earlier value date has taken away more
    than the night brings. Nothing is booked when it is there already.
    """
    found = unposted(on=on)
    night_fen = found.closed_form_fen - found.ledger_fen
    ledger.post([postings.night(night_fen, on=on - timedelta(days=1))], at=at)
    return night_fen
