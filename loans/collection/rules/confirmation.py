"""Until when a customer may confirm a payment inside WeChat (REPAY-12)."""

from datetime import datetime, timedelta


def expires_at(asked_at: datetime, *, minutes: int, day_ends_at: datetime) -> datetime:
    """Return the end of the time to confirm: some minutes, and not beyond the day.

    The amount is what is owed on the day on which it was offered; after midnight more may be.
    """
    return min(asked_at + timedelta(minutes=minutes), day_ends_at)
