"""The score of a customer, its grade, its rate and the plans it opens (SCORE-1, 8, 9, 11)."""

from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from backoffice.core.money import divide_half_up
from risk.policy import GRADES, ScoringPolicy
from risk.scoring.rules.components import Component

SHORT_PLANS, LONG_PLANS = (3, 6), (12,)  # REPAY-6, numbers of instalments
# SCORE-9 without them no score is computed.
REQUIRED = (Component.PAYMENT, Component.PERFORMANCE)


class Grade(StrEnum):
    """Grades, the best first (SCORE-11)."""

    AAA = "AAA"
    AA = "AA"
    A = "A"
    BBB = "BBB"
    BB = "BB"
    B = "B"
    C = "C"


class Components(NamedTuple):
    """The five components, exact; None where the consent of its source is withdrawn (SCORE-9)."""

    payment: Fraction | None
    social: Fraction | None
    wealth: Fraction | None
    consumption: Fraction | None
    performance: Fraction | None


class Score(NamedTuple):
    """A score and what follows from it; None and no plans where it is too low or not computed."""

    total: int | None
    grade: Grade | None
    rate_ppm: int | None
    plans: tuple[int, ...]


NOT_SCORABLE = Score(None, None, None, ())
_WEIGHTS = tuple(f"{component}_weight_percent" for component in Component)
_GRADES = tuple((Grade(name.upper()), f"grade_{name}_min", f"rate_{name}_ppm") for name in GRADES)


def is_scorable(components: Components) -> bool:
    """Return whether a score can be computed: payment and performance are there (SCORE-9)."""
    return components.payment is not None and components.performance is not None


def weights(components: Components, *, policy: ScoringPolicy) -> tuple[Fraction, ...]:
    """Return the share of each component, renormalised over those that are there (SCORE-9).

    They sum to 1; what is withdrawn has 0.
    """
    percents = [
        0 if value is None else getattr(policy, name)
        for value, name in zip(components, _WEIGHTS, strict=True)
    ]
    whole = sum(percents)
    return tuple(Fraction(percent, whole) for percent in percents)


def score(components: Components, *, policy: ScoringPolicy) -> Score:
    """Return the score of components: 300 + hu(5.5 x weighted mean), its grade, rate and plans.

    This is the only rounding, half-up to a whole point (SCORE-8). Without payment or performance
    nothing is computed; below 500 there is no grade and no rate (SCORE-9, SCORE-11).
    """
    if not is_scorable(components):
        return NOT_SCORABLE
    top, bottom, whole = 0, 1, 0
    for value, name in zip(components, _WEIGHTS, strict=True):
        if value is None:
            continue
        percent = getattr(policy, name)
        part_top, part_bottom = value.as_integer_ratio()
        top, bottom = top * part_bottom + percent * part_top * bottom, bottom * part_bottom
        whole += percent
    rounded = divide_half_up(policy.score_span * top, 100 * whole * bottom)
    return graded(policy.score_base + rounded, policy=policy)


def graded(total: int, *, policy: ScoringPolicy) -> Score:
    """Return grade, rate and plans of a score (SCORE-11, RATE-1, REPAY-6)."""
    for grade, least, rate in _GRADES:
        if total >= getattr(policy, least):
            return Score(total, grade, getattr(policy, rate), open_plans(total, policy=policy))
    return Score(total, None, None, ())


def open_plans(total: int, *, policy: ScoringPolicy) -> tuple[int, ...]:
    """Return the numbers of instalments that a score opens, the bound included (REPAY-6)."""
    if total >= policy.long_plan_score_min:
        return SHORT_PLANS + LONG_PLANS
    return SHORT_PLANS if total >= policy.plan_score_min else ()
