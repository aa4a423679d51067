"""What becomes of an unpaid bill at 00:05: minimum, grace, carried or overdue (REPAY-9 to 16).

The decision looks at the position as of 00:00 of the day: what happened on the day itself does
not undo it (GEN-8).
"""

from datetime import date, timedelta
from typing import NamedTuple

from loans.accounting.rules.codes import BillMove, BillState
from loans.policy import LoanTerms


class Unpaid(NamedTuple):
    """A bill that was not paid in full by its due date, as of 00:00."""

    state: str
    due_on: date
    minimum_fen: int
    paid_fen: int  # payments since the bill date, and what staff waived
    last_paid_on: date | None
    shortfall_fen: int | None  # what the last payment left, None when nothing was paid
    unpaid_fen: int
    mandatory_unpaid_fen: int  # interest to that day, fees, plan rows
    late_fee_fen: int  # charged so far
    refusals: int  # counted in the running cycle
    is_debited: bool  # a live mandate, and the customer did not switch it off


class BillOutcome(NamedTuple):
    """The moves of one bill, in order, and the night from which a met minimum revolves."""

    moves: tuple[BillMove, ...] = ()
    revolves_on: date | None = None


def decide(bill: Unpaid, *, on: date, terms: LoanTerms) -> BillOutcome:
    """Return what the 00:05 batch of ``on`` does with the bill."""
    moves: tuple[BillMove, ...] = ()
    state = bill.state
    if state == BillState.BILLED and on > bill.due_on:
        if not is_small_balance(bill, terms) and is_minimum_met(bill):
            return BillOutcome((BillMove.SETTLE_MINIMUM,), bill.due_on)
        moves, state = (BillMove.ENTER_GRACE,), BillState.GRACE
    if state != BillState.GRACE:
        return BillOutcome(moves)
    if bill.state == BillState.GRACE and not is_small_balance(bill, terms) and is_minimum_met(bill):
        return BillOutcome((BillMove.SETTLE_MINIMUM,), bill.last_paid_on)
    if on > bill.due_on + timedelta(days=terms.grace_days):
        if is_small_balance(bill, terms) or bill.unpaid_fen <= terms.tolerance_fen:
            moves += (BillMove.CARRY,)
        elif is_classified(bill, on=on, terms=terms):
            moves += (BillMove.RECORD_OVERDUE,)
    return BillOutcome(moves)


def outcome_at_due(total_fen: int, *, minimum_fen: int, paid_fen: int, terms: LoanTerms) -> str:
    """Return how a closed bill ended of which only these amounts are known.

    What ``decide`` does with a bill that nobody debits once its grace is over, no fee and no
    mandatory part being known: paid, min_paid, carried or overdue.
    """
    if paid_fen >= total_fen:
        return BillState.PAID
    unpaid_fen = total_fen - paid_fen
    bill = Unpaid(
        state=BillState.BILLED,
        due_on=date.min,
        minimum_fen=minimum_fen,
        paid_fen=paid_fen,
        last_paid_on=date.min if paid_fen else None,
        shortfall_fen=unpaid_fen if paid_fen else None,
        unpaid_fen=unpaid_fen,
        mandatory_unpaid_fen=0,
        late_fee_fen=0,
        refusals=0,
        is_debited=False,
    )
    grace_over_on = date.min + timedelta(days=terms.grace_days + 1)
    return _ENDS[decide(bill, on=grace_over_on, terms=terms).moves[-1]]


_ENDS = {
    BillMove.SETTLE_MINIMUM: BillState.MIN_PAID,
    BillMove.CARRY: BillState.CARRIED,
    BillMove.RECORD_OVERDUE: BillState.OVERDUE,
}


def is_minimum_met(bill: Unpaid) -> bool:
    """Say whether the payments reach the minimum and late fee, nothing mandatory left (REPAY-7)."""
    return bill.paid_fen >= bill.minimum_fen + bill.late_fee_fen and not bill.mandatory_unpaid_fen


def is_small_balance(bill: Unpaid, terms: LoanTerms) -> bool:
    """Say whether a payment left at most 10.00, which waits for the next bill (REPAY-16)."""
    return bill.shortfall_fen is not None and bill.shortfall_fen <= terms.tolerance_fen


def is_classified(bill: Unpaid, *, on: date, terms: LoanTerms) -> bool:
    """Say whether the overdue record is due, grace being over (REPAY-11, REPAY-12).

    Three counted refusals, nobody to debit, or the last day technical faults may put it off to.
    That last day is counted from the due date, whatever was refused: a bill that the reversal of a
    payment leaves unpaid on it or later is recorded at once, though nothing was ever refused.
    """
    return (
        bill.refusals >= terms.debit_attempts_max
        or not bill.is_debited
        or on >= bill.due_on + timedelta(days=terms.classified_latest_days)
    )
