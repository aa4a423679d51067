"""Which payouts wait for an answer of the channel."""

from datetime import datetime

from loans.models import Payout
from loans.models.payout import OPEN_PAYOUT_STATES


def open_ids(kind: str, *, before: datetime) -> list[int]:
    """Return the payouts of a kind that were planned before a moment and have no final answer."""
    waiting = Payout.objects.filter(kind=kind, state__in=OPEN_PAYOUT_STATES, planned_at__lt=before)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def number_of(kind: str, subject_id: int, attempt: int) -> str:
    """Return the number of a payout: its kind, what it is for, and which attempt it is.

    It is made from the fact behind the payout, so that the same payout has the same number.
    """
    return f"{kind[:1].upper()}{subject_id}-{attempt}"
