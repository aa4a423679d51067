"""Which changes cut a limit, and until when a person may be asked to look at one (LAW-18)."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from risk.lines.rules.reasons import LineReason
from risk.policy import AssessmentPolicy

_ASSESSMENT = re.compile(r"AS[0-9]+")


class TargetChange(NamedTuple):
    """A change of a limit: old, new and target in fen, and the code of its reason."""

    old_fen: int
    new_fen: int
    target_fen: int
    reason: str


def origins(changes: Sequence[TargetChange]) -> list[int | None]:
    """Return, for each change of a line in order, the position of the fall that it belongs to.

    A fall is a lower target, or a limit of the model below the lowest one (LIMIT-1). The daily
    steps down belong to the latest fall before them (LIMIT-5); what is no cut has None. The target
    before the first change is not known: the first change is no fall.
    """
    found: list[int | None] = []
    latest = None
    for position, change in enumerate(changes):
        before = changes[position - 1] if position else change
        if change.target_fen < before.target_fen or change.reason == LineReason.BELOW_MINIMUM:
            latest = position
            found.append(position)
        elif change.new_fen < change.old_fen:
            found.append(position if latest is None else latest)
        else:
            found.append(None)
    return found


def is_of_assessment(evidence: str) -> bool:
    """Return whether an assessment decided a change: that decision is reviewed or contested."""
    return _ASSESSMENT.fullmatch(evidence) is not None


def requested_until(at: datetime, *, policy: AssessmentPolicy) -> datetime:
    """Return until when a review of a change of this moment may be requested."""
    return at + timedelta(days=policy.cut_review_days)


def due_at(at: datetime, *, policy: AssessmentPolicy) -> datetime:
    """Return by when a review that is requested now is decided."""
    return at + timedelta(hours=policy.human_review_hours)
