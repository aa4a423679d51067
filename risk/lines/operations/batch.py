"""The locked lines of one command, with what is written of them at its end.

The changes are inserted before the lines are updated: the database accepts a limit only as the new
one of the last change, and a change only where the line stands.
"""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction

from accounts.policy import AccountPolicy
from backoffice.core import bulk, workflow
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.core.reasons import Given, Reason, stored
from risk.lines.queries.amounts import goes_to_fen
from risk.lines.rules import walk
from risk.lines.rules.grant import target
from risk.lines.rules.reasons import RULES, LineReason
from risk.models import CreditLine, CreditLineState, LimitChange
from risk.policy import LimitPolicy

_CHANGE = ("customer", "line", "effective_on", "at", "old_fen", "new_fen", "target_fen", "rule",
           "reason", "facts", "changed_by", "evidence")  # fmt: skip
_LINE = ("limit_fen", "model_part", "growth", "target_fen", "growth_since_on", "anniversary_on",
         "walked_on", "is_below_minimum")  # fmt: skip


def locked(line_ids: Sequence[int]) -> list[CreditLine]:
    """Lock and return the lines that are not closed, in the order of their ids."""
    lines = CreditLine.objects.exclude(state=CreditLineState.CLOSED)
    return list(lines.filter(pk__any=bulk.Of(line_ids)).select_for_update().order_by("pk"))


class LineBatch:
    """Locked lines of one command; ``write`` stores their changes, at the end and once."""

    def __init__(self, lines: Sequence[CreditLine], *, by: str, on: date, at: datetime) -> None:
        self.lines = {line.pk: line for line in lines}
        self.by, self.on, self.at = by, on, at
        self.policy = current(LimitPolicy, on=on)
        self.cap_fen = current(AccountPolicy, on=on).limit_max_fen
        self._changes: list[tuple[object, ...]] = []

    def target(self, line: CreditLine) -> Fraction:
        """Return the unrounded limit of a line with a model part, at most the lender's cap."""
        return target(Fraction(line.model_part), Fraction(line.growth), cap_fen=self.cap_fen)

    def _line_target(self, line: CreditLine) -> walk.LineTarget:
        part, growth = Fraction(line.model_part), Fraction(line.growth)
        return walk.line_target(
            line.limit_fen, part, growth, cap_fen=self.cap_fen, policy=self.policy
        )

    def opened(self, line: CreditLine, reason: Given, *, evidence: str) -> None:
        """Note the first limit of a line."""
        self._note(line, 0, reason, evidence)

    def retarget(self, line: CreditLine, reason: Given, *, evidence: str = "") -> None:
        """Compute the target again; note where it is another one. The limit follows by days."""
        if not line.model_part:
            return
        resting_fen = self._line_target(line).resting_fen
        if resting_fen != line.target_fen:
            line.target_fen = resting_fen
            self._note(line, line.limit_fen, reason, evidence)

    def move(self, line: CreditLine, limit_fen: int, reason: Given) -> None:
        """Set the limit of the day."""
        old_fen, line.limit_fen = line.limit_fen, limit_fen
        self._note(line, old_fen, reason, "")

    def write(self) -> None:
        """Store the changes and the lines; suspend those below the lowest limit (LIMIT-1)."""
        lines = [self.lines[line_id] for line_id in sorted(self.lines)]
        self._follow_minimum(lines)
        bulk.copy(LimitChange, _CHANGE, self._changes)
        workflow.save(lines, *_LINE)

    def _note(self, line: CreditLine, old_fen: int, reason: Given, evidence: str) -> None:
        code, facts = stored(reason)
        # A line that keeps its limit has no target: it rests where it is.
        target_fen = goes_to_fen(line)
        self._changes.append(
            (line.customer_id, line.pk, self.on, self.at, old_fen, line.limit_fen, target_fen,
             RULES[code], code, facts, self.by, evidence)
        )  # fmt: skip

    def _follow_minimum(self, lines: Sequence[CreditLine]) -> None:
        reason = Reason(LineReason.BELOW_MINIMUM, {"minimum": yuan(self.policy.limit_min_fen)})
        changed = {line_id for _customer, line_id, *_rest in self._changes}
        for line in lines:
            was_below = line.is_below_minimum
            line.is_below_minimum = (
                bool(line.model_part) and self._line_target(line).is_below_minimum
            )
            if line.is_below_minimum and not was_below and line.pk not in changed:
                # The line rests at the lowest limit already: only this tells why it is suspended.
                self._note(line, line.limit_fen, reason, "")
            if line.is_below_minimum and line.state == CreditLineState.ACTIVE:
                self._switch(line, "suspend", reason)
            is_free = was_below and not (line.is_below_minimum or line.is_stopped)
            if is_free and line.state == CreditLineState.SUSPENDED:
                self._switch(line, "resume", reason._replace(code=LineReason.ABOVE_MINIMUM))

    def _switch(self, line: CreditLine, transition: str, reason: Reason) -> None:
        workflow.move(
            [line], transition, by=self.by, reason=reason, at=self.at, effective_on=self.on
        )
