"""Recordings of faces that are no longer wanted (LAW-18)."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import IdentityVerification, VerificationState
from backoffice.core import workflow
from backoffice.platform import work_queue

QUEUE = "identity-review"  # submissions between the two lines of the face score (SEC-3)


def drop(
    submissions: QuerySet[IdentityVerification],
    *,
    lapsing: Collection[str] = (VerificationState.PENDING,),
    by: str,
    reason: str,
    at: datetime,
) -> int:
    """Delete the face tokens of submissions; return how many there were.

    A submission in a state of ``lapsing`` lapses: a provider cannot be asked without the face. The
    rows are locked, so a caller who locks their customers too must do that afterwards, as whoever
    records what a provider said does.
    """
    rows = list(submissions.filter(face_token__isnull=False).select_for_update().order_by("pk"))
    open_still = [row for row in rows if row.state in lapsing]
    workflow.move(open_still, "lapse", by=by, reason=reason, at=at)
    workflow.save(open_still, "decided_at")
    work_queue.finish(open_still, queue=QUEUE, by=by, reason=reason, at=at)
    kept = IdentityVerification.objects.filter(pk__in=[row.pk for row in rows])
    return kept.update(face_token=None)
