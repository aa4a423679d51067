"""The score of everything that is known of a customer, in one call.

The same inputs under the same policy give the same result on every day, so that a stored decision
can be explained later (SCORE-8, LAW-18).
"""

from typing import NamedTuple

from risk.policy import ScoringPolicy
from risk.scoring.rules import components as parts
from risk.scoring.rules import payment_behaviour
from risk.scoring.rules.components import Friends, Holdings, Spending
from risk.scoring.rules.payment_behaviour import PaymentCounts, Ratio
from risk.scoring.rules.score import Components, Score, score


class ScoreInputs(NamedTuple):
    """What a score is computed from; None where the consent of its source is withdrawn (GEN-14).

    ``codes`` are monthly codes of the bureau, the oldest first and empty for a thin file;
    ``own_codes`` those of own loans.
    """

    counts: PaymentCounts | None
    friends: Friends | None
    holdings: Holdings | None
    spending: Spending | None
    codes: str | None
    own_codes: str = ""


class Scored(NamedTuple):
    """Components, sub-scores of the twelve indicators and the score, to be stored together."""

    components: Components
    sub_scores: tuple[Ratio, ...]
    score: Score


def assess(inputs: ScoreInputs, *, policy: ScoringPolicy) -> Scored:
    """Return components, sub-scores and score of the inputs.

    Raises:
        UnknownCodeError: credit reporting does not define a monthly code.
    """
    behaviour = None
    if inputs.counts is not None:
        values = payment_behaviour.measure(inputs.counts, policy=policy)
        behaviour = payment_behaviour.score_values(values, policy=policy)
    components = Components(
        None if behaviour is None else behaviour.component,
        None if inputs.friends is None else parts.social(inputs.friends, policy=policy),
        None if inputs.holdings is None else parts.wealth(inputs.holdings, policy=policy),
        None if inputs.spending is None else parts.consumption(inputs.spending, policy=policy),
        None
        if inputs.codes is None
        else parts.performance(inputs.codes, inputs.own_codes, policy=policy),
    )
    sub_scores = () if behaviour is None else behaviour.sub_scores
    return Scored(components, sub_scores, score(components, policy=policy))
