"""Whom else a device has served (ELIG-9)."""

from datetime import datetime

from accounts.models import DeviceLink


def accounts_since(device_id: int, since: datetime) -> int:
    """Return how many WeChat accounts were seen on a device since a moment of machine time."""
    links = DeviceLink.objects.filter(device=device_id, seen_at__gte=since)
    return links.values("account__openid_blind").distinct().count()


def people(device_id: int) -> int:
    """Return how many customers have ever logged in on a device."""
    links = DeviceLink.objects.filter(device=device_id)
    return links.values("account__customer").distinct().count()
