"""The figures of a simulation: counted and summed over moves, a chunk at a time, then merged."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from heapq import nlargest
from typing import Any

from risk.simulation.rules.moves import DecisionMove, LineMove, MoveReason

MOVERS_MAX = 20
# Upper ends of the buckets below and at 0, lower ends of those above, in percent of the target.
FALLS = (-50, -20, -10, -5, 0)
RISES = (0, 5, 10, 20, 50)
BUCKETS = len(FALLS) + 1 + len(RISES)
UNCHANGED_BUCKET = len(FALLS)


@dataclass(slots=True)
class SimulationFigures:
    """What a draft does to many lines.

    ``raised``, ``lowered`` and ``unchanged`` count every line once, by its target; the others
    count beside it. ``before_fen`` and ``after_fen`` sum the targets. ``buckets`` count lines by
    change in percent of the target before, and ``bucket_fen`` sums their changes; ``movers`` are
    the largest changes, equal ones in the order of the lines. ``outcomes`` are decisions that
    change while no target moves: out and in, then those by the most grades.
    """

    lines: int = 0
    raised: int = 0
    lowered: int = 0
    unchanged: int = 0
    suspended: int = 0
    resumed: int = 0
    applicants: int = 0
    approved: int = 0  # in: no longer refused
    refused: int = 0  # out
    grade_up: int = 0
    grade_down: int = 0
    before_fen: int = 0
    after_fen: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    bucket_fen: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    grades: dict[str, int] = field(default_factory=dict)
    movers: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "SimulationFigures":
        """Return the figures that ``as_json`` stored."""
        return cls(**stored)


_SUMMED = ("lines", "raised", "lowered", "unchanged", "suspended", "resumed", "applicants",
           "approved", "refused", "grade_up", "grade_down", "before_fen", "after_fen")  # fmt: skip


def bucket_of(before_fen: int, after_fen: int) -> int:
    """Return the bucket of a change: exact, by the change in percent of what was.

    A fall of exactly 10 % is in the bucket that ends at -10; a rise of exactly 10 % in the one that
    begins above 5 and ends at 10. Whatever was 0 before is in the last one.
    """
    delta = 100 * (after_fen - before_fen)
    if not delta:
        return UNCHANGED_BUCKET
    if delta < 0:
        return next(n for n, end in enumerate(FALLS) if delta <= end * before_fen)
    passed = sum(delta > start * before_fen for start in RISES)
    return UNCHANGED_BUCKET + passed


def of_moves(moves: Sequence[LineMove]) -> SimulationFigures:
    """Return the figures of moves."""
    lines = [move for move in moves if move.line_id is not None]
    deltas = [move.after_fen - move.before_fen for move in lines]
    found = SimulationFigures(
        lines=len(lines),
        raised=sum(delta > 0 for delta in deltas),
        lowered=sum(delta < 0 for delta in deltas),
        unchanged=deltas.count(0),
        suspended=sum(move.is_below and not move.was_below for move in lines),
        resumed=sum(move.was_below and not move.is_below for move in lines),
        applicants=len(moves) - len(lines),
        before_fen=sum(move.before_fen for move in lines),
        after_fen=sum(move.after_fen for move in lines),
    )
    found.buckets[UNCHANGED_BUCKET] = found.unchanged
    moved = [move for move, delta in zip(lines, deltas, strict=True) if delta]
    for move in moved:
        bucket = bucket_of(move.before_fen, move.after_fen)
        found.buckets[bucket] += 1
        found.bucket_fen[bucket] += move.after_fen - move.before_fen
    found.movers = [_row(move) for move in nlargest(MOVERS_MAX, moved, key=_size)]
    decided = [_outcome(move, one) for move in moves if (one := move.decision) and not _size(move)]
    found.outcomes = nlargest(MOVERS_MAX, filter(_weight, decided), key=_weight)
    _count_decisions(found, moves)
    return found


def merged(parts: Iterable[SimulationFigures]) -> SimulationFigures:
    """Return the figures of all parts together; the parts are in the order of the lines."""
    whole, grades = SimulationFigures(), Counter[str]()
    movers: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for part in parts:
        for name in _SUMMED:
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        whole.buckets = [a + b for a, b in zip(whole.buckets, part.buckets, strict=True)]
        whole.bucket_fen = [a + b for a, b in zip(whole.bucket_fen, part.bucket_fen, strict=True)]
        grades.update(part.grades)
        movers += part.movers
        outcomes += part.outcomes
    whole.outcomes = nlargest(MOVERS_MAX, outcomes, key=_weight)
    whole.movers = nlargest(
        MOVERS_MAX, movers, key=lambda row: abs(row["after_fen"] - row["before_fen"])
    )
    whole.grades = dict(sorted(grades.items()))
    return whole


def _count_decisions(found: SimulationFigures, moves: Sequence[LineMove]) -> None:
    decisions = [move.decision for move in moves if move.decision is not None]
    found.approved = sum(one.is_in for one in decisions)
    found.refused = sum(one.is_out for one in decisions)
    found.grade_up = sum(one.grade_steps > 0 for one in decisions)
    found.grade_down = sum(one.grade_steps < 0 for one in decisions)
    pairs = Counter(
        f"{one.grade_before or '-'} > {one.grade_after or '-'}"
        for one in decisions
        if one.grade_steps
    )
    found.grades = dict(sorted(pairs.items()))


def _row(move: LineMove) -> dict[str, Any]:
    return {
        "line": move.line_id, "customer": move.customer_id, "before_fen": move.before_fen,
        "after_fen": move.after_fen, "reason": move.reason.value,
    }  # fmt: skip


def _outcome(move: LineMove, decision: DecisionMove) -> dict[str, Any]:
    return {
        **_row(move), "grade_before": decision.grade_before, "grade_after": decision.grade_after,
        "grade_steps": decision.grade_steps,
    }  # fmt: skip


def _weight(row: Mapping[str, Any]) -> int:
    """Return how much a changed decision weighs: a verdict more than any number of grades."""
    is_verdict = row["reason"] in (MoveReason.REFUSED, MoveReason.APPROVED)
    return 100 if is_verdict else abs(row["grade_steps"])


def _size(move: LineMove) -> int:
    return abs(move.after_fen - move.before_fen)  # equal ones stay in the order of the lines
