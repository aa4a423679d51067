"""What a draft of the numbers does to one line, by the rules that compute limits (LIMIT-1 to 12).

Factors stored with a line, of occupation and consumption, stay as they are until new evidence: so
does ``recompute``, which applies the numbers on their day.
"""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from backoffice.core.translation import gettext_noop
from risk.decisions.rules.decision import DecisionInputs, DecisionVerdict, decide
from risk.lines.rules import grant, walk
from risk.lines.rules.grant import Capacity
from risk.lines.rules.walk import LineTarget
from risk.policy import GRADES, LimitPolicy, ScoringPolicy


class SimulatedNumbers(NamedTuple):
    """The numbers of one side of a simulation; ``cap_fen`` is the lender's highest limit."""

    scoring: ScoringPolicy
    limits: LimitPolicy
    cap_fen: int


class SimulatedLine(NamedTuple):
    """An open line: ``agreed`` replaces its model part; without ``capacity`` none is computed.

    A line with neither keeps its limit.
    """

    line_id: int
    customer_id: int
    limit_fen: int
    growth: Fraction
    capacity: Capacity | None
    agreed: Fraction | None


class MoveReason(StrEnum):
    """What becomes of a line or an applicant, the one that weighs most."""

    REFUSED = "refused"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    RAISED = "raised"
    LOWERED = "lowered"
    AGREED = "agreed"
    NO_MODEL = "no-model-part"
    UNCHANGED = "unchanged"


MOVE_TEXTS: Mapping[MoveReason, str] = {
    MoveReason.REFUSED: gettext_noop("the decision becomes a refusal"),
    MoveReason.APPROVED: gettext_noop("the decision is no longer a refusal"),
    MoveReason.SUSPENDED: gettext_noop("below the lowest limit: suspended"),
    MoveReason.RESUMED: gettext_noop("no longer below the lowest limit"),
    MoveReason.RAISED: gettext_noop("the target rises"),
    MoveReason.LOWERED: gettext_noop("the target falls"),
    MoveReason.AGREED: gettext_noop("a person decided the limit"),
    MoveReason.NO_MODEL: gettext_noop("without a model part the limit stays"),
    MoveReason.UNCHANGED: gettext_noop("unchanged"),
}


class DecisionMove(NamedTuple):
    """A decision made again under the numbers of both sides; a grade is empty where none is."""

    verdict_before: DecisionVerdict
    verdict_after: DecisionVerdict
    grade_before: str
    grade_after: str

    @property
    def is_out(self) -> bool:
        """Return whether the draft refuses what is not refused today."""
        refused = DecisionVerdict.REFUSED
        return self.verdict_after is refused and self.verdict_before is not refused

    @property
    def is_in(self) -> bool:
        """Return whether the draft no longer refuses what is refused today."""
        refused = DecisionVerdict.REFUSED
        return self.verdict_before is refused and self.verdict_after is not refused

    @property
    def grade_steps(self) -> int:
        """Return by how many grades the draft is better; below the last grade is one more."""
        return _rank(self.grade_before) - _rank(self.grade_after)


class LineMove(NamedTuple):
    """Targets of a line in fen under both sides, and why they differ; 0 without a line."""

    line_id: int | None
    customer_id: int
    before_fen: int
    after_fen: int
    reason: MoveReason
    was_below: bool = False
    is_below: bool = False
    decision: DecisionMove | None = None


def target_under(line: SimulatedLine, numbers: SimulatedNumbers) -> LineTarget:
    """Return the target of a line under the numbers of one side, rounded as limits are (GEN-2)."""
    part = line.agreed
    if line.capacity is not None:
        part = grant.part_in_force(line.capacity, line.agreed, policy=numbers.limits)
    if part is None:
        return LineTarget(line.limit_fen, is_below_minimum=False)
    return walk.line_target(
        line.limit_fen, part, line.growth, cap_fen=numbers.cap_fen, policy=numbers.limits
    )


def line_move(
    line: SimulatedLine,
    before: SimulatedNumbers,
    after: SimulatedNumbers,
    *,
    decision: DecisionMove | None = None,
) -> LineMove:
    """Return what the draft does to a line."""
    was_fen, was_below = target_under(line, before)
    is_fen, is_below = target_under(line, after)
    reason = _decided(decision) or _moved(line, is_fen - was_fen, was_below, is_below)
    return LineMove(
        line.line_id, line.customer_id, was_fen, is_fen, reason, was_below, is_below, decision
    )


def applicant_move(customer_id: int, decision: DecisionMove) -> LineMove:
    """Return what the draft does to the decision on a customer without an open line."""
    return LineMove(
        None, customer_id, 0, 0, _decided(decision) or MoveReason.UNCHANGED, decision=decision
    )


def decision_move(
    inputs: DecisionInputs, before: SimulatedNumbers, after: SimulatedNumbers
) -> DecisionMove:
    """Return a decision made again from its frozen inputs under both sides (SCORE-8, SCORE-11).

    Raises:
        UnknownCodeError: credit reporting does not define a monthly code.
    """
    was, now = (
        decide(inputs, scoring=side.scoring, limits=side.limits) for side in (before, after)
    )
    return DecisionMove(
        was.verdict, now.verdict, was.scored.score.grade or "", now.scored.score.grade or ""
    )


def _decided(decision: DecisionMove | None) -> MoveReason | None:
    if decision is None:
        return None
    if decision.is_out:
        return MoveReason.REFUSED
    return MoveReason.APPROVED if decision.is_in else None


def _moved(line: SimulatedLine, delta_fen: int, was_below: bool, is_below: bool) -> MoveReason:
    if was_below is not is_below:
        return MoveReason.SUSPENDED if is_below else MoveReason.RESUMED
    if delta_fen:
        return MoveReason.RAISED if delta_fen > 0 else MoveReason.LOWERED
    if line.capacity is None and line.agreed is None:
        return MoveReason.NO_MODEL
    return MoveReason.UNCHANGED if line.agreed is None else MoveReason.AGREED


_RANKS = {grade.upper(): rank for rank, grade in enumerate(GRADES)}


def _rank(grade: str) -> int:
    return _RANKS.get(grade, len(GRADES))
