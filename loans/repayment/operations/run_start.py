"""Where a rerun begins: bills as they were issued, loans as they stood or were drawn (GEN-9)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from loans.accounting.operations.batch import LoanBatch
from loans.accounting.queries import snapshots
from loans.accounting.queries.snapshots import reset_to
from loans.accounting.rules.codes import COLLECTED_STATES, BillMove, BillState, LoanMove, LoanState
from loans.accounting.rules.outcomes import Decision
from loans.accounting.rules.position import BillPosition, InstalmentKey, LoanPosition, Position
from loans.accounting.rules.reasons import LoanReason
from loans.conversion.queries import conversions
from loans.models import BillSnapshot, Repayment
from loans.models.debit import MANUAL_ORIGINS
from loans.repayment.queries import interventions
from loans.repayment.queries.interventions import DueDates
from loans.repayment.rules import Money, Payment

_MOVES_BACK = {
    LoanState.OVERDUE: LoanMove.CURE,
    LoanState.SETTLED: LoanMove.REOPEN,
    LoanState.CHARGED_OFF: LoanMove.REOPEN,
    LoanState.RECOVERED: LoanMove.REOPEN,
}
_Snapshots = Mapping[tuple[int, int], BillSnapshot]


class RunStart(NamedTuple):
    """Where a run begins: the position, the moves that lead back to it, the bills by due date.

    ``since`` is the day from which each loan's own money is part of the run. Loans that begin
    ``as_drawn`` come under the oldest bill when that is issued.
    """

    position: Position
    decisions: list[Decision]
    bill_ids: tuple[int, ...]
    since: Mapping[int, date]
    as_drawn: frozenset[int]
    due_dates: Mapping[int, DueDates]

    def older(self, bill_id: int) -> tuple[int, ...]:
        """Return the bills of the run that were due before a bill, the oldest first."""
        return self.bill_ids[: self.bill_ids.index(bill_id)]


def as_issued(batch: LoanBatch, arrived: Sequence[Money]) -> RunStart:
    """Return the bills to run as they were when the oldest of them was issued, and the loans.

    ``arrived`` is money of one customer, which all runs again at once.
    """
    customer_id = customer_of(batch, arrived[0])
    known = snapshots.latest(
        [one.id for one in batch.bills.values() if one.customer_id == customer_id]
    )
    first = set().union(*(_first_bills(batch, money, known) for money in arrived))
    bills = _bills_to_run(batch, first, known)
    as_drawn = _as_drawn(bills, known, arrived)
    return _start(batch, bills, known, as_drawn, on=min(one.on for one in arrived))


def as_drawn(batch: LoanBatch, *, taken_over: Collection[int]) -> RunStart:
    """Return where everything in a batch of one customer began: each loan as it was drawn.

    Loans that were ``taken_over`` from an earlier lender begin as the oldest bill found them.
    """
    known = snapshots.latest(batch.bills.keys())
    bills = sorted(batch.position.bills.values(), key=lambda bill: bill.due_on)
    own = frozenset(batch.loans.keys() - set(taken_over))
    start = _start(batch, bills, known, own, on=date.min)
    under = set(start.position.bills[bills[0].id].rows) if bills else set()
    loans = {
        loan_id: loan._replace(
            parts=tuple(
                part if (loan_id, index) in under else part._replace(bill_id=None)
                for index, part in enumerate(loan.parts)
            )
        )
        for loan_id, loan in start.position.loans.items()
    }
    return start._replace(position=start.position._replace(loans=loans))


def _start(
    batch: LoanBatch,
    bills: Sequence[BillPosition],
    known: _Snapshots,
    as_drawn: frozenset[int],
    *,
    on: date,
) -> RunStart:
    """Return some bills as they were issued, by due date, and their loans; ``on`` dates the moves.

    Loans of ``as_drawn`` begin with their drawdown, the others with the oldest bill with them.
    """
    rows_of = {
        bill.id: tuple(
            row
            for (owner, _loan_id), snapshot in sorted(known.items())
            if owner == bill.id
            for row in snapshots.billed_rows(snapshot)
        )
        for bill in bills
    }
    loans, decisions = _loans_as_issued(batch, bills, known, as_drawn, on=on)
    under_oldest = (
        tuple(row for row in rows_of[bills[0].id] if row.loan_id not in as_drawn) if bills else ()
    )
    asked = {row for rows in rows_of.values() for row in rows} | _called_due(bills, loans)
    for loan_id, index in asked:
        # The others come under their bills when these are issued, or are called due again.
        under = bills[0].id if (loan_id, index) in under_oldest else None
        part = loans[loan_id].parts[index]._replace(bill_id=under, late_fee_base_fen=0)
        loans[loan_id] = loans[loan_id].with_part(index, part)
    issued: dict[int, BillPosition] = {}
    due_dates = interventions.due_dates((bill.id, bill.due_on) for bill in bills)
    printed = conversions.printed(due_dates)
    for bill in bills:
        if bill.state != BillState.BILLED:
            decisions.append(Decision(BillMove.REOPEN, bill.id, on, LoanReason.EARLIER_VALUE_DATE))
        rows = under_oldest if bill is bills[0] else ()
        issued[bill.id] = _unpaid(bill)._replace(
            rows=rows,
            loan_ids=batch.loan_ids_of(rows),
            terms_id=batch.loan_ids_of(rows_of[bill.id])[0],
            billed_rows=rows_of[bill.id],
            due_on=due_dates[bill.id].issued,
            **printed.get(bill.id, {}),
        )
    since = {
        loan_id: date.min if loan_id in as_drawn else _first_issue(bills, known, loan_id)
        for loan_id in loans
    }
    return RunStart(Position(issued, loans), decisions, tuple(issued), since, as_drawn, due_dates)


def _unpaid(bill: BillPosition) -> BillPosition:
    """Return a bill to which nothing has happened since its issue."""
    return bill._replace(
        state=BillState.BILLED,
        paid_fen=0,
        waived_fen=0,
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


def _called_due(
    bills: Sequence[BillPosition], loans: Mapping[int, LoanPosition]
) -> set[InstalmentKey]:
    """Return the instalments under the bills that an acceleration may have put there."""
    return {row for bill in bills for row in bill.rows if row.loan_id in loans}


def customer_of(batch: LoanBatch, money: Money) -> int:
    """Return the customer whose bill or loan money is for."""
    if isinstance(money, Payment):
        return batch.bills[money.bill_id].customer_id
    return batch.loans[money.loan_id].customer_id


def _first_bills(batch: LoanBatch, money: Money, known: _Snapshots) -> set[int]:
    """Return the bills that a run begins with: its own, or those that contain the loan.

    Money paid by hand may settle older bills first that were open. Of a loan the last one that had
    been issued when the money came, or else all of them.
    """
    bills = batch.position.bills
    if isinstance(money, Payment):
        older = _open_older(batch, money.older_ids, on=money.on)
        return {money.bill_id, *older}
    containing = {owner for owner, loan_id in known if loan_id == money.loan_id}
    before = [one for one in containing if bills[one].billed_on <= money.on]
    return {max(before, key=lambda one: bills[one].due_on)} if before else containing


def _as_drawn(
    bills: Sequence[BillPosition], known: _Snapshots, arrived: Sequence[Money]
) -> frozenset[int]:
    """Return the loans whose money came before every bill of the run that contains them."""
    first = {loan_id: _first_issue(bills, known, loan_id) for _owner, loan_id in known}
    return frozenset(
        one.loan_id
        for one in arrived
        if not isinstance(one, Payment) and one.on < first.get(one.loan_id, date.max)
    )


def _first_issue(bills: Sequence[BillPosition], known: _Snapshots, loan_id: int) -> date:
    """Return when the oldest bill of a run that contains a loan was issued."""
    return min((bill.billed_on for bill in bills if (bill.id, loan_id) in known), default=date.max)


def _loans_as_issued(
    batch: LoanBatch,
    bills: Sequence[BillPosition],
    known: _Snapshots,
    as_drawn: Collection[int],
    *,
    on: date,
) -> tuple[dict[int, LoanPosition], list[Decision]]:
    """Return each loan as it was at the issue of the oldest bill with it, and what leads back.

    Those of ``as_drawn`` are as they were when they were drawn.
    """
    loans: dict[int, LoanPosition] = {}
    for loan_id in as_drawn:
        loans[loan_id] = snapshots.reset_to_drawdown(
            batch.position.loans[loan_id], batch.instalments[loan_id]
        )
    for bill in bills:
        for (owner, loan_id), snapshot in known.items():
            if owner == bill.id and loan_id not in loans:
                loans[loan_id] = reset_to(
                    snapshot, batch.position.loans[loan_id], billed_on=bill.billed_on
                )
    decisions = []
    for loan_id, loan in loans.items():
        move = _MOVES_BACK.get(LoanState(loan.state))
        if move is not None:
            decisions.append(Decision(move, loan_id, on, LoanReason.EARLIER_VALUE_DATE))
            loans[loan_id] = loan._replace(state=LoanState.ACTIVE, overdue_on=None, ended_on=None)
    return loans, decisions


def _bills_to_run(
    batch: LoanBatch, first: Collection[int], known: _Snapshots
) -> list[BillPosition]:
    """Return the first bills, and those that they are connected with, by due date.

    Every later one: it contains what they left, or prints what was past due then, whatever that
    comes to now. An earlier one that had closed before the oldest of them was issued is in their
    snapshots already; one that was open is connected by its loans or by what is past due. Money
    paid by hand connects the bill that it names with the older ones that it settled first, or
    would now (REPAY-8).
    """
    by_hand = _paid_by_hand({batch.bills[one].customer_id for one in first})
    loans_of: dict[int, set[int]] = defaultdict(set)
    for owner, loan_id in known:
        loans_of[owner].add(loan_id)
    bills = batch.position.bills
    run = set(first)
    while run:
        loan_ids = set().union(*(loans_of[one] for one in run))
        oldest = min((bills[one] for one in run), key=lambda bill: bill.due_on)
        is_past_due_printed = any(bills[one].past_due_fen for one in run)
        more = {
            one
            for one in loans_of.keys() - run
            if bills[one].due_on > oldest.due_on
            or (
                (loan_ids & loans_of[one] or bills[one].past_due_fen or is_past_due_printed)
                and _was_open(bills[one], on=oldest.billed_on)
            )
        }
        for named, on in by_hand:
            older = [one for one in older_bills(batch, named) if bills[one].billed_on <= on]
            if run.intersection((named, *older)):
                more |= {named, *_open_older(batch, older, on=on)} - run
        if not more:
            break
        run |= more
    return sorted((bills[one] for one in run), key=lambda bill: bill.due_on)


def _paid_by_hand(customer_ids: Collection[int]) -> list[tuple[int, date]]:
    """Return the bill and the value date of each repayment that settles the oldest bill first."""
    rows = Repayment.objects.filter(
        bill__customer__in=customer_ids, order__origin__in=MANUAL_ORIGINS, reversal=None
    )
    return list(rows.values_list("bill_id", "value_on"))


def older_bills(batch: LoanBatch, bill_id: int) -> tuple[int, ...]:
    """Return the locked bills of the same customer that were due before a bill, oldest first."""
    customer_id = batch.bills[bill_id].customer_id
    bills = batch.position.bills
    older = [
        one.id
        for one in batch.bills.values()
        if one.customer_id == customer_id and one.due_on < bills[bill_id].due_on
    ]
    return tuple(sorted(older, key=lambda one: bills[one].due_on))


def _open_older(batch: LoanBatch, bill_ids: Iterable[int], *, on: date) -> list[int]:
    """Return which bills were issued by a day and still asked for money when it began."""
    bills = (batch.position.bills[one] for one in bill_ids)
    return [one.id for one in bills if one.billed_on <= on and _was_open(one, on=on)]


def _was_open(bill: BillPosition, *, on: date) -> bool:
    """Say whether a bill still asked for money when a day began."""
    if bill.state in COLLECTED_STATES:
        return True
    ended_on = bill.paid_on or bill.closed_through
    return ended_on is not None and ended_on >= on
