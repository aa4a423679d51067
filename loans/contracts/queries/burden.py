"""What a customer earns and owes a month, for the affordability notice of a cost sheet (LAW-2)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from loans.accounting.rules.accrual import interest_fen
from loans.contracts.rules.cost_sheet import Burden
from loans.models import Accrual, Instalment, LoanState
from loans.policy import QuotePolicy
from risk.models import CreditLineState, ModelInputs


def burden_of(
    customer_id: int, *, on: date, policy: QuotePolicy, leave_out: Collection[int] = ()
) -> Burden:
    """Return the verified income of a customer and what running loans ask in each month.

    ``leave_out`` are loans that are about to be converted: the sheet asks for them instead.
    """
    inputs = ModelInputs.objects.filter(customer=customer_id)
    of_open_line = inputs.exclude(line__state=CreditLineState.CLOSED).order_by("-pk")
    income_fen = of_open_line.values_list("income_fen", flat=True).first()
    due = _due_fen(customer_id, on=on, leave_out=leave_out)
    return Burden(income_fen or None, due, policy.affordability_permille)


def _due_fen(customer_id: int, *, on: date, leave_out: Collection[int]) -> dict[date, int]:
    """Return what falls due by the first of each month, in fen.

    What is due already counts as it is unpaid; what is due later with its plan fee, and with own
    interest to the due date.
    """
    rows = Instalment.objects.filter(
        loan__customer=customer_id,
        loan__state__in=[LoanState.ACTIVE, LoanState.OVERDUE, LoanState.CHARGED_OFF],
        unpaid_principal_fen__gt=0,
    ).exclude(loan__in=leave_out)
    found: dict[date, int] = defaultdict(int)
    for row in rows.select_related("loan"):
        found[row.due_on.replace(day=1)] += _row_fen(row, on=on)
    return dict(found)


def _row_fen(row: Instalment, *, on: date) -> int:
    unpaid_fen = row.unpaid_principal_fen + row.unpaid_interest_fen
    unpaid_fen += row.unpaid_late_fee_fen + row.unpaid_penalty_fen
    if row.due_on <= on:
        return unpaid_fen + row.unpaid_plan_fee_fen
    nights = max(0, (row.due_on - row.loan.accrued_on).days)
    own = row.accrual == Accrual.OWN
    ahead_fen = (
        interest_fen(row.unpaid_principal_fen, row.loan.daily_rate_ppm, nights) if own else 0
    )
    return unpaid_fen + row.plan_fee_fen + ahead_fen
