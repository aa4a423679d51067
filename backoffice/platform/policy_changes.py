"""Policy changes: proposed field by field, decided by a second person.

A request holds the app, the overrides and the effective day. Its approval stores the
``PolicyVersion`` that ``policy.current`` reads; the database accepts only a version with the
content of an approved request. A change is checked against the values in force on its day when it
is proposed and again when it is approved, and together with every approved later change.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock, policy, ranges
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, PolicyVersion
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals, policy_fields
from backoffice.platform.approvals import Proposal, ValueChange

KIND = "policy-change"
AHEAD_MAX = timedelta(days=366)


class PolicyInThePastError(Refused):
    """The effective day is in the past."""

    code = "policy-in-the-past"
    message = _("{effective_on} is in the past; policy values of past days do not change.")
    remedy = _("Choose today or a later day.")


class PolicyDuringTheDayError(Refused):
    """The field cannot change during a day, and the effective day has begun."""

    code = "policy-during-the-day"
    message = _("{field} cannot change during a day.")
    remedy = _("Choose tomorrow or a later day.")


class UnchangedPolicyError(Refused):
    """The policy field has the proposed value already."""

    code = "policy-unchanged"
    message = _("{field} is {value} on that day already.")
    remedy = _("Propose another value or another day.")


class LaterPolicyConflictError(Refused):
    """The change is invalid together with an approved change that takes effect later."""

    code = "policy-conflict"
    message = _(
        "The change conflicts with the approved change of {app} that takes effect on {later_on} "
        "({overrides}): {why}."
    )
    remedy = _("Choose values that are valid with it, or first propose to change it on its day.")


class SupersededPolicyError(Refused):
    """An approved change of the field takes effect after the proposed day."""

    code = "policy-superseded"
    message = _("An approved change of {field} takes effect on {later_on}.")
    remedy = _("Choose that day or a later one: the approved value would end yours unnoticed.")


class PolicyTooFarError(Refused):
    """The effective day is too far ahead."""

    code = "policy-too-far-ahead"
    message = _("{effective_on} is too far ahead.")
    remedy = _("Choose a day up to {latest_on}.")


# What an app requires of a request before it is approved; each raises a refusal.
_checks: list[Callable[[Approval], None]] = []


class PolicyChange(NamedTuple):
    """Overrides of an app's policy from a day on, as JSON values."""

    app: str
    overrides: Mapping[str, Any]
    effective_on: date


class Number(NamedTuple):
    """A policy field of an app in words: its title, value and what it may be, in its unit."""

    app: str
    field: str
    title: str
    value: str
    allowed: str


def register_check(check: Callable[[Approval], None]) -> None:
    """Add a check that refuses the approval of a request, once, when an app is ready."""
    _checks.append(check)


def numbers(*, on: date) -> list[Number]:
    """Return every policy field with its value in force on a day, in words."""
    found = []
    for app, known in policy.registered().items():
        in_force = policy.current(known, on=on)
        for one in fields(known):
            title, unit, _rule = policy_fields.field_of(app, one.name)
            value = policy_fields.with_unit(getattr(in_force, one.name), unit)
            allowed = policy_fields.allowed_shown(ranges.allowed(one), unit)
            found.append(Number(app, one.name, str(title), value, allowed))
    return found


def parse(app: str, field: str, text: str) -> Any:
    """Return a value typed in the unit of its field as it is stored; other text as JSON or as text.

    ``2.2`` of a factor is 2200 permille. A number that is no whole stored unit stays as typed, and
    is refused by its type.
    """
    found = policy_fields.stored(text, policy_fields.field_of(app, field).unit)
    if found is not None:
        return found
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def propose(
    changes: Sequence[PolicyChange], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Propose policy changes.

    Raises:
        PolicyInThePastError, PolicyTooFarError: an effective day is in the past, or over a year
            ahead.
        PolicyDuringTheDayError: it is today, and a field is fixed before the day begins.
        policy.BadPolicyError: a field is unknown or the value is invalid.
        SupersededPolicyError: an approved later change sets one of the fields.
        LaterPolicyConflictError: it is invalid together with an approved later change.
        UnchangedPolicyError: a field has the value on that day already.
        approvals.NotPermittedError: the person may not propose changes.
    """
    for change in changes:
        _require_possible(change, at=at)
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


def apply(
    approved: Sequence[Approval],
    *,
    by: str,  # noqa: ARG001
    reason: str,  # noqa: ARG001
    at: datetime,
) -> None:
    """Store the versions of approved changes; called by ``approvals.approve``.

    Raises:
        PolicyInThePastError, PolicyTooFarError: an effective day is in the past, or over a year
            ahead.
        PolicyDuringTheDayError: it is today, and a field is fixed before the day begins.
        policy.BadPolicyError: a change conflicts with the values in force by now.
        SupersededPolicyError: a later change that was approved meanwhile sets one of the fields.
        UnchangedPolicyError: a field has the value by now.
        LaterPolicyConflictError: it is invalid together with an approved later change.
        Refused: an app requires something before the approval, such as a simulation.
    """
    policy.lock_versions()
    for approval in approved:
        change = change_of(approval)
        _require_possible(change, at=at)
        for check in _checks:
            check(approval)
        PolicyVersion.objects.create(approval=approval, **change._asdict())


def differences(approval: Approval) -> list[ValueChange]:
    """Return the values that a request changes, compared with those in force on its day.

    Each has the title of its field, its unit and rule; a stored version is compared without itself.
    """
    change = change_of(approval)
    stored = PolicyVersion.objects.filter(approval=approval).first()
    found = []
    for name, values in _values(change, besides=stored).items():
        title, unit, rule = policy_fields.field_of(change.app, name)
        now, proposed = (policy_fields.shown(value, unit) for value in values)
        found.append(ValueChange(str(title), now, proposed, str(unit.title), rule))
    return found


def summary(approval: Approval) -> str:
    """Return which policy a request changes, and from which day on."""
    change = change_of(approval)
    effective_on = date_format(change.effective_on, "DATE_FORMAT")
    return gettext("Policy of {app}, in force from {effective_on} on.").format(
        app=policy_fields.title_of(change.app), effective_on=effective_on
    )


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("policy change"),
        apply=apply,
        permission="backoffice.decide_policyversion",
        propose_permission="backoffice.add_policyversion",
        differences=differences,
        summary=summary,
        hides_payload=True,
    )


def change_of(approval: Approval) -> PolicyChange:
    """Return the change that a request proposes."""
    payload = approval.payload
    effective_on = date.fromisoformat(payload["effective_on"])
    return PolicyChange(payload["app"], payload["overrides"], effective_on)


def _require_possible(change: PolicyChange, *, at: datetime) -> None:
    if change.effective_on < clock.day_of(at):
        raise PolicyInThePastError(effective_on=change.effective_on)
    latest_on = clock.day_of(at) + AHEAD_MAX
    if change.effective_on > latest_on:
        raise PolicyTooFarError(effective_on=change.effective_on, latest_on=latest_on)
    in_force = policy.overridden(change.app, on=change.effective_on)
    try:
        policy.draft(change.app, {**in_force, **change.overrides})
    except policy.BadPolicyError as error:
        raise _worded(error) from error
    _require_valid_later(change, {**in_force, **change.overrides})
    _require_last(change)
    _require_changed(change)
    if change.effective_on == clock.day_of(at):
        for one in fields(policy.registered()[change.app]):
            if one.name in change.overrides and one.metadata.get("from_later_day"):
                title = policy_fields.field_of(change.app, one.name).title
                raise PolicyDuringTheDayError(field=title)


def _require_last(change: PolicyChange) -> None:
    """Refuse a change of a field that an approved later version sets."""
    for version in policy.later(change.app, on=change.effective_on):
        for name in change.overrides:
            if name in version.overrides:
                title = policy_fields.field_of(change.app, name).title
                raise SupersededPolicyError(field=title, later_on=version.effective_on)


def _require_changed(change: PolicyChange) -> None:
    for name, (now, proposed) in _values(change).items():
        if now == proposed:
            title, unit, _rule = policy_fields.field_of(change.app, name)
            raise UnchangedPolicyError(field=title, value=policy_fields.with_unit(now, unit))


def _require_valid_later(change: PolicyChange, merged: Mapping[str, Any]) -> None:
    """Refuse a change with which an approved later version is invalid from its day on."""
    versions = policy.later(change.app, on=change.effective_on)
    for later_on, of_day in groupby(versions, key=lambda version: version.effective_on):
        overrides = {name: value for one in of_day for name, value in one.overrides.items()}
        merged = {**merged, **overrides}
        try:
            policy.draft(change.app, merged)
        except policy.BadPolicyError as error:
            raise LaterPolicyConflictError(
                app=policy_fields.title_of(change.app),
                later_on=later_on,
                overrides=", ".join(
                    f"{title} = {policy_fields.with_unit(value, unit)}"
                    for name, value in overrides.items()
                    for title, unit, _rule in [policy_fields.field_of(change.app, name)]
                ),
                why=_worded(error).facts["why"],
            ) from error


def _values(
    change: PolicyChange, *, besides: PolicyVersion | None = None
) -> dict[str, tuple[Any, ...]]:
    """Return the values of the changed fields, in force on the day of the change and under it."""
    in_force = policy.overridden(change.app, on=change.effective_on, besides=besides)
    sides = (in_force, {**in_force, **change.overrides})
    return {
        name: tuple(policy.value_of(change.app, name, side) for side in sides)
        for name in change.overrides
    }


def _worded(error: policy.BadPolicyError) -> policy.BadPolicyError:
    """Return a refusal with the titles of its fields, and their values in the units of a form."""
    facts = dict(error.facts)
    words = {
        name: policy_fields.field_of(facts["app"], name) for name in facts["field"].split(", ")
    }
    if "values" in facts:
        values = facts["values"].items()
        facts["value"] = ", ".join(
            policy.shortened(policy_fields.with_unit(value, words[name].unit))
            for name, value in values
        )
    if "allowed" in facts:
        [field] = words.values()
        allowed = policy_fields.allowed_shown(facts["allowed"], field.unit)
        facts["why"] = format_lazy(_("allowed is {allowed}"), allowed=allowed)
    facts["field"] = ", ".join(str(one.title) for one in words.values())
    facts["app"] = policy_fields.title_of(facts["app"])
    return policy.BadPolicyError(**facts)
