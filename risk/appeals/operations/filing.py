"""Appeals as customers make them: opened, given materials, submitted, withdrawn (FAQ-8).

An appeal contests the latest decision, once, after its report was read. While the staff reviews an
appeal no other decision is requested: the appeal is the way to one.
"""

from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.models import AssetProof
from accounts.onboarding.context import RequestContext
from backoffice.core import clock, workflow
from backoffice.core.crypto import Sealed
from backoffice.core.errors import NextCall, Refused
from backoffice.core.policy import current
from backoffice.platform import idempotency, work_queue
from risk.appeals.operations import closing
from risk.appeals.operations.queue import QUEUE
from risk.appeals.rules import deadlines
from risk.appeals.rules.deadlines import Contested
from risk.appeals.rules.reasons import AppealReason
from risk.decisions.operations.requests import AssessmentOpenError
from risk.models import (
    DECIDED_STATES,
    OPEN_APPEALS,
    OPEN_STATES,
    PREPARED_STATES,
    WRITABLE_STATES,
    Appeal,
    AppealMaterial,
    AppealState,
    Assessment,
    AssessmentState,
)
from risk.policy import AppealPolicy

_READ = (NextCall("read-report", "GET", "/api/v1/me/report"),)
_LIST = (NextCall("list-appeals", "GET", "/api/v1/appeals"),)
_SUPPORT = NextCall("ask-support", "POST", "/api/v1/me/complaints")
_STATES = {
    Contested.REFUSAL: (AssessmentState.REFUSED,),
    Contested.LIMIT: (AssessmentState.APPROVED,),
    Contested.BUREAU: DECIDED_STATES,
}


class NothingDecidedError(Refused):
    """There is no decision that could be contested."""

    code = "appeal-nothing-decided"
    message = _("There is no decision on an assessment of yours.")
    remedy = _("Request an assessment first.")
    calls = (NextCall("request-assessment", "POST", "/api/v1/me/assessments"),)


class ReportNotViewedError(Refused):
    """The report on the contested decision was not read yet (FAQ-8)."""

    code = "appeal-report-not-viewed"
    message = _("You have not read the report on this decision yet.")
    remedy = _("Read the report; it names the reasons that you may contest.")
    calls = _READ


class ContestedBeforeError(Refused):
    """The decision was contested before, or an appeal has led to it."""

    code = "appeal-made-before"
    message = _("This decision was contested before, or it follows from an appeal.")
    remedy = _("File a complaint if you do not agree with the outcome.")
    calls = (*_LIST, _SUPPORT)


class AppealOpenError(Refused):
    """Another appeal of the customer is open; there is one at a time."""

    public_facts = ("appeal",)
    code = "appeal-open"
    message = _("Another appeal of yours is open.")
    remedy = _("Add to that appeal, or wait for its outcome.")
    calls = _LIST


class AppealTooLateError(Refused):
    """The time in which a decision may be contested has passed."""

    public_facts = ("until_at",)
    code = "appeal-too-late"
    message = _("This decision could be contested until {until_at}.")
    remedy = _("Request a new assessment.")
    calls = (NextCall("request-assessment", "POST", "/api/v1/me/assessments"),)


class AppealKindError(Refused):
    """The decision is not of the kind that is contested."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "appeal-kind-wrong"
    message = _("A refusal is contested as refusal, an approved limit as limit.")
    remedy = _("Read the report and choose what you contest.")
    calls = _READ


class NotWritableError(Refused):
    """The appeal is with the staff, or it has ended."""

    public_facts = ("state",)
    code = "appeal-not-writable"
    message = _("Nothing can be added to this appeal at the moment.")
    remedy = _("Read the appeal: it says whether a reviewer has it, or how it ended.")
    calls = _LIST


class TooManyMaterialsError(Refused):
    """The appeal has the maximum number of materials."""

    code = "appeal-materials-too-many"
    message = _("This appeal has {materials_max} materials already.")
    remedy = _("Submit it with what it has.")


class MaterialKnownError(Refused):
    """The appeal has this proof already."""

    code = "appeal-material-known"
    message = _("This proof was added to the appeal before.")
    remedy = _("Add another one, or submit the appeal.")


class SupersededError(Refused):
    """A later assessment has taken the place of the contested one."""

    code = "appeal-superseded"
    message = _("A later assessment has taken the place of the one that you contest.")
    remedy = _("Read its report; you may contest the latest decision.")
    calls = _READ


class AppealEndedError(Refused):
    """The appeal is decided or has ended."""

    public_facts = ("state",)
    code = "appeal-ended"
    message = _("This appeal is decided, or it has ended.")
    remedy = _("Read its outcome.")
    calls = _LIST


class Objection(NamedTuple):
    """What a customer contests, and why, in the customer's own words."""

    contested: Contested
    statement: str


class Material(NamedTuple):
    """What a customer adds: a proof by its public id, or a text."""

    proof_id: UUID | None = None
    text: str | None = None


@transaction.atomic(durable=True)
@idempotency.replies
def open_appeal(objection: Objection, *, context: RequestContext) -> Appeal:
    """Open an appeal against the latest decision of a customer (FAQ-8, LAW-18).

    One that was prepared against an earlier decision and never submitted is closed.

    Raises:
        NothingDecidedError: no assessment is decided.
        AssessmentOpenError: an assessment or a human review is not decided yet.
        AppealOpenError: another appeal is open.
        ContestedBeforeError: the decision was contested before, or follows from an appeal.
        AppealKindError: a refusal is contested as a limit, or a limit as a refusal.
        AppealTooLateError: more than 60 days have passed since the decision.
        ReportNotViewedError: the report was not read since the decision.
    """
    locked = context.locked()
    mine = Assessment.objects.filter(customer=locked.customer)
    waiting = mine.filter(state__in=OPEN_STATES).first()
    if waiting is not None:
        raise AssessmentOpenError(assessment=str(waiting.public_id))
    latest = mine.order_by("-pk").first()
    if latest is None or latest.decided_at is None:
        raise NothingDecidedError
    closing.close_superseded(latest, by=locked.by, at=locked.at)
    _require_contestable(latest, objection, locked)
    assert latest.viewed_at is not None

    appeal = Appeal.objects.create(
        customer=locked.customer,
        assessment=latest,
        kind=objection.contested.value,
        statement=Sealed(objection.statement),
        opened_at=locked.at,
        report_viewed_at=latest.viewed_at,
    )
    trace.note([appeal], "open", by=locked.by, reason=AppealReason.OPENED, at=locked.at)
    return appeal


@transaction.atomic(durable=True)
@idempotency.replies
def add_material(public_id: UUID, *, material: Material, context: RequestContext) -> AppealMaterial:
    """Add a proof or a text to an appeal that is prepared, or that waits for the customer.

    Raises:
        Appeal.DoesNotExist: the customer has no such appeal.
        AssetProof.DoesNotExist: the customer has no such proof.
        NotWritableError: the appeal is with the staff, or has ended.
        TooManyMaterialsError: it has the maximum number of materials.
        MaterialKnownError: it has this proof already.
    """
    appeal, locked = _writable(public_id, context)
    count_max = current(AppealPolicy, on=locked.on).materials_max
    if appeal.materials.count() >= count_max:
        raise TooManyMaterialsError(materials_max=count_max)
    proof = _proof(appeal, material)

    added = AppealMaterial.objects.create(
        customer=locked.customer,
        appeal=appeal,
        proof_id=proof.public_id if proof else None,
        proof_kind=proof.kind if proof else "",
        text=None if material.text is None else Sealed(material.text),
        added_at=locked.at,
    )
    reason = AppealReason.MATERIAL_ADDED
    if appeal.state == AppealState.DRAFT:
        workflow.move([appeal], "collect", by=locked.by, reason=reason, at=locked.at)
        workflow.save([appeal])
    else:
        trace.note([appeal], "collect", by=locked.by, reason=reason, at=locked.at)
    return added


@transaction.atomic(durable=True)
@idempotency.replies
def submit(public_id: UUID, *, context: RequestContext) -> Appeal:
    """Hand an appeal to the staff; materials are not needed (FAQ-8).

    It is due 15 days later, 20 for a credit report; at the second time the deadline moves on by the
    time for which it waited for the customer.

    Raises:
        Appeal.DoesNotExist: the customer has no such appeal.
        NotWritableError: it is with the staff, or has ended.
        AssessmentOpenError: an assessment or a human review is not decided yet.
        SupersededError: a later assessment has taken the place of the contested one.
        AppealTooLateError: more than 60 days have passed since the decision.
    """
    appeal, locked = _writable(public_id, context)
    if appeal.state in PREPARED_STATES:
        _require_current(appeal, locked)
    due_at = _due_at(appeal, at=locked.at)

    reason = AppealReason.SUBMITTED
    workflow.move([appeal], "submit", by=locked.by, reason=reason, at=locked.at, due_at=due_at)
    workflow.save([appeal], "submitted_at", "due_at", "asked_at")
    work_queue.add([appeal], queue=QUEUE, at=locked.at, deadline_at=due_at)
    return appeal


@transaction.atomic(durable=True)
@idempotency.replies
def withdraw(public_id: UUID, *, context: RequestContext) -> Appeal:
    """End an open appeal without a decision, also one that a person reviews.

    The decision cannot be contested again; a proposal to uphold the appeal can no longer be
    approved.

    Raises:
        Appeal.DoesNotExist: the customer has no such appeal.
        AppealEndedError: it is decided, or has ended.
    """
    locked = context.locked()
    rows = Appeal.objects.filter(customer=locked.customer).select_related("assessment")
    appeal = rows.select_for_update(of=("self",)).get(public_id=public_id)
    if appeal.state not in OPEN_APPEALS:
        raise AppealEndedError(state=appeal.state)
    closing.withdraw(appeal, by=locked.by, at=locked.at)
    return appeal


def _require_contestable(latest: Assessment, objection: Objection, locked: RequestContext) -> None:
    mine = Appeal.objects.filter(customer=locked.customer)
    still_open = mine.filter(state__in=OPEN_APPEALS).first()
    if still_open is not None:
        raise AppealOpenError(appeal=str(still_open.public_id))
    if latest.appeal_id is not None or mine.filter(assessment=latest).exists():
        raise ContestedBeforeError
    if latest.state not in _STATES[objection.contested]:
        raise AppealKindError
    _require_in_time(latest, locked)
    if latest.viewed_at is None:
        raise ReportNotViewedError


def _require_in_time(contested: Assessment, locked: RequestContext) -> None:
    assert contested.decided_at is not None
    policy = current(AppealPolicy, on=locked.on)
    until_at = deadlines.filed_until(contested.decided_at, policy=policy)
    if locked.at > until_at:
        raise AppealTooLateError(until_at=until_at.astimezone(clock.SHANGHAI).isoformat())


def _require_current(appeal: Appeal, locked: RequestContext) -> None:
    """Refuse an appeal whose decision is not the latest one any more."""
    later = Assessment.objects.filter(customer=locked.customer, pk__gt=appeal.assessment_id)
    waiting = later.filter(state__in=OPEN_STATES).first()
    if waiting is not None:
        raise AssessmentOpenError(assessment=str(waiting.public_id))
    if later.exists():
        raise SupersededError
    _require_in_time(appeal.assessment, locked)


def _writable(public_id: UUID, context: RequestContext) -> tuple[Appeal, RequestContext]:
    """Lock the customer, then the appeal, to which something may be added."""
    locked = context.locked()
    rows = Appeal.objects.filter(customer=locked.customer).select_related("assessment")
    appeal = rows.select_for_update(of=("self",)).get(public_id=public_id)
    if appeal.state not in WRITABLE_STATES:
        raise NotWritableError(state=appeal.state)
    return appeal, locked


def _proof(appeal: Appeal, material: Material) -> AssetProof | None:
    if material.proof_id is None:
        return None
    mine = AssetProof.objects.filter(customer=appeal.customer_id).defer("asset_number")
    proof = mine.get(public_id=material.proof_id)
    if appeal.materials.filter(proof_id=proof.public_id).exists():
        raise MaterialKnownError
    return proof


def _due_at(appeal: Appeal, *, at: datetime) -> datetime:
    if appeal.due_at is None or appeal.asked_at is None:
        policy = current(AppealPolicy, on=clock.day_of(at))
        return deadlines.due_at(at, Contested(appeal.kind), policy=policy)
    return deadlines.moved_on(appeal.due_at, asked_at=appeal.asked_at, answered_at=at)
