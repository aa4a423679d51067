"""Changes of product numbers: proposed field by field, decided by a second person.

A request carries the app, the overrides and the day from which they count. Its approval stores the
``PolicyVersion`` that ``policy.current`` reads; the database takes a version only of an approved
request with the same content. A change is checked against the numbers in force on its day when it
is proposed and again when it is approved.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from backoffice.core import clock, policy
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, PolicyVersion
from backoffice.platform import approvals
from backoffice.platform.approvals import Difference, Person, Proposal

KIND = "policy-change"


class PolicyInThePastError(Refused):
    """The change would count from a day that is over."""

    code = "policy-in-the-past"
    message = _("{effective_on} is over; numbers do not change for days that are over.")
    remedy = _("Choose today or a later day.")


class UnchangedPolicyError(Refused):
    """The number has the proposed value already."""

    code = "policy-unchanged"
    message = _("{field} is {value} on that day already.")
    remedy = _("Propose another value or another day.")


class PolicyChange(NamedTuple):
    """Overrides of an app's numbers from a day on, as JSON values."""

    app: str
    overrides: Mapping[str, Any]
    effective_on: date


class Number(NamedTuple):
    """A product number by app and field, with its value as JSON text."""

    app: str
    field: str
    value: str


def numbers(*, on: date) -> list[Number]:
    """Return every product number with its value in force on a day."""
    return [
        Number(app, field.name, _text(getattr(policy.current(known, on=on), field.name)))
        for app, known in policy.registered().items()
        for field in fields(known)
    ]


def parse(text: str) -> Any:
    """Return what a person typed as a JSON value; what is no JSON is a text, such as 09:00."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def propose(
    changes: Sequence[PolicyChange], *, by: Person, reason: str, at: datetime
) -> list[Approval]:
    """Propose changes of product numbers.

    Raises:
        PolicyInThePastError: a change would count from a day that is over.
        policy.BadPolicyError: a number is unknown or cannot have the value.
        UnchangedPolicyError: a number has the value on that day already.
        approvals.NotPermittedError: the person may not propose changes.
    """
    for change in changes:
        _require_possible(change, at=at)
        for one in _differences(change):
            if one.now == one.proposed:
                raise UnchangedPolicyError(field=one.name, value=one.now)
    proposals = [
        Proposal(
            KIND,
            payload={
                "app": change.app,
                "overrides": dict(change.overrides),
                "effective_on": change.effective_on.isoformat(),
            },
        )
        for change in changes
    ]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(approved: Sequence[Approval], *, by: str, reason: str, at: datetime) -> None:
    """Store the versions of approved changes; called by ``approvals.approve``.

    Raises:
        PolicyInThePastError: the day from which a change counts is over.
        policy.BadPolicyError: the numbers in force by now do not go with a change.
    """
    for approval in approved:
        change = _change_of(approval)
        _require_possible(change, at=at)
        PolicyVersion.objects.create(approval=approval, **change._asdict())


def differences(approval: Approval) -> list[Difference]:
    """Return what a request changes, beside the numbers in force on its day without it."""
    stored = PolicyVersion.objects.filter(approval=approval).first()
    return _differences(_change_of(approval), besides=stored)


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("change of product numbers"),
        apply=apply,
        permission="backoffice.decide_policyversion",
        propose_permission="backoffice.add_policyversion",
        differences=differences,
    )


def _change_of(approval: Approval) -> PolicyChange:
    payload = approval.payload
    effective_on = date.fromisoformat(payload["effective_on"])
    return PolicyChange(payload["app"], payload["overrides"], effective_on)


def _require_possible(change: PolicyChange, *, at: datetime) -> None:
    if change.effective_on < clock.day_of(at):
        raise PolicyInThePastError(effective_on=change.effective_on)
    in_force = policy.overridden(change.app, on=change.effective_on)
    policy.draft(change.app, {**in_force, **change.overrides})


def _differences(change: PolicyChange, *, besides: PolicyVersion | None = None) -> list[Difference]:
    in_force = policy.overridden(change.app, on=change.effective_on, besides=besides)
    before = policy.draft(change.app, in_force)
    after = policy.draft(change.app, {**in_force, **change.overrides})
    return [
        Difference(f"{change.app}.{name}", *(_text(getattr(one, name)) for one in (before, after)))
        for name in change.overrides
    ]


def _text(value: Any) -> str:
    """Return a product number as a person types it."""
    return json.dumps(value, default=str, ensure_ascii=False).strip('"')
