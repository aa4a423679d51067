"""Whether a bill is debited on a day, and how much its customer's mode asks of it (REPAY-10)."""

from datetime import date

from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import BillState
from loans.accounting.rules.position import BillPosition
from loans.collection.rules import cycle as cycles


def due_for_debit(batch: LoanBatch, bill: BillPosition, *, on: date) -> BillPosition | None:
    """Return a bill that may be attempted today, an overdue one in the cycle that holds now.

    One whose window has passed waits for the next cycle, if there is one, outside of the plans.
    """
    if bill.debit_on is None or bill.debit_on > on:
        return None
    terms = batch.bill_terms(bill.id)
    cycle = cycles.Cycle(bill.cycle, bill.cycle_on, bill.refusals)
    if bill.state == BillState.OVERDUE:
        running = cycles.running(cycle, on=on, due_on=bill.due_on, terms=terms)
        if running != cycle:
            cycle = running
            bill = batch.change_bill(
                bill.id, cycle=cycle.number, cycle_on=cycle.first_on, refusals=cycle.refusals,
                tries=0,
            )  # fmt: skip
        if cycles.is_past(cycle, on=on, terms=terms):
            later = cycles.following(cycle, due_on=bill.due_on, terms=terms)
            bill = batch.change_bill(bill.id, debit_on=later.first_on if later else None)
    is_due = bill.refusals < terms.debit_attempts_max and cycles.is_attempt_day(
        cycle, on=on, terms=terms
    )
    return bill if is_due else None


def _charged_since_due_fen(bill: BillPosition, charged_fen: int) -> int:
    """Return interest since the due date and the late fee, also one from before an extension."""
    before_fen = bill.late_fee_fen
    if bill.late_fee_on is not None and bill.late_fee_on > bill.due_on:
        before_fen = 0  # it is among what was charged since (FAQ-7)
    if bill.state != BillState.GRACE:
        return before_fen
    return charged_fen - bill.charged_at_due_fen + before_fen


def due_fen(batch: LoanBatch, bill: BillPosition, *, on: date) -> int:
    """Return what the customer's mode asks of a bill today, interest and fees included."""
    ahead = batch.preview(bill.id, on=on)
    charged_fen = sum(loan.charged_fen for loan in ahead.loans.values())
    demand = cycles.Demand(
        mode=bill.mode,
        is_overdue=bill.state == BillState.OVERDUE,
        is_due_day=on <= bill.due_on,
        minimum_fen=bill.minimum_fen,
        paid_fen=bill.paid_fen + bill.waived_fen,
        shortfall_fen=bill.shortfall_fen,
        unpaid_fen=ahead.owed(bill.id).total_fen,
        mandatory_unpaid_fen=ahead.mandatory_fen(bill.id),
        charged_since_due_fen=_charged_since_due_fen(bill, charged_fen),
    )
    return cycles.ask_fen(demand, batch.bill_terms(bill.id))
