"""The hours of direct debits: once a day, then hourly (REPAY-11)."""

from datetime import time


def retries(first: time, until: time) -> list[time]:
    """Return the hours after the first debits at which open bills are asked again.

    Every full hour after the first, up to ``until`` and including it (REPAY-11).
    """
    hours = range(first.hour + 1, until.hour + 1)
    return [at for at in (first.replace(hour=hour) for hour in hours) if at <= until]


def name_of(at: time) -> str:
    """Return the name of the job at an hour, such as 09:00."""
    return f"{at:%H:%M}"
