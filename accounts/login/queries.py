"""Whom else a device has served (ELIG-9)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, IntegerField, Q, Subquery

from accounts.models import DeviceLink


def people_on(device: Any) -> Subquery:
    """Return how many customers have ever logged in on a device, as part of a statement."""
    links = DeviceLink.objects.filter(device=device).order_by().values("device")
    counted = links.annotate(people=Count("account__customer", distinct=True))
    return Subquery(counted.values("people"), output_field=IntegerField())


class Company(NamedTuple):
    """The most WeChat accounts of late, and the most people ever, on one of several devices."""

    accounts: int
    people: int


def company(device_ids: Collection[int], since: datetime) -> Company:
    """Return whom the busiest of some devices has served, accounts since a machine moment."""
    links = DeviceLink.objects.filter(device__in=device_ids).values("device")
    found = links.annotate(
        accounts=Count("account__openid_blind", distinct=True, filter=Q(seen_at__gte=since)),
        people=Count("account__customer", distinct=True),
    ).values_list("accounts", "people")
    accounts, people = zip(*found, strict=True) if found else ((0,), (0,))
    return Company(max(accounts), max(people))
