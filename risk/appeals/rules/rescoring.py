"""A contested decision computed again: frozen inputs without withdrawn sources, with new evidence.

A source that was withdrawn since drops out at once, and one that was given since adds nothing to
what was frozen (SCORE-9). Proofs that a person has accepted are the new evidence (LIMIT-2 to
LIMIT-4), as of the day of the appeal (FAQ-8). The same inputs give the same result, bit for bit
(SCORE-8).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from risk.bureau.rules import BureauReading
from risk.decisions.rules.decision import (
    REVIEWABLE,
    AssessmentDecision,
    DecisionGateFailed,
    DecisionInputs,
)
from risk.facts.rules import FactSource, Features
from risk.policy import LimitPolicy

BUREAU = "bureau"  # the consent to credit reports
_PARTS = {
    "payment": FactSource.PAYMENT,
    "social": FactSource.SOCIAL,
    "wealth": FactSource.WEALTH,
    "consumption": FactSource.CONSUMPTION,
    "evidence": FactSource.AGREEMENT,
}


class NewReport(NamedTuple):
    """A credit report that was fetched since the decision, with its id and digest."""

    reading: BureauReading
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AppealEvidence:
    """What is known on the day of the appeal.

    ``today`` is the feature record of the day: its consents and its accepted proofs are used, and
    nothing else of it. ``cap_fen`` is the highest limit of the lender.
    """

    today: Features
    cap_fen: int
    is_ready: bool
    new_report: NewReport | None = None


class LimitRange(NamedTuple):
    """The limits in fen that an appeal may lead to; none where the least is above the most."""

    least_fen: int
    most_fen: int

    @property
    def is_empty(self) -> bool:
        """Return whether no limit is higher than the present one and within the model."""
        return self.least_fen > self.most_fen


def inputs_again(frozen: DecisionInputs, evidence: AppealEvidence) -> DecisionInputs:
    """Return the inputs of a new decision on a contested one (SCORE-9)."""
    before, today = frozen.features, evidence.today
    sources = tuple(one for one in before.sources if one in today.sources)
    kept: dict[str, Any] = {
        name: getattr(before, name) if source.value in sources else None
        for name, source in _PARTS.items()
    }
    features = replace(before, on=today.on, sources=sources, proofs=today.proofs, **kept)
    reading, report = frozen.reading, frozen.report
    if evidence.new_report is not None:
        reading, report = evidence.new_report
    has_report = BUREAU in sources
    return DecisionInputs(
        features,
        reading if has_report else None,
        report if has_report else None,
        frozen.own_codes,
        evidence.cap_fen,
        evidence.is_ready,
    )


def final_gates(decision: AssessmentDecision) -> list[DecisionGateFailed]:
    """Return the failed conditions that nobody may set aside (ELIG-11, SCORE-9, GEN-11)."""
    return [one for one in decision.failed if one.code not in REVIEWABLE]


def limit_range(decision: AssessmentDecision, *, now_fen: int, policy: LimitPolicy) -> LimitRange:
    """Return the limits that an appeal may lead to: above the present one, at most the model's.

    ``now_fen`` is where the line goes by now, 0 without a line. Where the model gives less than the
    lowest limit, that one is possible (LIMIT-1, LIMIT-2).
    """
    step_fen = policy.limit_step_fen
    next_fen = (now_fen // step_fen + 1) * step_fen
    most_fen = max(policy.limit_min_fen, decision.limit_fen)
    return LimitRange(max(policy.limit_min_fen, next_fen), most_fen)
