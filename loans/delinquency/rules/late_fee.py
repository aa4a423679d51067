"""The late fee of a bill left unpaid: how much, and when (REPAY-11, REPAY-13)."""

from collections.abc import Sequence
from datetime import date

from backoffice.core.money import divide_half_up, split
from loans.policy import LoanTerms


def late_fee_fen(unpaid_fen: int, terms: LoanTerms) -> int:
    """Return the late fee on what was billed and unpaid when the due date ended (REPAY-13)."""
    return divide_half_up(unpaid_fen * terms.late_fee_ppm, 1_000_000)


def late_fees_fen(bases_fen: Sequence[int], terms: LoanTerms) -> list[int]:
    """Return one bill's late fee, split over its parts in drawdown order so that they sum to it."""
    return split(late_fee_fen(sum(bases_fen), terms), bases_fen)


def is_late_fee_due(
    *, on: date, refused_on: date | None, charged_on: date | None, is_debited: bool
) -> bool:
    """Say whether the 00:05 batch of ``on`` charges the late fee of a bill in arrears.

    Once a bill; the day after the first counted refusal, or at once where nobody debits
    (REPAY-11, REPAY-13).
    """
    if charged_on is not None:
        return False
    return not is_debited if refused_on is None else on > refused_on
