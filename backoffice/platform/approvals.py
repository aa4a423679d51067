"""Approvals (four eyes): one person proposes a request, another decides it.

An app registers a kind of request: its effect, and the permissions to propose and to decide it.
``approve`` performs the effect in its own transaction, so that approval and effect commit together.
The proposer never decides: refused here, by a constraint and by a trigger. All moments are the
product's time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import psycopg
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.staff import StaffMember

VALID_FOR = timedelta(days=30)
BATCH_SIZE = 5_000
_ONE_OPEN = ("approval_one_open", "approval_one_open_content")


class NotProposedError(Refused):
    """A request is not open, or does not exist."""

    code = "approval-not-open"
    message = _("This request is not open.")
    remedy = _("Reload the page: somebody else may have decided it.")


class ExpiredError(Refused):
    """The request has expired."""

    code = "approval-expired"
    message = _("The request expired at {expires_at}.")
    remedy = _("Propose it again.")


class SamePersonError(Refused):
    """The proposer cannot decide the request."""

    code = "same-person"
    message = _("You proposed this request yourself.")
    remedy = _("A second person must decide it.")


class NotProposerError(Refused):
    """Only the proposer can withdraw a request."""

    code = "approval-not-yours"
    message = _("Somebody else proposed this request.")
    remedy = _("Reject it instead, if you have the permission to decide it.")


class NotPermittedError(Refused):
    """The person lacks the permission that the kind of request requires."""

    status = HTTPStatus.FORBIDDEN
    code = "approval-not-permitted"
    message = _("You may not propose or decide requests of this kind: {kind}.")
    remedy = _("Ask a person who may.")


class AlreadyProposedError(Refused):
    """The same request is open already."""

    code = "already-proposed"
    message = _("The same request waits for its decision already: {request}.")
    remedy = _("Open it on the page of approval requests, and decide or withdraw it first.")

    @classmethod
    def of(cls, approval: Approval) -> "AlreadyProposedError":
        """Return the refusal that names an open request: its change, proposer and moment."""
        kind = kind_named(approval.kind)
        words = [f"{one.name} {one.proposed}" for one in kind.differences(approval)[:1]]
        since = approval.proposed_at.astimezone(clock.SHANGHAI)
        origin = gettext("proposed by {name} on {since}").format(
            name=approval.proposed_by, since=f"{since:%Y-%m-%d %H:%M}"
        )
        return cls(request=" · ".join([str(approval), *(words or [str(kind.title)]), origin]))


class UnknownKindError(Refused):
    """No app registered this kind of request."""

    code = "approval-kind-unknown"
    message = _("The kind of request {kind} does not exist.")
    remedy = _("The kinds are: {kinds}.")


class Effect(Protocol):
    """The effect of approved requests of one kind, in the transaction of their approval."""

    def __call__(
        self, approved: Sequence[Approval], /, *, by: str, reason: str, at: datetime
    ) -> None:
        """Perform the effect; a refusal rolls the approval back."""


class ValueChange(NamedTuple):
    """One value that a request changes: its name, the present and the proposed value.

    ``unit`` is that of both values, ``source`` the rule that the value comes from, if any.
    """

    name: str
    now: Any
    proposed: Any
    unit: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalKind:
    """A kind of request; ``differences`` returns the values that a request changes.

    ``summary`` returns a sentence above them. A kind that says everything in words with these two
    ``hides_payload`` from its page.
    """

    title: Promise | str
    apply: Effect
    permission: str
    propose_permission: str
    valid_for: timedelta = VALID_FOR
    differences: Callable[[Approval], Sequence[ValueChange]] = lambda _approval: ()
    summary: Callable[[Approval], str] = lambda _approval: ""
    hides_payload: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal: its kind, its record if any, and its payload."""

    kind: str
    subject_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


_kinds: dict[str, ApprovalKind] = {}
_readers: dict[str, frozenset[str]] = {}


def register(  # noqa: PLR0913 - the columns of the table of kinds
    kind: str,
    *,
    title: Promise | str,
    apply: Effect,
    permission: str,
    propose_permission: str,
    valid_for: timedelta = VALID_FOR,
    differences: Callable[[Approval], Sequence[ValueChange]] = lambda _approval: (),
    summary: Callable[[Approval], str] = lambda _approval: "",
    hides_payload: bool = False,
) -> None:
    """Register a kind of request.

    ``permission`` is needed to decide, ``propose_permission`` to propose.
    """
    assert kind not in _kinds, f"kind {kind} is registered already"
    _kinds[kind] = ApprovalKind(
        title=title,
        apply=apply,
        permission=permission,
        propose_permission=propose_permission,
        valid_for=valid_for,
        differences=differences,
        summary=summary,
        hides_payload=hides_payload,
    )


def kinds() -> Mapping[str, ApprovalKind]:
    """Return the registered kinds by name."""
    return _kinds


def let_read(kind: str, *permissions: str) -> None:
    """Let people with one of these permissions read the requests of a kind.

    They are those to read what the requests are about. Without them only people who may propose or
    decide the kind read its requests.
    """
    _readers[kind] = frozenset(permissions)


def present(kind: str, differences: Callable[[Approval], Sequence[ValueChange]]) -> None:
    """Show the requests of a kind by these values, which say everything, without the payload."""
    _kinds[kind] = replace(_kinds[kind], differences=differences, hides_payload=True)


def readable_kinds(person: StaffMember) -> list[str]:
    """Return the kinds that a person may read: may decide, propose, or read the subject of."""
    return [name for name in _kinds if any(map(person.has_perm, _permissions_to_read(name)))]


def may_decide(person: StaffMember, kind: str) -> bool:
    """Return whether a person has the permission to decide requests of a kind."""
    return kind in _kinds and person.has_perm(_kinds[kind].permission)


def _permissions_to_read(kind: str) -> set[str]:
    known = _kinds[kind]
    return {known.permission, known.propose_permission, *_readers.get(kind, ())}


def kind_named(name: str) -> ApprovalKind:
    """Return a kind.

    Raises:
        UnknownKindError: no app registered it.
    """
    if name not in _kinds:
        raise UnknownKindError(kind=name, kinds=", ".join(sorted(_kinds)))
    return _kinds[name]


@transaction.atomic
def propose(
    proposals: Sequence[Proposal], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Store requests for the decision of another person.

    Raises:
        UnknownKindError: no app registered the kind.
        NotPermittedError: the person may not propose this.
        AlreadyProposedError: a request of the kind about the same record, or one without a record
            and with the same content, is open.
    """
    for proposal in proposals:
        kind = kind_named(proposal.kind)
        _require(by, kind, kind.propose_permission)

    made = [
        Approval(
            kind=proposal.kind,
            subject_id=proposal.subject_id,
            payload=dict(proposal.payload),
            reason=reason,
            proposed_by_id=by.pk,
            proposed_at=at,
            expires_at=at + kind_named(proposal.kind).valid_for,
        )
        for proposal in proposals
    ]
    try:
        with transaction.atomic():
            return Approval.objects.bulk_create(made)
    except IntegrityError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and cause.diag.constraint_name in _ONE_OPEN:
            raise _already_proposed(proposals) from error
        raise


def _already_proposed(proposals: Sequence[Proposal]) -> AlreadyProposedError:
    """Return the refusal of proposals of which one is open; it may have been decided just now."""
    for one in proposals:
        mine = Approval.objects.filter(kind=one.kind, state=ApprovalState.PROPOSED)
        content = {"subject_id": one.subject_id} if one.subject_id else {"payload": one.payload}
        found = mine.filter(**content).first()
        if found is not None:
            return AlreadyProposedError.of(found)
    return AlreadyProposedError(request=kind_named(proposals[0].kind).title)


@transaction.atomic
def approve(
    approval_ids: Collection[int], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Approve requests as the second person and perform their effects, all or none.

    Raises:
        NotProposedError: one is not open, or unknown.
        ExpiredError: one has expired.
        SamePersonError: one is the person's own.
        NotPermittedError: the person may not decide one.
        UnknownKindError: no app registers the kind of one.
    """
    found = _to_decide(approval_ids, by=by, at=at)

    workflow.move(found, "approve", by=str(by), reason=reason, at=at, decider=by, note=reason)
    _save(found)

    by_kind = sorted(found, key=lambda approval: (approval.kind, approval.pk))
    for kind, approved in groupby(by_kind, key=lambda approval: approval.kind):
        kind_named(kind).apply(list(approved), by=str(by), reason=reason, at=at)
    return found


@transaction.atomic
def reject(
    approval_ids: Collection[int], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Reject requests as the second person.

    Raises:
        NotProposedError: one is not open, or unknown.
        ExpiredError: one has expired.
        SamePersonError: one is the person's own.
        NotPermittedError: the person may not decide one.
        UnknownKindError: no app registers the kind of one.
    """
    found = _to_decide(approval_ids, by=by, at=at)
    workflow.move(found, "reject", by=str(by), reason=reason, at=at, decider=by, note=reason)
    _save(found)
    return found


@transaction.atomic
def withdraw(
    approval_ids: Collection[int], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Withdraw requests as their proposer.

    Raises:
        NotProposedError: one is not open, or unknown.
        NotProposerError: somebody else proposed one.
    """
    found = _locked(approval_ids)
    if any(approval.proposed_by_id != by.pk for approval in found):
        raise NotProposerError
    workflow.move(found, "withdraw", by=str(by), reason=reason, at=at, decider=by, note=reason)
    _save(found)
    return found


@transaction.atomic
def expire_overdue(*, by: str, reason: str, at: datetime) -> int:
    """Expire overdue requests, at most ``BATCH_SIZE`` per call; return their number."""
    overdue = Approval.objects.filter(state=ApprovalState.PROPOSED, expires_at__lte=at)
    found = list(overdue.select_for_update(skip_locked=True).order_by("pk")[:BATCH_SIZE])
    workflow.move(found, "expire", by=by, reason=reason, at=at)
    _save(found)
    return len(found)


@transaction.atomic
def expire_of(
    kind: str, subject_ids: Collection[int], *, by: str, reason: str, at: datetime
) -> int:
    """Expire the open requests about records that have ended; return their number."""
    about = Approval.objects.filter(kind=kind, subject_id__in=subject_ids)
    still_open = about.filter(state=ApprovalState.PROPOSED)
    found = list(still_open.select_for_update().order_by("pk"))
    workflow.move(found, "expire", by=by, reason=reason, at=at)
    _save(found)
    return len(found)


def _to_decide(approval_ids: Collection[int], *, by: StaffMember, at: datetime) -> list[Approval]:
    """Lock and return requests that this person may decide now."""
    found = _locked(approval_ids)
    for approval in found:
        kind = kind_named(approval.kind)
        _require(by, kind, kind.permission)
        if approval.proposed_by_id == by.pk:
            raise SamePersonError
        if approval.expires_at <= at:
            raise ExpiredError(expires_at=approval.expires_at.isoformat(timespec="minutes"))
    return found


def _locked(approval_ids: Collection[int]) -> list[Approval]:
    wanted = Approval.objects.filter(pk__in=approval_ids, state=ApprovalState.PROPOSED)
    found = list(wanted.select_for_update().order_by("pk"))
    if len(found) != len(set(approval_ids)):
        raise NotProposedError
    return found


def _require(by: StaffMember, kind: ApprovalKind, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotPermittedError(kind=kind.title, permission=permission)


def _save(found: Sequence[Approval]) -> None:
    workflow.save(found, "decided_by", "decided_at", "note")
