"""Since when somebody has used WeChat long enough (ELIG-12, CMP-2)."""

from calendar import monthrange
from datetime import date


def enough_history_on(used_since_on: date, months: int) -> date:
    """Return the first day on which the history is long enough.

    Calendar months; a day that the last month does not have becomes its last day. Whose first day
    is unknown has no such day: the caller refuses that with its own reason.
    """
    year, month = divmod(used_since_on.year * 12 + used_since_on.month - 1 + months, 12)
    day = min(used_since_on.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day)
