"""What an instalment bears for its nights, in closed form (RATE-3 to RATE-5, REPAY-9).

Exact until posted: interest is base x ppm x nights, the penalty power is a ratio of integers, and
the one rounding is half-up. Posting the cumulative amount less what was posted keeps the drift of
a segment within half a fen (GEN-3).
"""

from math import gcd

from backoffice.core.money import MICROFEN_PER_FEN, divide_half_up
from loans.accounting.rules.codes import Accrual
from loans.policy import PENALTY_OF_CONTRACT, LoanTerms

_PPM = 1_000_000
_PERMILLE = 1000


def interest_fen(base_fen: int, rate_ppm: int, nights: int) -> int:
    """Return simple interest of a number of nights, half-up to the fen (Article §5)."""
    return divide_half_up(base_fen * rate_ppm * nights, MICROFEN_PER_FEN)


def revolving_fen(base_fen: int, rate_ppm: int, factor_permille: int, nights: int) -> int:
    """Return interest at a multiple of the rate: multiplied through, divided once (REPAY-9)."""
    exact = base_fen * rate_ppm * factor_permille * nights
    return divide_half_up(exact, MICROFEN_PER_FEN * 1000)


def penalty_fen(base_fen: int, rate: int, nights: int, *, unit: int = _PPM) -> int:
    """Return penalty interest, compounded nightly on base and unpaid penalty (RATE-5).

    ``rate`` a night is in parts of ``unit``, by default in ppm.
    """
    common = gcd(unit + rate, unit)
    grown = ((unit + rate) // common) ** nights
    whole = (unit // common) ** nights
    return divide_half_up(base_fen * (grown - whole), whole)


def own_rate_micro(rate_ppm: int, factor_permille: int, terms: LoanTerms) -> int:
    """Return a loan's own daily rate after its factor, in ppm x permille: exact (RATE-10).

    A factor never lowers it below the lowest rate; a rate that is lower without one stays.
    """
    return max(rate_ppm * factor_permille, min(rate_ppm, terms.daily_rate_min_ppm) * _PERMILLE)


def contract_fen(
    accrual: str,
    base_fen: int,
    rate_ppm: int,
    nights: int,
    terms: LoanTerms,
    *,
    factor_permille: int = _PERMILLE,
) -> int:
    """Return what a segment bears over its first ``nights``, before the cap of RATE-7."""
    if accrual == Accrual.PENALTY:
        if terms.penalty_mode == PENALTY_OF_CONTRACT:
            own = own_rate_micro(rate_ppm, factor_permille, terms)
            rate, unit = own * terms.penalty_factor_permille, _PPM * _PERMILLE * _PERMILLE
            return penalty_fen(base_fen, rate, nights, unit=unit)
        return penalty_fen(base_fen, terms.penalty_ppm, nights)
    if accrual not in (Accrual.OWN, Accrual.REVOLVING):
        return 0
    if factor_permille == _PERMILLE:
        if accrual == Accrual.OWN:
            return interest_fen(base_fen, rate_ppm, nights)
        return revolving_fen(base_fen, rate_ppm, terms.revolve_factor_permille, nights)
    times = terms.revolve_factor_permille if accrual == Accrual.REVOLVING else _PERMILLE
    exact = base_fen * own_rate_micro(rate_ppm, factor_permille, terms) * times * nights
    return divide_half_up(exact, MICROFEN_PER_FEN * _PERMILLE * _PERMILLE)


def rate_micro(
    accrual: str, rate_ppm: int, terms: LoanTerms, *, factor_permille: int = _PERMILLE
) -> int:
    """Return the current daily rate of an accrual, in ppm x permille (RATE-10, LAW-5).

    The one division is by the permille of the 1.5x: with a factor as well it is half-up.
    """
    if accrual == Accrual.NONE:
        return 0
    if accrual == Accrual.PENALTY and terms.penalty_mode != PENALTY_OF_CONTRACT:
        return terms.penalty_ppm * _PERMILLE
    own = own_rate_micro(rate_ppm, factor_permille, terms)
    if accrual == Accrual.REVOLVING:
        return divide_half_up(own * terms.revolve_factor_permille, _PERMILLE)
    if accrual == Accrual.PENALTY:
        return divide_half_up(own * terms.penalty_factor_permille, _PERMILLE)
    return own
