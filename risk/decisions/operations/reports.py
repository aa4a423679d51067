"""Reports that customers read: the first reading of a decision is noted (FAQ-8)."""

from datetime import datetime

from django.db import transaction

from risk.models import Assessment


@transaction.atomic
def view(customer_id: int, *, at: datetime) -> Assessment | None:
    """Return the latest decided assessment of a customer, marked as viewed; None without one.

    The moment is that of the first reading: one conditional statement, so that two readings at once
    note one.
    """
    decided = Assessment.objects.filter(customer=customer_id, decided_at__isnull=False)
    latest = decided.order_by("-pk").first()
    if latest is not None and latest.viewed_at is None:
        Assessment.objects.filter(pk=latest.pk, viewed_at=None).update(viewed_at=at)
        return Assessment.objects.get(pk=latest.pk)
    return latest
