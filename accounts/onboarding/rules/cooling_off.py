"""How long a new customer may only look (ELIG-10): exact hours from the registration."""

from datetime import datetime, timedelta


def ends_at(registered_at: datetime, hours: int) -> datetime:
    """Return the first moment at which everything is open."""
    return registered_at + timedelta(hours=hours)


def is_cooling(registered_at: datetime, at: datetime, hours: int) -> bool:
    """Say whether a moment is still before the end; the end itself is open."""
    return at < ends_at(registered_at, hours)
