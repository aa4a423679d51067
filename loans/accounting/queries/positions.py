"""Reading rows as positions of the rules, and which column stores which value."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet

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
    "overdue_on", "ended_on", "converted_on", "converted_to",
)  # fmt: skip
BILL_COLUMNS = tuple(
    name
    for name in BillPosition._fields
    if name not in ("id", "rows", "loan_ids", "terms_id", "state", "billed_rows")
)

# The columns of a loan that its position is made of, before and after its parts.
_OF_LOAN = (
    "daily_rate_ppm", "accrued_on", "principal_nights_fen", "charged_fen", "waived_fen",
    "drawn_on", "plan", "state", "overdue_on", "ended_on", "rate_factor_permille",
    "proof_until_on", "proven_on", "converted_on", "converted_to",
)  # fmt: skip
_ROW = ("loan_id", "loan__terms_id", *(f"loan__{name}" for name in _OF_LOAN), *PART_COLUMNS)
_PARTS_FROM = 2 + len(_OF_LOAN)
_DEBT_UNTIL = _PARTS_FROM + len(DEBT_COLUMNS)
_READ_ROWS = 5_000

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
        loan.plan == Plan.BULLET and loan.converted_on is None,
        loan.state,
        loan.overdue_on,
        loan.ended_on,
        loan.rate_factor_permille,
        full_rate_on(loan.proof_until_on, loan.proven_on),
        loan.converted_on,
        loan.converted_to,
    )


def full_rate_on(proof_until_on: date | None, proven_on: date | None) -> date:
    """Return the first night at the full rate; the last day there is where none comes (RATE-10)."""
    if proof_until_on is None or proven_on is not None:
        return date.max
    return proof_until_on + timedelta(days=1)


def positions_of(instalments: QuerySet[Instalment]) -> Iterator[tuple[LoanTerms, LoanPosition]]:
    """Read whole loans from the rows of their instalments: each with its terms, by id.

    No record is made, and no more rows are kept than are read at a time: for those who look at
    every loan of a portfolio.
    """
    rows = instalments.order_by("loan_id", "number").values_list(*_ROW)
    for _loan_id, of_loan in groupby(rows.iterator(chunk_size=_READ_ROWS), itemgetter(0)):
        parts = tuple(of_loan)
        yield terms_of(parts[0][1]), _position(parts)


def _position(rows: tuple[tuple[Any, ...], ...]) -> LoanPosition:
    rate_ppm, accrued_on, nights_fen, charged_fen, waived_fen, drawn_on, plan, *now = rows[0][
        2:_PARTS_FROM
    ]
    state, overdue_on, ended_on, factor_permille, proof_until_on, proven_on, *converted = now
    converted_on, converted_to = converted
    parts = tuple(
        InstalmentPosition(Debt._make(row[_PARTS_FROM:_DEBT_UNTIL]), *row[_DEBT_UNTIL:])
        for row in rows
    )
    return LoanPosition(
        rate_ppm, parts, accrued_on, nights_fen, charged_fen, waived_fen, drawn_on,
        plan == Plan.BULLET and converted_on is None, state, overdue_on, ended_on, factor_permille,
        full_rate_on(proof_until_on, proven_on), converted_on, converted_to,
    )  # fmt: skip


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
        loan.converted_on,
        loan.converted_to,
    )


def bill_values(bill: BillPosition) -> tuple[object, ...]:
    """Return the values of ``BILL_COLUMNS``."""
    return bill[5:-1]
