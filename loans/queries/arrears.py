"""How much is late: bills in grace and overdue, in numbers."""

from typing import NamedTuple

from django.db.models import Count, F, Sum

from loans.models import BillState, Instalment


class Late(NamedTuple):
    """Bills of one state, and what is charged and unpaid of them, in fen."""

    bills: int
    unpaid_fen: int


_UNPAID = (
    "unpaid_principal_fen", "unpaid_interest_fen", "unpaid_plan_fee_fen", "unpaid_late_fee_fen",
    "unpaid_penalty_fen",
)  # fmt: skip


def late() -> dict[str, Late]:
    """Return the bills in grace and overdue, with what stands posted as unpaid."""
    states = (BillState.GRACE, BillState.OVERDUE)
    unpaid = sum((F(name) for name in _UNPAID[1:]), start=F(_UNPAID[0]))
    rows = (
        Instalment.objects.filter(bill__state__in=states)
        .values_list("bill__state")
        .annotate(bills=Count("bill", distinct=True), unpaid_fen=Sum(unpaid))
    )
    found = {state: Late(bills, unpaid_fen) for state, bills, unpaid_fen in rows}
    return {state: found.get(state, Late(0, 0)) for state in states}
