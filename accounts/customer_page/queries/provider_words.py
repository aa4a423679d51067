"""What providers were asked and what they answered, in words; codes are stored."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.gateways.identity import Verdict

_actions: dict[str, Any] = {
    "identity": _("ID check"),
    "face": _("face check"),
    "card": _("card check"),
}
_verdicts: dict[str, Any] = {
    Verdict.MATCH: _("matches"),
    Verdict.MISMATCH: _("does not match"),
    Verdict.NO_RECORD: _("no record to compare with"),
    Verdict.INVALID: _("refused as malformed"),
    Verdict.UNAVAILABLE: _("no answer"),
}


def register(*, actions: Mapping[str, Any], verdicts: Mapping[str, Any]) -> None:
    """Add what an app above asks providers, and what they answer, by code."""
    _actions.update(actions)
    _verdicts.update(verdicts)


def actions() -> Mapping[str, Any]:
    """Return what is asked, by code."""
    return _actions


def verdicts() -> Mapping[str, Any]:
    """Return what is answered, by code."""
    return _verdicts


def action(code: str) -> str:
    """Return what was asked; an unknown code is shown as it is."""
    return str(_actions.get(code, code))


def verdict(code: str) -> str:
    """Return what was answered, nothing as long as there is no answer."""
    return str(_verdicts.get(code, code))
