"""How the loans and bills of a customer stood on a past day, from the facts alone.

Everything runs again from the drawdowns through the same engine, up to the end of that day. A day
is as it is known now: money that was recorded later counts from the day on which it was paid, and
what was reversed does not count (GEN-9).
"""

from datetime import date
from typing import Any

from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules import engine
from loans.accounting.rules.codes import LoanState
from loans.accounting.rules.engine import accrued
from loans.accounting.rules.position import Position
from loans.models import Bill, Loan, Transfer, TransferKind
from loans.repayment.operations import reprocess, run_start
from loans.repayment.queries import interventions
from loans.repayment.queries.interventions import Happened

_WITHOUT_MONEY = (LoanState.CREATED, LoanState.DISBURSING, LoanState.CANCELLED)
# Nothing is charged any more; a loan that was charged off is owed as before (OPS-3).
_ENDED = (LoanState.SETTLED, LoanState.RECOVERED)


def as_of(customer_id: int, *, on: date) -> Position:
    """Return the loans of a customer and their bills at the end of a day, in fen.

    Loans are charged their nights before the day, as endpoints and pages show what is owed; the fee
    of a row of a plan that has not fallen due is not charged yet. A loan that was taken over from
    an earlier lender is not known before that.
    """
    taken_over = _taken_over(customer_id)
    loans = Loan.objects.filter(customer=customer_id, drawn_on__lte=on)
    loan_ids = [
        pk
        for pk in loans.exclude(state__in=_WITHOUT_MONEY).values_list("pk", flat=True)
        if taken_over.get(pk, date.min) <= on
    ]
    bills = Bill.objects.filter(customer=customer_id, billed_on__lte=on)
    batch = LoanBatch.read(bills.values_list("pk", flat=True), loan_ids=loan_ids)
    start = run_start.as_drawn(batch, taken_over=taken_over.keys())
    happened: list[Happened[Any]] = [
        *reprocess.repayments_of(start),
        *interventions.of(start.bill_ids, start.position.loans.keys()),
    ]
    happened.sort(key=lambda one: (one.on, one.at))
    events = reprocess.events_of(start, happened=happened, on=on)
    position = engine.run(start.position, events, batch.terms).position
    return position._replace(
        loans={
            loan_id: loan
            if loan.state in _ENDED
            else accrued(loan, on=max(on, loan.accrued_on), terms=batch.terms[loan_id]).end
            for loan_id, loan in position.loans.items()
        }
    )


def _taken_over(customer_id: int) -> dict[int, date]:
    """Return the loans that an earlier lender had, with the day on which they came."""
    opened = Transfer.objects.filter(customer_id=customer_id, kind=TransferKind.OPENING)
    loans = Loan.objects.filter(customer=customer_id).values("pk")
    rows = opened.filter(loan_id__in=loans).values_list("loan_id", "business_date")
    return {loan_id: on for loan_id, on in rows if loan_id is not None}
