"""The record of what providers were asked and what they said (ELIG-3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Model

from accounts.models import ProviderCall


class Asked(NamedTuple):
    """One question that was asked: about what, masked, and the answer as far as it is kept."""

    provider: str
    action: str
    attempt: int
    verdict: str
    code: str
    request_id: str
    masked: Mapping[str, Any]
    latency_ms: int


def record(asked: Sequence[Asked], *, subject: Model, customer_id: int, at: datetime) -> None:
    """Write down the questions asked about one subject, in the caller's transaction."""
    ProviderCall.objects.bulk_create(
        ProviderCall(
            subject_type=subject._meta.label_lower,
            subject_id=subject.pk,
            customer_id=customer_id,
            asked_at=at,
            **one._asdict(),
        )
        for one in asked
    )
