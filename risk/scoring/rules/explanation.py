"""A score in parts, for the customer it is about (FAQ-2, FAQ-6, LAW-18).

Whole points are made by cumulative rounding, so that the parts of a score sum to it and the deltas
of two scores to their difference. Words say what counts; they advise nobody to buy a product.
"""

from fractions import Fraction
from itertools import accumulate, pairwise
from typing import NamedTuple

from backoffice.core.money import divide_half_up
from backoffice.core.translation import gettext_noop as _
from risk.policy import INDICATORS, ScoringPolicy
from risk.scoring.rules.assessment import Scored
from risk.scoring.rules.components import Component
from risk.scoring.rules.payment_behaviour import PAYMENT_INDICATORS
from risk.scoring.rules.score import Components, weights

WEAKEST = 2

# What counts in each component, in neutral words (FAQ-2).
WHAT_COUNTS = {
    Component.PAYMENT: _(
        "Payment behaviour: how often and on how many days payments are made, and how few of them"
        " are large, at night, failed or refunded."
    ),
    Component.SOCIAL: _(
        "Social relations: how many verified contacts there are with mutual transfers."
    ),
    Component.WEALTH: _(
        "Holdings: for how long low-risk holdings have been stable, and how seldom they are"
        " subscribed and redeemed."
    ),
    Component.CONSUMPTION: _("Consumption: the share of everyday spending in all spending."),
    Component.PERFORMANCE: _("Repayment history: months with a delay in the last 24 months."),
}
NEUTRAL_NOTE = _(
    "This explains how the score is computed. It is no advice to buy a product or to spend more."
)


class Delta(NamedTuple):
    """Points of a component in two scores; 0 where it was not scored."""

    component: Component
    before: int
    after: int

    @property
    def points(self) -> int:
        """Return what the component added to the later score, or took from it."""
        return self.after - self.before


def weakest(components: Components) -> tuple[Component, ...]:
    """Return the two weakest components of those that were scored, the weakest first.

    Of two that are equal the one that weighs more by the rulebook comes first.
    """
    found = [
        (value, component)
        for component, value in zip(Component, components, strict=True)
        if value is not None
    ]
    found.sort(key=lambda one: one[0])
    return tuple(component for _value, component in found[:WEAKEST])


def component_points(components: Components, *, policy: ScoringPolicy) -> dict[Component, int]:
    """Return the points that each component adds to the base, summing to the score less the base.

    The components must be scorable.
    """
    exact = [
        share * (value or 0) * Fraction(policy.score_span, 100)
        for share, value in zip(weights(components, policy=policy), components, strict=True)
    ]
    return dict(zip(Component, _whole(exact), strict=True))


def indicator_points(scored: Scored, *, policy: ScoringPolicy) -> dict[str, int]:
    """Return the points of each indicator by code, summing to those of payment behaviour.

    Where payment behaviour has no points, no indicator has.
    """
    of_payment = component_points(scored.components, policy=policy)[Component.PAYMENT]
    exact = [
        Fraction(top, bottom) * getattr(policy, f"{field}_weight_percent")
        for field, (top, bottom) in zip(INDICATORS, scored.sub_scores, strict=True)
    ]
    whole = sum(exact)
    shares = [Fraction(of_payment) * one / whole if whole else Fraction(0) for one in exact]
    codes = (indicator.code for indicator in PAYMENT_INDICATORS)
    return dict(zip(codes, _whole(shares), strict=True))


def deltas(before: Components, after: Components, *, policy: ScoringPolicy) -> list[Delta]:
    """Return the change of each component, summing to the difference of the scores (FAQ-6).

    The greatest change comes first, either way.
    """
    earlier = component_points(before, policy=policy)
    later = component_points(after, policy=policy)
    changes = [Delta(one, earlier[one], later[one]) for one in Component]
    return sorted(changes, key=lambda one: -abs(one.points))


def _whole(exact: list[Fraction]) -> list[int]:
    """Return whole numbers with the rounded sum of the exact ones, each within one of its own."""
    ends = [divide_half_up(*end.as_integer_ratio()) for end in accumulate(exact)]
    return [end - start for start, end in pairwise([0, *ends])]
