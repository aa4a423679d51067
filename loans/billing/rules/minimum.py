"""What a bill asks at least (REPAY-7)."""

from backoffice.core.money import divide_half_up
from loans.policy import LoanTerms


def minimum_fen(
    total_fen: int,
    *,
    mandatory_fen: int,
    past_due_fen: int = 0,
    minimum_months: int = 0,
    terms: LoanTerms,
) -> int:
    """Return the minimum payment of a bill, half-up to the fen (REPAY-7).

    ``mandatory_fen`` is all interest, fees and plan rows of the bill; ``total_fen`` leaves out
    what is past due. A bill below 10.00 is paid whole, and so is one after ``minimum_months``
    bills in a row that ended with the minimum; the minimum never exceeds the total.
    """
    if total_fen < terms.minimum_floor_fen or minimum_months >= terms.minimum_months_max:
        return past_due_fen + total_fen
    share_fen = divide_half_up(total_fen * terms.minimum_permille, 1000)
    return past_due_fen + min(total_fen, max(share_fen, mandatory_fen))
