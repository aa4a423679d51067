"""Reading rows as positions of the rules, and which column stores which value."""

from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter

from loans.accounting.queries.terms import from_numbers
from loans.accounting.rules.debt import Debt, columns
from loans.accounting.rules.position import (
    BillPosition,
    InstalmentKey,
    InstalmentPosition,
    LoanPosition,
)
from loans.models import Bill, ContractTerms, Instalment, Loan, Plan
from loans.policy import LoanTerms

# The columns of each table that a position holds, in the order of its values.
DEBT_COLUMNS = columns("unpaid_")
PART_COLUMNS = (*DEBT_COLUMNS, *(name for name in InstalmentPosition._fields if name != "debt"))
LOAN_COLUMNS = (
    "unpaid_principal_fen", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen",
    "overdue_on", "ended_on",
)  # fmt: skip
BILL_COLUMNS = tuple(
    name
    for name in BillPosition._fields
    if name not in ("id", "rows", "loan_ids", "terms_id", "state", "billed_rows")
)

_debt_of = itemgetter(*DEBT_COLUMNS)
_part_of = itemgetter(*PART_COLUMNS[len(DEBT_COLUMNS) :])
_bill_of = itemgetter(*BILL_COLUMNS)


@lru_cache(maxsize=1024)
def terms_of(terms_id: int) -> LoanTerms:
    """Return the numbers a contract was signed under; they never change."""
    return from_numbers(ContractTerms.objects.get(pk=terms_id).numbers)


def position_of(loan: Loan, instalments: Iterable[Instalment]) -> LoanPosition:
    """Read a loan and its instalments as a position."""
    rows = (row.__dict__ for row in instalments)
    return LoanPosition(
        loan.daily_rate_ppm,
        tuple(InstalmentPosition(Debt._make(_debt_of(row)), *_part_of(row)) for row in rows),
        loan.accrued_on,
        loan.principal_nights_fen,
        loan.charged_fen,
        loan.waived_fen,
        loan.drawn_on,
        loan.plan == Plan.BULLET,
        loan.state,
        loan.overdue_on,
        loan.ended_on,
    )


def bill_position_of(
    bill: Bill, rows: tuple[InstalmentKey, ...], loan_ids: tuple[int, ...], *, terms_id: int | None
) -> BillPosition:
    """Read a bill as a position, with the instalments and loans under it."""
    return BillPosition(bill.id, bill.state, rows, loan_ids, terms_id, *_bill_of(bill.__dict__))


def part_values(part: InstalmentPosition) -> tuple[object, ...]:
    """Return the values of ``PART_COLUMNS``."""
    return (*part.debt, *part[1:])


def loan_values(loan: LoanPosition) -> tuple[object, ...]:
    """Return the values of ``LOAN_COLUMNS``."""
    return (
        loan.principal_fen,
        loan.accrued_on,
        loan.principal_nights_fen,
        loan.charged_fen,
        loan.waived_fen,
        loan.overdue_on,
        loan.ended_on,
    )


def bill_values(bill: BillPosition) -> tuple[object, ...]:
    """Return the values of ``BILL_COLUMNS``."""
    return bill[5:-1]
