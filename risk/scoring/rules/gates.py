"""Gates that an application must pass besides its score: each failed one as a code with facts.

The basic conditions (ELIG-1 to ELIG-9, ELIG-12) are gates of accounts and come before these.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from risk.policy import ScoringPolicy
from risk.scoring.rules.components import is_serious, recent
from risk.scoring.rules.score import Score


class GateCode(StrEnum):
    """Gates in the order in which they are checked."""

    OVERDUE_HISTORY = "overdue-history"  # ELIG-11, no override by staff
    NOT_SCORABLE = "not-scorable"  # SCORE-9
    LOW_SCORE = "low-score"  # SCORE-11


class FailedGate(NamedTuple):
    """A gate that was not passed, with the facts that its text names."""

    code: GateCode
    facts: Mapping[str, int | str]


def failed_gates(codes: str, score: Score, *, policy: ScoringPolicy) -> tuple[FailedGate, ...]:
    """Return the gates that are not passed, every one of them.

    ``codes`` are the monthly codes of the bureau, the oldest first; the last is that of the month
    before the application. Code 3 does not refuse, and no file is not a refusal (ELIG-11).

    Raises:
        UnknownCodeError: credit reporting does not define a code.
    """
    failed = []
    serious = [
        (ago, code)
        for ago, code in enumerate(reversed(recent(codes, policy=policy)), 1)
        if is_serious(code)
    ]
    if serious:
        months_ago, code = serious[0]
        facts: dict[str, int | str] = {
            "months": len(serious), "months_ago": months_ago, "status": code,
        }  # fmt: skip
        failed.append(FailedGate(GateCode.OVERDUE_HISTORY, facts))
    if score.total is None:
        failed.append(FailedGate(GateCode.NOT_SCORABLE, {}))
    elif score.grade is None:
        facts = {"total": score.total, "total_min": policy.grade_c_min}
        failed.append(FailedGate(GateCode.LOW_SCORE, facts))
    return tuple(failed)
