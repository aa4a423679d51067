"""Four eyes, once: requests that one person proposes and another decides.

An app registers a kind: what an approved request of it does, the right to propose it and the right
to decide it. ``approve`` performs the effect in its own transaction: a request is approved and has
taken effect, or neither. The proposer never decides: refused here, by a constraint and by a
trigger. All moments are the product's time.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import groupby
from typing import Any, NamedTuple, Protocol

import psycopg
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backoffice.core import workflow
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState

VALID_FOR = timedelta(days=30)
BATCH_SIZE = 5_000


class NotProposedError(Refused):
    """A request is decided already, or there is none of this id."""

    code = "approval-not-open"
    message = _("This request does not wait for a decision.")
    remedy = _("Reload the page: somebody else may have been faster.")


class ExpiredError(Refused):
    """Nobody decided the request in time."""

    code = "approval-expired"
    message = _("The request expired at {expires_at}.")
    remedy = _("Propose it again.")


class SamePersonError(Refused):
    """The proposer cannot be the one who decides."""

    code = "same-person"
    message = _("You asked for this yourself.")
    remedy = _("A second person has to agree.")


class NotProposerError(Refused):
    """Only the proposer withdraws a request."""

    code = "approval-not-yours"
    message = _("Somebody else proposed this.")
    remedy = _("Reject it instead, if you have the right to decide it.")


class NotPermittedError(Refused):
    """The person has not the right that the kind of request needs."""

    status = HTTPStatus.FORBIDDEN
    code = "approval-not-permitted"
    message = _("You do not have the right {permission}.")
    remedy = _("Ask somebody who has it.")


class AlreadyProposedError(Refused):
    """The same request waits for a decision already."""

    code = "already-proposed"
    message = _("The same request waits for a decision already.")
    remedy = _("Decide or withdraw that one first.")


class UnknownKindError(Refused):
    """No app registered this kind of request."""

    code = "approval-kind-unknown"
    message = _("There is no request of the kind {kind}.")
    remedy = _("The kinds are: {kinds}.")


class Person(Protocol):
    """A member of the staff: a key, a name and rights."""

    pk: Any

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Return whether the person has a right, named ``app.codename``."""
        ...


class Effect(Protocol):
    """What approved requests of one kind do, in the transaction of their approval."""

    def __call__(
        self, approved: Sequence[Approval], /, *, by: str, reason: str, at: datetime
    ) -> None:
        """Perform what was approved; a refusal undoes the approval too."""


class Difference(NamedTuple):
    """One thing that a request changes: its name, its value now, its value when approved."""

    name: str
    now: Any
    proposed: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of request; ``differences`` returns what a request of it changes, for its page."""

    title: Promise | str
    apply: Effect
    permission: str
    propose_permission: str
    valid_for: timedelta = VALID_FOR
    differences: Callable[[Approval], Sequence[Difference]] = lambda approval: ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: its kind, the record it is about, if any, and what else belongs to it."""

    kind: str
    subject_id: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


_kinds: dict[str, Kind] = {}


def register(
    kind: str,
    *,
    title: Promise | str,
    apply: Effect,
    permission: str,
    propose_permission: str,
    valid_for: timedelta = VALID_FOR,
    differences: Callable[[Approval], Sequence[Difference]] = lambda approval: (),
) -> None:
    """Name what approved requests of a kind do and who may propose and decide them.

    ``permission`` is the right to decide, ``propose_permission`` the right to propose.
    """
    assert kind not in _kinds, f"kind {kind} is registered already"
    _kinds[kind] = Kind(
        title=title,
        apply=apply,
        permission=permission,
        propose_permission=propose_permission,
        valid_for=valid_for,
        differences=differences,
    )


def kinds() -> Mapping[str, Kind]:
    """Return the registered kinds by name."""
    return _kinds


def kind_named(name: str) -> Kind:
    """Return a kind.

    Raises:
        UnknownKindError: no app registered it.
    """
    if name not in _kinds:
        raise UnknownKindError(kind=name, kinds=", ".join(sorted(_kinds)))
    return _kinds[name]


@transaction.atomic
def propose(
    proposals: Sequence[Proposal], *, by: Person, reason: str, at: datetime
) -> list[Approval]:
    """Store requests that another person has to decide before they expire.

    Raises:
        UnknownKindError: no app registered the kind.
        NotPermittedError: the person may not propose this.
        AlreadyProposedError: the same request about the same record is open.
    """
    for proposal in proposals:
        _require(by, kind_named(proposal.kind).propose_permission)

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
        if isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "approval_one_open":
            raise AlreadyProposedError() from error
        raise


@transaction.atomic
def approve(
    approval_ids: Collection[int], *, by: Person, reason: str, at: datetime
) -> list[Approval]:
    """Approve requests as the second person and let them take effect, all or none.

    Raises:
        NotProposedError: one is decided already, or unknown.
        ExpiredError: nobody decided one in time.
        SamePersonError: one is the person's own.
        NotPermittedError: the person may not decide one.
        UnknownKindError: no app registers the kind of one any more.
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
    approval_ids: Collection[int], *, by: Person, reason: str, at: datetime
) -> list[Approval]:
    """Decline requests as the second person.

    Raises:
        NotProposedError: one is decided already, or unknown.
        ExpiredError: nobody decided one in time.
        SamePersonError: one is the person's own.
        NotPermittedError: the person may not decide one.
        UnknownKindError: no app registers the kind of one any more.
    """
    found = _to_decide(approval_ids, by=by, at=at)
    workflow.move(found, "reject", by=str(by), reason=reason, at=at, decider=by, note=reason)
    _save(found)
    return found


@transaction.atomic
def withdraw(
    approval_ids: Collection[int], *, by: Person, reason: str, at: datetime
) -> list[Approval]:
    """Take requests back, as the person who proposed them.

    Raises:
        NotProposedError: one is decided already, or unknown.
        NotProposerError: somebody else proposed one.
    """
    found = _locked(approval_ids)
    if any(approval.proposed_by_id != by.pk for approval in found):
        raise NotProposerError()
    workflow.move(found, "withdraw", by=str(by), reason=reason, at=at, decider=by, note=reason)
    _save(found)
    return found


@transaction.atomic
def expire_overdue(*, by: str, reason: str, at: datetime) -> int:
    """End requests that nobody decided in time; return how many, at most ``BATCH_SIZE`` a call."""
    overdue = Approval.objects.filter(state=ApprovalState.PROPOSED, expires_at__lte=at)
    found = list(overdue.select_for_update(skip_locked=True).order_by("pk")[:BATCH_SIZE])
    workflow.move(found, "expire", by=by, reason=reason, at=at, note=reason)
    _save(found)
    return len(found)


def _to_decide(approval_ids: Collection[int], *, by: Person, at: datetime) -> list[Approval]:
    """Return requests, locked, that this person may decide now."""
    found = _locked(approval_ids)
    for approval in found:
        _require(by, kind_named(approval.kind).permission)
        if approval.proposed_by_id == by.pk:
            raise SamePersonError()
        if approval.expires_at <= at:
            raise ExpiredError(expires_at=approval.expires_at.isoformat(timespec="minutes"))
    return found


def _locked(approval_ids: Collection[int]) -> list[Approval]:
    wanted = Approval.objects.filter(pk__in=approval_ids, state=ApprovalState.PROPOSED)
    found = list(wanted.select_for_update().order_by("pk"))
    if len(found) != len(set(approval_ids)):
        raise NotProposedError()
    return found


def _require(by: Person, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotPermittedError(permission=permission)


def _save(found: Sequence[Approval]) -> None:
    workflow.save(found, "decided_by", "decided_at", "note")
