"""What happened to a loan, in one order: states, requests for money, and what came of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Model, Q

from backoffice.core.models import StateChange
from loans.accounting.rules.debt import COMPONENTS, NOTHING, Debt
from loans.models import Bill, DebitOrder, Loan, RepaymentAllocation


class LoanEvent(NamedTuple):
    """One thing that happened: a change of state, or a request for money and its answer.

    ``settled`` is what the money of a request settled of the loan.
    """

    at: datetime
    record: Model
    change: StateChange | None = None
    settled: Debt = NOTHING


def history(loan: Loan) -> list[LoanEvent]:
    """Return the changes of a loan and of its bills, and every request for money, in order.

    A bill is one of the loan when it was issued with an instalment of it or holds one now.
    """
    bills = list(
        Bill.objects.filter(Q(snapshots__loan=loan) | Q(instalments__loan=loan)).distinct()
    )
    orders = list(
        DebitOrder.objects.filter(Q(bill__in=bills) | Q(loan=loan), asked_at__isnull=False)
        .select_related("repayment")
        .order_by("pk")
    )
    settled = _settled(loan)
    events: list[LoanEvent] = []
    for order in orders:
        assert order.asked_at is not None
        repayment = getattr(order, "repayment", None)
        debt = settled[repayment.pk] if repayment else NOTHING
        events.append(LoanEvent(order.asked_at, order, settled=debt))
    events += [LoanEvent(change.at, record, change) for change, record in _changes([loan, *bills])]
    return sorted(events, key=lambda event: event.at)  # of one moment, requests before their effect


def _changes(records: Sequence[Model]) -> list[tuple[StateChange, Model]]:
    """Return every change of state of some records, with its record."""
    named = {(record._meta.label_lower, record.pk): record for record in records}
    mine = Q()
    for label, pk in named:
        mine |= Q(subject_type=label, subject_id=pk)
    changes = StateChange.objects.filter(mine).order_by("at", "pk")
    return [(change, named[change.subject_type, change.subject_id]) for change in changes]


def _settled(loan: Loan) -> dict[int, Debt]:
    """Return what each repayment settled of a loan: its latest revision."""
    latest: dict[int, int] = {}
    found: dict[int, Debt] = defaultdict(lambda: NOTHING)
    rows = RepaymentAllocation.objects.filter(loan=loan).order_by("repayment", "-revision")
    for row in rows:
        if latest.setdefault(row.repayment_id, row.revision) == row.revision:
            found[row.repayment_id] += Debt._make(getattr(row, name) for name in COMPONENTS)
    return found
