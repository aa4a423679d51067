"""The daily step of a limit towards its target (LIMIT-5)."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

from django.db import transaction

from backoffice.core.money import yuan
from backoffice.core.reasons import Reason
from risk.lines.operations.batch import LineBatch, locked
from risk.lines.rules import walk as rules
from risk.lines.rules.reasons import LineReason


@transaction.atomic
def walk(line_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Move each limit by the step of a day, once for each day; return how many moved.

    Fixed and temporary limit together stay within the lender's cap (LIMIT-1).
    """
    batch = LineBatch(locked(line_ids), by=by, on=on, at=at)
    moved = 0
    for line in batch.lines.values():
        if not line.model_part or (line.walked_on is not None and line.walked_on >= on):
            continue
        line.walked_on = on
        most_fen = max(line.limit_fen, batch.cap_fen - line.temporary_fen)
        target = batch.target(line)
        wanted = target if target <= most_fen else Fraction(most_fen)
        step = rules.next_day(line.limit_fen, wanted, policy=batch.policy)
        if step.limit_fen != line.limit_fen:
            moved += 1
            percent = batch.policy.daily_walk_permille // 10
            facts = {"target": yuan(line.target_fen or 0), "percent": percent}
            batch.move(line, step.limit_fen, Reason(LineReason.WALKED, facts))
    batch.write()
    return moved
