"""Control of jobs by staff: pause (one person), resume (two people), release a held run."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.core.models import (
    Approval,
    ApprovalState,
    JobChunk,
    JobPause,
    JobPauseState,
    JobRun,
)
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals, jobs
from backoffice.platform.approvals import AlreadyProposedError, Proposal, ValueChange

KIND = "job-resumption"


class AlreadyPausedError(Refused):
    """The job is paused already."""

    code = "already-paused"
    message = _("The job {job} is paused already.")
    remedy = _("Request its resumption first.")


class NotPausedError(Refused):
    """The job has no pause in the required state."""

    code = "not-paused"
    message = _("The job {job} is not in the required state.")
    remedy = _("Reload the page: somebody else may have been faster.")


class NotHeldError(Refused):
    """The run is not held."""

    code = "run-not-held"
    message = _("The run {run} is not held.")
    remedy = _("Reload the page: somebody else may have been faster.")


def pause(job: str, *, by: models.Model, reason: str, at: datetime) -> JobPause:
    """Pause a job.

    Raises:
        UnknownJobError: no app registered the job.
        AlreadyPausedError: it is paused already.
    """
    code = jobs.job_named(job, on=clock.day_of(at)).code
    if jobs.is_paused(code):
        raise AlreadyPausedError(job=job)
    try:
        with transaction.atomic():
            return JobPause.objects.create(job=job, reason=reason, paused_by_id=by.pk, paused_at=at)
    except IntegrityError as error:
        raise AlreadyPausedError(job=job) from error


@transaction.atomic
def request_resume(job: str, *, by: StaffMember, reason: str, at: datetime) -> None:
    """Request the resumption of a paused job.

    Raises:
        NotPausedError: it is not paused, or a request is open already.
        approvals.NotPermittedError: the person may not request it.
    """
    found = _paused(job)
    try:
        approvals.propose([Proposal(KIND, found.pk)], by=by, reason=reason, at=at)
    except AlreadyProposedError as error:
        raise NotPausedError(job=job) from error


def keep_paused(job: str, *, by: StaffMember, reason: str, at: datetime) -> None:
    """Reject the request: the job stays paused.

    Raises:
        NotPausedError: there is no open request to resume it.
        approvals.SamePersonError: the requester cannot decide it.
        approvals.ExpiredError: the request has expired.
        approvals.NotPermittedError: the person may not decide it.
    """
    approvals.reject([_request_of(job)], by=by, reason=reason, at=at)


def resume(job: str, *, by: StaffMember, reason: str, at: datetime) -> None:
    """Resume a job as the second person.

    Raises:
        NotPausedError: there is no open request to resume it.
        approvals.SamePersonError: the requester cannot decide it.
        approvals.ExpiredError: the request has expired.
        approvals.NotPermittedError: the person may not decide it.
    """
    approvals.approve([_request_of(job)], by=by, reason=reason, at=at)


def requests() -> dict[int, Approval]:
    """Return the open requests to resume by pause id."""
    found = Approval.objects.filter(kind=KIND, state=ApprovalState.PROPOSED)
    return {one.subject_id: one for one in found.select_related("proposed_by") if one.subject_id}


def apply(approved: Sequence[Approval], *, by: str, reason: str, at: datetime) -> None:
    """Resume the jobs of approved requests; called by ``approvals.approve``."""
    by_pause = {one.subject_id: one for one in approved if one.subject_id is not None}
    wanted = JobPause.objects.filter(pk__in=by_pause)
    pauses = list(wanted.select_for_update().order_by("pk"))
    for pause in pauses:
        approval = by_pause[pause.pk]
        workflow.move([pause], "resume", by=by, reason=reason, at=at, approval=approval)
    workflow.save(pauses, "approval", "resumed_at")


def differences(approval: Approval) -> list[ValueChange]:
    """Return the job that a request resumes, with its title and the reason of the pause."""
    assert approval.subject_id is not None
    pause = JobPause.objects.get(pk=approval.subject_id)
    of_day = jobs.in_order(on=clock.day_of(pause.paused_at))
    title = next((str(job.title) for job in of_day if job.name == pause.job), "")
    name = f"{pause.job} {title}".strip()
    now = f"{JobPauseState.PAUSED.label} · {pause.reason}"
    return [ValueChange(name, now, JobPauseState.RESUMED.label)]


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("resumption of a paused job"),
        apply=apply,
        permission="backoffice.resume_job",
        propose_permission="backoffice.request_resume",
        differences=differences,
    )


def start(*, by: models.Model, at: datetime) -> list[int]:
    """Return the chunks that are due, planned if they are not, to be sent to the workers.

    What the tick does every minute, by a person: the run or the chunks keep the name.
    """
    chunk_ids = jobs.next_chunks(by=str(by), now=at)
    JobChunk.objects.filter(pk__in=chunk_ids).update(sent_by=str(by))
    return chunk_ids


def release(run_id: int, *, by: models.Model) -> JobRun:
    """Release a held run.

    Raises:
        NotHeldError: it is not held, or it is released already.
    """
    held = JobRun.objects.filter(pk=run_id, released_by="").exclude(held_reason="")
    released = held.update(released_by=str(by))
    run = JobRun.objects.get(pk=run_id)
    if not released:
        raise NotHeldError(run=run)
    return run


def _paused(job: str) -> JobPause:
    paused = JobPause.objects.filter(job=job, state=JobPauseState.PAUSED)
    found = paused.select_for_update().first()
    if found is None:
        raise NotPausedError(job=job)
    return found


def _request_of(job: str) -> int:
    """Return the open request to resume a job."""
    pauses = JobPause.objects.filter(job=job, state=JobPauseState.PAUSED)
    found = Approval.objects.filter(
        kind=KIND, state=ApprovalState.PROPOSED, subject_id__in=pauses.values("pk")
    ).first()
    if found is None:
        raise NotPausedError(job=job)
    return found.pk
