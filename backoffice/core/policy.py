"""Policies: the product numbers of each app, with dated and approved overrides.

Each app's ``policy.py`` is a frozen dataclass with the rulebook's defaults. ``PolicyVersion`` rows,
stored by the approval of a change, override fields from their day on. Rules receive the policy as
an argument.
"""

import dataclasses
import json
import logging
from collections.abc import Mapping
from datetime import date, time
from typing import Any, TypeVar

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_lazy as _

from backoffice.core import prepared
from backoffice.core.errors import Refused
from backoffice.core.models import PolicyVersion
from backoffice.core.ranges import FieldsConflictError, NotAllowedError

Policy = TypeVar("Policy")

VALUE_SHOWN = 40  # characters of a value in a refusal
LOCK_SPACE = 7_702  # first key of the advisory lock of versions
logger = logging.getLogger(__name__)

_registered: dict[str, type[Any]] = {}
_HOUR = _("it must be an hour without a time zone, such as 09:00")
_TYPES = {
    int: _("it must be a whole number"),
    str: _("it must be text"),
    bool: _("it must be true or false"),
}


class BadPolicyError(Refused):
    """A policy version has an unknown field or an invalid value.

    Where known, ``values`` are those of the fields by name, ``allowed`` what the one field may be.
    """

    code = "bad-policy"
    message = _("Invalid policy of {app}: {field} = {value}: {why}.")
    remedy = _("Correct the field; the form of a proposal lists the fields and what each allows.")


def register(app: str, policy: type[Any]) -> None:
    """Register the policy dataclass of an app."""
    _registered[app] = policy


def registered() -> Mapping[str, type[Any]]:
    """Return the policy dataclass of each app."""
    return _registered


def current(policy: type[Policy], *, on: date) -> Policy:
    """Return the policy in force on a day: defaults, then approved versions, oldest first."""
    app = next(name for name, known in _registered.items() if known is policy)
    numbers: Policy = draft(app, overridden(app, on=on))
    return numbers


def history(policy: type[Policy]) -> list[tuple[date, Policy]]:
    """Return the policies of all days, oldest first, each with the first day of its force.

    A version that is invalid together with those before it is passed over: pages that show other
    days must not fail because of it. Only ``current`` refuses it, on its own days.
    """
    app = next(name for name, known in _registered.items() if known is policy)
    found: list[tuple[date, Policy]] = [(date.min, draft(app, {}))]
    merged: dict[str, Any] = {}
    versions = PolicyVersion.objects.filter(app=app).order_by("effective_on", "pk")
    for version in versions:
        merged |= version.overrides
        try:
            found.append((version.effective_on, draft(app, merged)))
        except BadPolicyError:
            logger.exception("policy version %s of %s is invalid and passed over", version.pk, app)
    return found


def later(app: str, *, on: date) -> list[PolicyVersion]:
    """Return the versions that take effect after a day, oldest first."""
    versions = PolicyVersion.objects.filter(app=app, effective_on__gt=on)
    return list(versions.order_by("effective_on", "pk"))


def lock_versions() -> None:
    """Let one transaction at a time store versions: each is checked against all the others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_SPACE])


def overridden(app: str, *, on: date, besides: PolicyVersion | None = None) -> dict[str, Any]:
    """Return the overrides in force on a day as JSON values; later versions win.

    ``besides`` is a version to leave out. Every request calls this: one plain statement.
    """
    merged: dict[str, Any] = {}
    found = prepared.rows(
        "SELECT overrides FROM backoffice_policyversion "
        "WHERE app = %s AND effective_on <= %s AND id <> %s ORDER BY effective_on, id",
        [app, on, besides.pk if besides else 0],
    )
    for (overrides,) in found:
        merged |= json.loads(overrides)
    return merged


def draft(app: str, overrides: Mapping[str, Any]) -> Any:
    """Return an app's policy under the given overrides, checked by the dataclass.

    Raises:
        BadPolicyError: an unknown field, a wrong type or a value the dataclass refuses.
    """
    policy = _registered[app]
    fields = {field.name: field for field in dataclasses.fields(policy)}
    values = {}
    for name, value in overrides.items():
        if name not in fields:
            raise BadPolicyError(
                app=app, field=name, value=shortened(value), why=_("unknown field")
            )
        values[name] = _typed(app, fields[name], value)
    try:
        return policy(**values)
    except NotAllowedError as error:
        why = format_lazy(_("allowed is {allowed}"), allowed=str(error.allowed))
        raise BadPolicyError(
            app=app, field=error.name, value=shortened(error.value), why=why,
            values={error.name: error.value}, allowed=error.allowed,
        ) from error  # fmt: skip
    except FieldsConflictError as error:  # a policy marks its reasons for the translators
        named = {name: values.get(name, fields[name].default) for name in error.names}
        raise BadPolicyError(
            app=app, field=", ".join(named), value=", ".join(map(shortened, named.values())),
            why=gettext_lazy(error.why), values=named,
        ) from error  # fmt: skip
    except ValueError as error:
        raise BadPolicyError(
            app=app, field=", ".join(values), value="…", why=gettext_lazy(str(error))
        ) from error


def value_of(app: str, name: str, overrides: Mapping[str, Any]) -> Any:
    """Return the value of one field under overrides, typed; what goes with it is not checked.

    Raises:
        BadPolicyError: the value has a wrong type.
    """
    [field] = [one for one in dataclasses.fields(_registered[app]) if one.name == name]
    return _typed(app, field, overrides[name]) if name in overrides else field.default


def shortened(value: Any) -> str:
    """Return a value for a message, cut to a readable length."""
    text = str(value)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…"


def _typed(app: str, field: "dataclasses.Field[Any]", value: Any) -> Any:
    """Return a JSON value as the type of the field's default."""
    default = field.default
    try:
        if isinstance(default, time):
            return _hour(app, field, value)
        if isinstance(default, tuple):
            return tuple(value)
    except (TypeError, ValueError) as error:
        raise BadPolicyError(
            app=app,
            field=field.name,
            value=shortened(value),
            why=_HOUR if isinstance(default, time) else error,
        ) from error
    if type(value) is not type(default):
        why = _TYPES[type(default)]
        raise BadPolicyError(app=app, field=field.name, value=shortened(value), why=why)
    return value


def _hour(app: str, field: "dataclasses.Field[Any]", value: Any) -> time:
    """Return an hour of the business day: it has no time zone of its own."""
    found = time.fromisoformat(value)
    if found.tzinfo is not None:
        raise BadPolicyError(app=app, field=field.name, value=shortened(value), why=_HOUR)
    return found
