"""What the score would be without a source, before the customer decides (FAQ-3, SCORE-9)."""

from enum import StrEnum
from typing import NamedTuple

from risk.policy import ScoringPolicy
from risk.scoring.rules.components import Component
from risk.scoring.rules.score import Components, Score, score


class Source(StrEnum):
    """The five sources of data, each a consent of its own (GEN-14)."""

    BUREAU = "bureau"
    SOCIAL = "social"
    PAYMENT = "payment"
    WEALTH = "wealth"
    CONSUMPTION = "consumption"


_COMPONENT = {
    Source.BUREAU: Component.PERFORMANCE,
    Source.SOCIAL: Component.SOCIAL,
    Source.PAYMENT: Component.PAYMENT,
    Source.WEALTH: Component.WEALTH,
    Source.CONSUMPTION: Component.CONSUMPTION,
}


class WithdrawalPreview(NamedTuple):
    """The score now and without the source; ``stops_scoring`` where none would be computed."""

    now: Score
    then: Score
    stops_scoring: bool


def without(components: Components, source: Source) -> Components:
    """Return the components without that of a source."""
    return components._replace(**{_COMPONENT[source].value: None})


def preview(components: Components, source: Source, *, policy: ScoringPolicy) -> WithdrawalPreview:
    """Return what withdrawing a source would change; nothing is stored.

    The other components are renormalised. Without payment or bureau scoring stops, and so do new
    drawdowns; what is owed stays owed.
    """
    then = score(without(components, source), policy=policy)
    return WithdrawalPreview(score(components, policy=policy), then, then.total is None)
