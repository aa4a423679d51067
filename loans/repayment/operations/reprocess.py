"""Money whose value date lies before what was already posted: reverse and reprocess (GEN-9).

The loans of the bill go back to where they stood when it was issued, and every payment, every end
of day and every later bill that contains them goes through the engine again, in the order of the
value dates. What differs in charges, ledger and allocations is corrected by facts that name what
they reverse; what does not differ is left alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.models import Q

from backoffice.core import clock
from backoffice.core.reasons import Given
from loans.accounting.operations import corrections
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules import engine
from loans.accounting.rules.codes import (
    COLLECTED_STATES,
    BillState,
    OrderPurpose,
)
from loans.accounting.rules.engine import Event
from loans.accounting.rules.outcomes import Surplus
from loans.accounting.rules.position import BillPosition, LoanPosition
from loans.accounting.rules.reasons import LoanReason
from loans.billing.queries.customers import earlier_bills
from loans.billing.rules.issue import Issue
from loans.collection.rules import cycle as cycles
from loans.collection.rules.refusal_codes import is_counted
from loans.contracts.rules.preferred_rate import PreferredRateEnd
from loans.delinquency.operations import end_of_day
from loans.delinquency.rules.end_of_day import EndOfDay, Refusals
from loans.models import DebitOrder, DebitOrderState, Mandate, Origin, Repayment
from loans.models.debit import MANUAL_ORIGINS
from loans.repayment.operations import lines, run_start
from loans.repayment.operations.run_start import RunStart
from loans.repayment.queries import interventions
from loans.repayment.queries.interventions import DueDates, Happened
from loans.repayment.rules import Money, Payment, money_for_loan
from risk.conduct import operations as conduct


class Rerun(NamedTuple):
    """Bills that were reprocessed, as they were before, the oldest first."""

    before: tuple[BillPosition, ...]


def rerun(batch: LoanBatch, arrived: Sequence[Money], *, on: date, reason: Given) -> Rerun:
    """Run the bills and loans of a customer again up to ``on``; ``arrived`` is the money for them.

    ``reason`` explains in the history of what was closed why it is open again.

    A bill runs from its issue. With it runs every later bill of the customer, which contains what
    it left or prints what was past due, and an earlier one that was still open when it was issued:
    the batch has locked the bills of the customer (``bills_to_lock``). A loan runs from the issue
    of the last bill with it before its money came, or from its drawdown. The repayments are stored
    already; allocations, surpluses, charges and states follow from the run, and the batch receives
    what corrects the facts of the earlier one.
    """
    start = run_start.as_issued(batch, arrived)
    before = tuple(batch.position.bills[one] for one in start.bill_ids)
    repayments = repayments_of(start)
    decided = interventions.of(start.bill_ids, start.position.loans.keys())
    # Of a day they count in the order in which they became known.
    happened = sorted([*repayments, *decided], key=lambda one: (one.on, one.at))
    events = events_of(start, happened=happened, on=on)
    reopened = [one._replace(reason=reason) for one in start.decisions]
    result = batch.rerun(start.position, events, reopened)
    debits = _debits(start.bill_ids)
    for bill in before:
        after = batch.change_bill(
            bill.id, refused_on=_first_refused_on(debits[bill.id], start.due_dates[bill.id])
        )
        _restore_cycle(batch, bill, after)
    corrections.add(
        batch,
        # One that is reversed is not in the run.
        {one.event.repayment_id: one.on for one in repayments}
        | {one.repayment_id: one.on for one in arrived},
        result,
        since={loan_id: loan.accrued_on for loan_id, loan in start.position.loans.items()},
        waivers=interventions.waivers_among(decided),
    )
    return Rerun(before)


class RepaymentEffect(NamedTuple):
    """What a change of repayments leads to: bills and loans before and after, what is left over."""

    bills: tuple[tuple[BillPosition, BillPosition], ...]
    loans: Mapping[int, tuple[LoanPosition, LoanPosition]]
    surpluses: tuple[Surplus, ...]


def preview(batch: LoanBatch, money: Money, *, on: date, is_new: bool) -> RepaymentEffect:
    """Return what bills and loans would come to with money that is new, or without what is there.

    Nothing is kept: it is shown to people before they decide.
    """
    start = run_start.as_issued(batch, [money])
    happened: list[Happened[Any]] = [
        one for one in repayments_of(start) if one.event.repayment_id != money.repayment_id
    ]
    happened += interventions.of(start.bill_ids, start.position.loans.keys())
    if is_new:
        if isinstance(money, Payment):
            money = money._replace(older_ids=start.older(money.bill_id))
        happened.append(Happened(money.on, clock.moment_of(on, time.max), money))
    happened.sort(key=lambda one: (one.on, one.at))
    result = engine.run(start.position, events_of(start, happened=happened, on=on), batch.terms)
    position = result.position
    return RepaymentEffect(
        tuple((batch.position.bills[one], position.bills[one]) for one in start.bill_ids),
        {one: (batch.position.loans[one], after) for one, after in position.loans.items()},
        tuple(result.surpluses),
    )


def money_of(repayment: Repayment, *, older_ids: tuple[int, ...] = ()) -> Money:
    """Return a stored repayment as the event that applies it; ``order`` is loaded with it."""
    if repayment.bill_id is not None:
        is_manual = repayment.order.origin in MANUAL_ORIGINS
        return Payment(
            repayment.pk, repayment.bill_id, repayment.amount_fen, repayment.value_on,
            older_ids if is_manual else (),
        )  # fmt: skip
    assert repayment.loan_id is not None, "a repayment is of a bill or of a loan"
    return money_for_loan(
        OrderPurpose(repayment.order.purpose),
        repayment.pk,
        repayment.loan_id,
        repayment.amount_fen,
        repayment.value_on,
        principal_fen=repayment.order.principal_fen,
    )


def repayments_of(start: RunStart) -> list[Happened[Money]]:
    """Return the money of the run by its value date: of its bills, and of its loans since then.

    What was reversed does not count.
    """
    of_bills = Q(bill__in=start.bill_ids)
    rows = Repayment.objects.filter(of_bills | Q(loan__in=start.since.keys()), reversal=None)
    found: list[Happened[Money]] = []
    for row in rows.select_related("order").order_by("value_on", "pk"):
        if row.bill_id is not None:
            money = money_of(row, older_ids=start.older(row.bill_id))
            found.append(Happened(row.value_on, row.recorded_at, money))
        elif row.loan_id is not None and row.value_on >= start.since[row.loan_id]:
            found.append(Happened(row.value_on, row.recorded_at, money_of(row)))
    return found


def events_of(start: RunStart, *, happened: Sequence[Happened[Any]], on: date) -> Iterator[Event]:
    """Return what happened since the issue, in the order it counts (GEN-8).

    On each day the preferred rates that end (RATE-10), the ends of the bills' days, the bills
    issued, then payments and what staff decided. A day closes with what was known when it began:
    refused debits, and the mandate of that midnight.
    """
    bills = [start.position.bills[bill_id] for bill_id in start.bill_ids]
    mandates = list(Mandate.objects.filter(customer__bills__in=start.bill_ids).distinct())
    debits = _debits(start.bill_ids)
    ends = [
        _ends_of_days(bill, start.due_dates[bill.id], mandates, debits[bill.id]) for bill in bills
    ]
    earlier = earlier_bills({bill.id: bill.due_on for bill in bills})
    issues = [
        Issue(bill.id, bill.billed_on, earlier[bill.id])
        for place, bill in enumerate(bills)
        if place or start.as_drawn.intersection(row.loan_id for row in bill.billed_rows)
    ]
    with_plans = {
        bill.id
        for bill in bills
        if any(
            row.part_index or not start.position.loans[row.loan_id].is_bullet
            for row in bill.billed_rows
        )
    }
    rate_ends = [
        PreferredRateEnd(loan_id, loan.full_rate_on)
        for loan_id, loan in start.position.loans.items()
        if loan.accrued_on < loan.full_rate_on <= on
    ]
    issued = [start.position.loans[one].accrued_on for one in (bills[0].loan_ids if bills else ())]
    first = min(
        [
            *([max(issued)] if issued else []),
            *(one.on for one in happened),
            *(one.on for one in issues),
            *(one.on for one in rate_ends),
        ],
        default=on,
    )
    for today in _days(first, on):
        yield from (end for end in rate_ends if end.on == today)
        for bill, end_of in zip(bills, ends, strict=True):
            due_on = start.due_dates[bill.id].on(today)
            if today > due_on or (today == due_on and bill.id in with_plans):
                yield end_of(today)
        yield from (issue for issue in issues if issue.on == today)
        yield from (one.event for one in happened if one.on == today)


def _ends_of_days(
    bill: BillPosition,
    due_dates: DueDates,
    mandates: Sequence[Mandate],
    debits: Sequence[DebitOrder],
) -> Callable[[date], EndOfDay]:
    """Return what makes the end of a day of a bill, as it was known when that day began.

    An extension lets the attempts start again: debits before it count no more (FAQ-7).
    """
    refused = [order.business_date for order in debits if _is_refused(order)]
    first_cycle = _first_cycle(debits)

    def end_of(today: date) -> EndOfDay:
        midnight = clock.moment_of(today, time())
        has_mandate = any(
            one.signed_at < midnight
            and (one.terminated_at is None or one.terminated_at >= midnight)
            for one in mandates
        )
        since = due_dates.restarted_on(today)
        counted = ([end for end in ends if end.on > since] for ends in first_cycle)
        refusals = Refusals(
            cycles.counted_refusals(*counted, before=today),
            min((day for day in refused if since < day < today), default=None),
        )
        return EndOfDay(bill.id, today, has_mandate, refusals)

    return end_of


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _first_refused_on(debits: Sequence[DebitOrder], due_dates: DueDates) -> date | None:
    since = due_dates.restarted_on(date.max)
    days = (order.business_date for order in debits if _is_refused(order))
    return min((day for day in days if day > since), default=None)


def _first_cycle(
    debits: Sequence[DebitOrder],
) -> tuple[list[cycles.OrderEnd], list[cycles.OrderEnd]]:
    """Return when the debits of the first cycle were refused and when they succeeded.

    A success whose money was reversed resets nothing.
    """
    refused, succeeded = [], []
    for order in debits:
        if order.cycle != 1:
            continue
        if _is_refused(order):
            refused.append(cycles.OrderEnd(order.business_date, order.pk))
        elif order.state == DebitOrderState.SUCCEEDED and not hasattr(order.repayment, "reversal"):
            succeeded.append(cycles.OrderEnd(order.repayment.value_on, order.pk))
    return refused, succeeded


def _debits(bill_ids: Collection[int]) -> dict[int, list[DebitOrder]]:
    """Return the direct debits of bills in order, with what came of them."""
    found: dict[int, list[DebitOrder]] = {bill_id: [] for bill_id in bill_ids}
    rows = DebitOrder.objects.filter(bill__in=bill_ids, origin=Origin.AUTO).order_by("pk")
    for row in rows.select_related("repayment__reversal"):
        assert row.bill_id is not None, "a direct debit is of a bill"
        found[row.bill_id].append(row)
    return found


def _is_refused(order: DebitOrder) -> bool:
    return order.state == DebitOrderState.FAILED and is_counted(order.code)


def _restore_cycle(batch: LoanBatch, before: BillPosition, after: BillPosition) -> None:
    """Let the debit cycle go on where it was, unless the bill is out of it now.

    One that is back in grace stays in the cycle that its overdue record had opened: no notice went
    out for D+4 to D+6, while that of the cycle covers D+6, the last day before D+7 (REPAY-10, 11).
    """
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
    if outcome in (BillState.PAID, BillState.MIN_PAID, BillState.CARRIED, BillState.OVERDUE):
        found = end_of_day.further_report(batch, bill, outcome)
        conduct.record([found] if found else [], at=at)
    is_cured = before.state == BillState.OVERDUE and bill.state == BillState.PAID
    if is_cured or (before.overdue_on and not bill.overdue_on):
        lines.resume([customer_id], by=by, reason=LoanReason.EARLIER_VALUE_DATE, on=on, at=at)
