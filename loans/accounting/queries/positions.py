"""Reading rows as positions, for operations that charge them and for pages that explain them."""

from collections.abc import Iterable
from functools import lru_cache

from loans.accounting.queries.terms import from_numbers
from loans.accounting.rules.position import (
    Part,
    Position,
)
from loans.models import ContractTerms, Instalment, Loan
from loans.policy import LoanPolicy

PART_FIELDS = (
    "unpaid_principal_fen", "unpaid_interest_fen", "unpaid_plan_fee_fen", "unpaid_late_fee_fen",
    "unpaid_penalty_fen", "accrual", "segment_on", "segment_base_fen", "segment_posted_fen",
)  # fmt: skip


@lru_cache(maxsize=1024)
def terms_of(terms_id: int) -> LoanPolicy:
    """Return the numbers a contract was signed under; they never change."""
    return from_numbers(ContractTerms.objects.get(pk=terms_id).numbers)


def position_of(loan: Loan, instalments: Iterable[Instalment]) -> Position:
    """Read a loan and its instalments as a position."""
    parts = tuple(Part(*(getattr(row, name) for name in PART_FIELDS)) for row in instalments)
    return Position(
        loan.daily_rate_ppm,
        parts,
        loan.accrued_on,
        loan.principal_nights_fen,
        loan.charged_fen,
        loan.waived_fen,
    )
