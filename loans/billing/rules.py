"""What a bill asks at least, and the late fee of one left unpaid (REPAY-7, REPAY-13)."""

from collections.abc import Sequence

from backoffice.core.money import (
    divide_half_up,
    split,
)
from loans.policy import LoanPolicy


def minimum_fen(
    total_fen: int, *, mandatory_fen: int, past_due_fen: int = 0, terms: LoanPolicy
) -> int:
    """Return the minimum payment of a bill, half-up to the fen (REPAY-7).

    ``mandatory_fen`` is all interest, fees and plan rows of the bill; ``total_fen`` leaves out
    what is past due. A bill below 10.00 is paid whole; the minimum never exceeds the total.
    """
    if total_fen < terms.minimum_floor_fen:
        return past_due_fen + total_fen
    share_fen = divide_half_up(total_fen * terms.minimum_permille, 1000)
    return past_due_fen + min(total_fen, max(share_fen, mandatory_fen))


def late_fee_fen(unpaid_fen: int, terms: LoanPolicy) -> int:
    """Return the late fee on what was billed and unpaid when the due date ended (REPAY-13)."""
    return divide_half_up(unpaid_fen * terms.late_fee_ppm, 1_000_000)


def late_fees_fen(bases_fen: Sequence[int], terms: LoanPolicy) -> list[int]:
    """Return one bill's late fee, split over its parts in drawdown order so that they sum to it."""
    return split(late_fee_fen(sum(bases_fen), terms), bases_fen)
