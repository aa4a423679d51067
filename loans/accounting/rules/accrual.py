"""What an instalment bears for its nights, in closed form (RATE-3 to RATE-5, REPAY-9).

Exact until posted: interest is base x ppm x nights, the penalty power is a ratio of integers, and
the one rounding is half-up. Posting the cumulative amount less what was posted keeps the drift of
a segment within half a fen (GEN-3).
"""

from math import gcd

from backoffice.core.money import MICROFEN_PER_FEN, divide_half_up
from loans.accounting.rules.codes import Accrual
from loans.policy import LoanTerms

_PPM = 1_000_000


def interest_fen(base_fen: int, rate_ppm: int, nights: int) -> int:
    """Return simple interest of a number of nights, half-up to the fen (Article §5)."""
    return divide_half_up(base_fen * rate_ppm * nights, MICROFEN_PER_FEN)


def revolving_fen(base_fen: int, rate_ppm: int, factor_permille: int, nights: int) -> int:
    """Return interest at a multiple of the rate: multiplied through, divided once (REPAY-9)."""
    exact = base_fen * rate_ppm * factor_permille * nights
    return divide_half_up(exact, MICROFEN_PER_FEN * 1000)


def penalty_fen(base_fen: int, penalty_ppm: int, nights: int) -> int:
    """Return penalty interest, compounded nightly on base and unpaid penalty (RATE-5)."""
    common = gcd(_PPM + penalty_ppm, _PPM)
    grown = ((_PPM + penalty_ppm) // common) ** nights
    whole = (_PPM // common) ** nights
    return divide_half_up(base_fen * (grown - whole), whole)


def contract_fen(accrual: str, base_fen: int, rate_ppm: int, nights: int, terms: LoanTerms) -> int:
    """Return what a segment bears over its first ``nights``, before the cap of RATE-7."""
    if accrual == Accrual.OWN:
        return interest_fen(base_fen, rate_ppm, nights)
    if accrual == Accrual.REVOLVING:
        return revolving_fen(base_fen, rate_ppm, terms.revolve_factor_permille, nights)
    if accrual == Accrual.PENALTY:
        return penalty_fen(base_fen, terms.penalty_ppm, nights)
    return 0


def rate_micro(accrual: str, rate_ppm: int, terms: LoanTerms) -> int:
    """Return the current daily rate of an accrual, in ppm x permille: exact (RATE-10)."""
    if accrual == Accrual.NONE:
        return 0
    if accrual == Accrual.PENALTY:
        return terms.penalty_ppm * 1000
    if accrual == Accrual.REVOLVING:
        return rate_ppm * terms.revolve_factor_permille
    return rate_ppm * 1000
