"""The instalments of a loan as its customer reads them: what falls due, and what is owed today."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from backoffice.core import bulk
from loans.accounting.queries.positions import terms_of
from loans.accounting.queries.statement import accrued_on
from loans.accounting.rules.codes import LoanState, Plan
from loans.contracts.rules.schedule import interest_until
from loans.models import Instalment, Loan


class ScheduleRow(NamedTuple):
    """One instalment in fen: due by contract, and charged and unpaid on a day."""

    instalment: int
    due_on: date
    principal_fen: int
    interest_fen: int
    plan_fee_fen: int
    total_fen: int
    owed_fen: int
    bill_id: UUID | None


# What is charged to a loan in these states runs on with the days: a charge-off changes the
# ledger, never the debt (OPS-3).
_ACCRUING = (LoanState.ACTIVE, LoanState.OVERDUE, LoanState.CHARGED_OFF)


def rows_of(loan: Loan, *, on: date) -> list[ScheduleRow]:
    """Return the instalments of a loan: interest is that of the nights to the due date (REPAY-2).

    A loan whose money has not arrived yet shows what the cost sheet did. Of a converted loan number
    0 is what stayed under the bill: the interest, and principal that was paid before (REPAY-6).
    """
    rows = list(loan.instalments.select_related("bill").order_by("number"))
    parts = accrued_on(loan, rows, on=_as_of(loan, on)).end.parts
    converted_fen = sum(row.principal_fen for row in rows if row.number > 1)
    found = []
    for row, part in zip(rows, parts, strict=True):
        if not row.principal_fen:  # of a conversion that was undone
            continue
        row.loan = loan
        is_bullet = loan.plan == Plan.BULLET and row.number == 1
        principal_fen = row.principal_fen - converted_fen * is_bullet
        interest_fen = (
            interest_until(
                row.principal_fen, loan.daily_rate_ppm, loan.rate_factor_permille,
                (row.due_on - loan.drawn_on).days, terms_of(loan.terms_id),
            )
            if is_bullet else 0
        )  # fmt: skip
        found.append(
            ScheduleRow(
                row.shown_number, row.due_on, principal_fen, interest_fen, row.plan_fee_fen,
                principal_fen + interest_fen + row.plan_fee_fen, part.debt.total_fen,
                row.bill.public_id if row.bill else None,
            )
        )  # fmt: skip
    return found


def owed_fen(loans: Sequence[Loan], *, on: date) -> dict[int, int]:
    """Return what is charged and unpaid of each loan on a day, nights before it included."""
    rows: dict[int, list[Instalment]] = defaultdict(list)
    of_loans = Instalment.objects.filter(loan_id__any=bulk.Of(loan.pk for loan in loans))
    for row in bulk.load(of_loans.order_by("loan", "number")):
        rows[row.loan_id].append(row)
    return {
        loan.pk: sum(
            part.debt.total_fen
            for part in accrued_on(loan, rows[loan.pk], on=_as_of(loan, on)).end.parts
        )
        for loan in loans
    }


def _as_of(loan: Loan, on: date) -> date:
    return on if loan.state in _ACCRUING else loan.accrued_on
