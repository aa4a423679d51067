"""The limit of a day on its way to the target: at most 20 % up or down (LIMIT-5, GEN-2).

A new verified income is a new target, from the next step on (LIMIT-13).
"""

from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from risk.lines.rules.grant import target
from risk.policy import LimitPolicy


class WalkVerdict(StrEnum):
    """What a target asks of the line."""

    KEEP = "keep"
    SUSPEND = "suspend"


class WalkedLimit(NamedTuple):
    """The limit at the end of a day in fen, and whether the line is suspended."""

    limit_fen: int
    verdict: WalkVerdict


def next_day(limit_fen: int, target_fen: Fraction | int, *, policy: LimitPolicy) -> WalkedLimit:
    """Return the limit of the next day.

    The unrounded target is compared with the limit in force. A rise is floored to 100 yuan, a fall
    ceiled, so that a day is never over 20 %; rounding alone never turns one into the other.
    Where the target is below 500.00 the line is suspended, and its limit stops there (LIMIT-1).
    """
    is_below = target_fen < policy.limit_min_fen
    verdict = WalkVerdict.SUSPEND if is_below else WalkVerdict.KEEP
    step_fen = policy.limit_step_fen
    if target_fen > limit_fen:
        most_fen = limit_fen * (1000 + policy.daily_walk_permille) // 1000
        raised_fen = min(int(target_fen), most_fen) // step_fen * step_fen
        return WalkedLimit(max(limit_fen, raised_fen), verdict)
    least_fen = -(-limit_fen * (1000 - policy.daily_walk_permille) // 1000)
    wanted_fen = max(-(-target_fen.numerator // target_fen.denominator), least_fen)
    lowered_fen = max(-(-wanted_fen // step_fen) * step_fen, policy.limit_min_fen)
    return WalkedLimit(min(limit_fen, lowered_fen), verdict)


def resting_fen(limit_fen: int, target_fen: Fraction | int, *, policy: LimitPolicy) -> int:
    """Return the limit at which the walk to a target ends: in whole steps, never past either."""
    step_fen = policy.limit_step_fen
    if target_fen > limit_fen:
        return max(limit_fen, int(target_fen) // step_fen * step_fen)
    wanted_fen = -(-target_fen.numerator // target_fen.denominator)
    lowered_fen = max(-(-wanted_fen // step_fen) * step_fen, policy.limit_min_fen)
    return min(limit_fen, lowered_fen)


class LineTarget(NamedTuple):
    """Where a limit rests in fen, and whether the model gives less than the lowest limit."""

    resting_fen: int
    is_below_minimum: bool


def line_target(
    limit_fen: int, model: Fraction, growth: Fraction, *, cap_fen: int, policy: LimitPolicy
) -> LineTarget:
    """Return the target of a line from its model part and growth factor (LIMIT-1, 5, 10).

    Both stay exact; the limit at which the walk ends is rounded as every limit is (GEN-2).
    """
    unrounded = target(model, growth, cap_fen=cap_fen)
    return LineTarget(
        resting_fen(limit_fen, unrounded, policy=policy), unrounded < policy.limit_min_fen
    )


def walk(limit_fen: int, target_fen: Fraction | int, *, policy: LimitPolicy) -> Iterator[int]:
    """Yield the limits of the days to come, until nothing changes any more."""
    following = next_day(limit_fen, target_fen, policy=policy).limit_fen
    while following != limit_fen:
        limit_fen = following
        yield limit_fen
        following = next_day(limit_fen, target_fen, policy=policy).limit_fen
