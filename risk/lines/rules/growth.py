"""The growth factor of a line: bills move it, a ceiling bounds its rises (LIMIT-10, LIMIT-11)."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from risk.policy import LimitPolicy


class GrowthOutcome(StrEnum):
    """How a bill ended, as growth weighs it: once for each bill."""

    IN_FULL = "in_full"
    NEUTRAL = "neutral"  # the minimum, or everything within grace
    OVERDUE = "overdue"


class GrowthStep(NamedTuple):
    """The growth factor from a day on; the last step of a day counts."""

    on: date
    factor: Fraction


START = Fraction(1)


def outcome_of(*, is_overdue: bool, paid_on: date | None, due_on: date) -> GrowthOutcome:
    """Return how growth weighs a bill: ``paid_on`` is the day on which all of it was paid, if any.

    Paid by the due date counts in full; the minimum, a carried rest and grace are neutral.
    """
    if is_overdue:
        return GrowthOutcome.OVERDUE
    in_full = paid_on is not None and paid_on <= due_on
    return GrowthOutcome.IN_FULL if in_full else GrowthOutcome.NEUTRAL


def step_of(
    outcome: GrowthOutcome, *, counted: GrowthOutcome | None, policy: LimitPolicy
) -> Fraction:
    """Return the step of a bill; a corrected outcome replaces the one that was counted before."""
    before = 1000 if counted is None else step_permille(counted, policy=policy)
    return Fraction(step_permille(outcome, policy=policy), before)


def step_permille(outcome: GrowthOutcome, *, policy: LimitPolicy) -> int:
    """Return the factor of a bill: 1.05, 1 or 0.95 (LIMIT-10)."""
    if outcome == GrowthOutcome.IN_FULL:
        return policy.growth_up_permille
    return policy.growth_down_permille if outcome == GrowthOutcome.OVERDUE else 1000


def factor_at(history: Sequence[GrowthStep], *, on: date) -> Fraction:
    """Return the factor as of the end of a day, 1 before the first step; oldest step first."""
    for step in reversed(history):
        if step.on <= on:
            return step.factor
    return START


def ceiling(history: Sequence[GrowthStep], *, on: date, policy: LimitPolicy) -> Fraction:
    """Return the highest factor after a rise on a day (LIMIT-11).

    It is 1.15 times the factor as of the end of the day 365 days before; a line that was opened
    later has no step by then, so that 1 counts.
    """
    before = factor_at(history, on=on - timedelta(policy.growth_window_days))
    return before * Fraction(policy.growth_ceiling_permille, 1000)


def grown(
    history: Sequence[GrowthStep], step: Fraction, *, on: date, policy: LimitPolicy
) -> Fraction:
    """Return the factor after a step on a day, unrounded.

    A fall is taken whole. A rise, of a bill or of growth points, ends at the ceiling; where the
    factor is above it already, the rise changes nothing (LIMIT-11).
    """
    factor = factor_at(history, on=on)
    if step <= 1:
        return factor * step
    return max(factor, min(factor * step, ceiling(history, on=on, policy=policy)))
