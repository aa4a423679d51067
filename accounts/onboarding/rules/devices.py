"""What the report of a device decides on an application (ELIG-9, SEC-2).

The indicators of level S and A that a single report can show. Those of level B and C ask for a
further check or are recorded only, and block nobody here. A flag that the report left out is not
known to be false, but it is not a signal either.
"""

from collections.abc import Collection
from typing import NamedTuple

from accounts.onboarding.rules.occupations import Ruling


class Signal(NamedTuple):
    """An indicator, and what follows for an application."""

    indicator: str
    ruling: Ruling


# By the flag of the report.
SIGNALS = {
    "is_emulator": Signal("DEV-001", Ruling.REFUSE),
    "is_rooted": Signal("DEV-002", Ruling.REFUSE),
    "has_hook": Signal("DEV-003", Ruling.REFUSE),
    "is_cloned_app": Signal("DEV-005", Ruling.REVIEW),
    "has_mock_location": Signal("DEV-021", Ruling.REVIEW),
    "has_remote_control": Signal("DEV-022", Ruling.REFUSE),
}


def indicators(flags: Collection[str]) -> list[str]:
    """Return the indicators that the set flags of a report show, in their order."""
    return sorted(SIGNALS[flag].indicator for flag in flags if flag in SIGNALS)


def ruling(flags: Collection[str]) -> Ruling:
    """Return the strictest ruling of the set flags of a report (DEV-001 to DEV-022)."""
    found = {SIGNALS[flag].ruling for flag in flags if flag in SIGNALS}
    strictest_first = (Ruling.REFUSE, Ruling.REVIEW)
    return next((one for one in strictest_first if one in found), Ruling.ALLOW)
