"""Exact arithmetic of money: integer fen, rates in ppm a day, one named rounding."""

from collections.abc import Sequence
from itertools import accumulate

MICROFEN_PER_FEN = 1_000_000


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide and round half up (四舍五入); neither number may be negative (GEN-2)."""
    assert numerator >= 0 and denominator > 0, "half-up is defined here for amounts, not for debts"
    return (2 * numerator + denominator) // (2 * denominator)


def split(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weight so that the parts sum to it, by cumulative rounding (REPAY-13).

    Each part is at most one fen from its exact share. Weights that are all zero get nothing,
    which is only allowed when there is nothing to split.
    """
    whole = sum(weights)
    if whole == 0:
        assert total_fen == 0, "an amount cannot be split over nothing"
        return [0] * len(weights)
    ends_fen = [divide_half_up(total_fen * end, whole) for end in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends_fen], ends_fen, strict=False)]


def percent_of_ppb(ppb: int) -> str:
    """Return billionths as per cent, exactly: 247500 becomes ``0.02475%``."""
    whole, part = divmod(ppb, 10_000_000)
    return f"{whole}.{part:07}".rstrip("0").rstrip(".") + "%"


def yuan(amount_fen: int) -> str:
    """Write an amount for people: ``1015008`` becomes ``10,150.08``."""
    sign = "-" if amount_fen < 0 else ""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{fen:02}"
