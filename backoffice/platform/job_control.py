"""What staff do to slots of the day: stop at once, resume as two people, start, release.

Starting does what the minute's tick does and nothing else, so a second press changes nothing.
"""

from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core import workflow
from backoffice.core.errors import Refused
from backoffice.core.models import JobRun, SlotPause, SlotPauseState
from backoffice.platform import jobs


class AlreadyPausedError(Refused):
    """The slot is stopped already."""

    code = "already-paused"
    words = _("The slot {slot} is paused already.")
    remedy = _("Ask to resume it first.")


class NotPausedError(Refused):
    """There is no pause that this step could be taken on."""

    code = "not-paused"
    words = _("The slot {slot} does not wait for this step.")
    remedy = _("Reload the page: somebody else may have been faster.")


class SamePersonError(Refused):
    """The one who asked cannot be the one who agrees."""

    code = "same-person"
    words = _("You asked for this yourself.")
    remedy = _("A second person has to agree.")


class NotHeldError(Refused):
    """The run does not wait for anybody."""

    code = "not-held"
    words = _("The run {run} is not held.")
    remedy = _("Reload the page: somebody else may have been faster.")


def pause(slot: str, *, by: models.Model, reason: str, at: datetime) -> SlotPause:
    """Stop a slot at once.

    Raises:
        UnknownSlotError: there is no such slot.
        AlreadyPausedError: it is stopped already.
    """
    jobs.slot_named(slot)
    try:
        with transaction.atomic():
            return SlotPause.objects.create(
                slot=slot, reason=reason, paused_by_id=by.pk, paused_at=at
            )
    except IntegrityError as error:
        raise AlreadyPausedError(slot=slot) from error


@transaction.atomic
def request_resume(slot: str, *, by: models.Model, reason: str, at: datetime) -> None:
    """Ask for a paused slot to run again.

    Raises:
        NotPausedError: it is not paused, or the request stands already.
    """
    found = _locked(slot, SlotPauseState.PAUSED)
    workflow.move([found], "request_resume", by=str(by), reason=reason, at=at, requester=by)
    workflow.save([found], "requested_by")


@transaction.atomic
def keep_paused(slot: str, *, by: models.Model, reason: str, at: datetime) -> None:
    """Decline the request: the slot stays paused.

    Raises:
        NotPausedError: nobody has asked for it to be resumed.
    """
    found = _locked(slot, SlotPauseState.RESUME_REQUESTED)
    workflow.move([found], "keep_paused", by=str(by), reason=reason, at=at)
    workflow.save([found], "requested_by")


@transaction.atomic
def resume(slot: str, *, by: models.Model, reason: str, at: datetime) -> None:
    """Let a slot run again, as the second person.

    Raises:
        NotPausedError: nobody has asked for it to be resumed.
        SamePersonError: the one who asked agrees with themselves.
    """
    found = _locked(slot, SlotPauseState.RESUME_REQUESTED)
    if found.requested_by_id == by.pk:
        raise SamePersonError()
    workflow.move([found], "resume", by=str(by), reason=reason, at=at, resumer=by)
    workflow.save([found], "resumed_by", "resumed_at")


def release(run_id: int, *, by: models.Model) -> JobRun:
    """Let a held run go on.

    Raises:
        NotHeldError: it is not held, or somebody has released it.
    """
    held = JobRun.objects.filter(pk=run_id, released_by="").exclude(held_reason="")
    released = held.update(released_by=str(by))
    run = JobRun.objects.get(pk=run_id)
    if not released:
        raise NotHeldError(run=run)
    return run


def _locked(slot: str, state: SlotPauseState) -> SlotPause:
    found = (
        SlotPause.objects.select_for_update().filter(slot=slot, state=state).order_by("pk").first()
    )
    if found is None:
        raise NotPausedError(slot=slot)
    return found
