"""A draft of product numbers: the two sides of its simulation, and what it changes at once."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from risk.simulation.rules.moves import SimulatedNumbers

Overrides = Mapping[str, Mapping[str, Any]]  # by app and field, as JSON values

# What the target of an open line is computed from. Other numbers of limits act on later days: on
# new evidence, the next bill, the next application (LIMIT-3, LIMIT-10, LIMIT-12).
AT_ONCE = frozenset({
    "limit_min_fen", "limit_step_fen", "income_permille", "low_income_fen", "low_income_limit_fen",
    "house_percent", "vehicle_percent", "other_asset_percent", "assets_max_percent",
})  # fmt: skip


class SimulationSides(NamedTuple):
    """The numbers in force on a day, and those under the draft."""

    before: SimulatedNumbers
    after: SimulatedNumbers

    @property
    def redecides(self) -> bool:
        """Return whether decisions are made again: the draft changes the score."""
        return self.before.scoring != self.after.scoring

    def changed(self) -> list[str]:
        """Return the numbers of scoring and limits that differ, as ``app.field``."""
        pairs = (
            ("scoring", self.before.scoring, self.after.scoring),
            ("limits", self.before.limits, self.after.limits),
        )
        found = [
            f"{app}.{one.name}"
            for app, was, now in pairs
            for one in fields(was)
            if getattr(was, one.name) != getattr(now, one.name)
        ]
        is_other_cap = self.before.cap_fen != self.after.cap_fen
        return [*found, *(["accounts.limit_max_fen"] if is_other_cap else [])]

    def later_only(self) -> list[str]:
        """Return the numbers that differ and move no open line on their day."""
        limits = (name for name in self.changed() if name.startswith("limits."))
        return [name for name in limits if name.removeprefix("limits.") not in AT_ONCE]
