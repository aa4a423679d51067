"""Lines that come from another system with the limit they had there."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from backoffice.core import bulk
from risk.lines.rules.reasons import RULES, LineReason
from risk.models import LimitChange

_CHANGE = ("customer", "line", "effective_on", "at", "old_fen", "new_fen", "target_fen", "rule",
           "reason", "changed_by", "evidence")  # fmt: skip


class ImportedLine(NamedTuple):
    """A line that was just stored, with its limit in fen and where it comes from."""

    customer_id: int
    line_id: int
    limit_fen: int
    origin: str


def record_import(lines: Sequence[ImportedLine], *, by: str, on: date, at: datetime) -> None:
    """Store the first change of each imported line, which has none yet (LIMIT-14)."""
    reason = LineReason.IMPORTED
    bulk.copy(LimitChange, _CHANGE, [
        (one.customer_id, one.line_id, on, at, 0, one.limit_fen, one.limit_fen, RULES[reason],
         str(reason), by, one.origin)
        for one in lines
    ])  # fmt: skip
