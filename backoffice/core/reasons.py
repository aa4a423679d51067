"""Reasons and actors of changes: stored as codes with facts, put into words when they are shown.

The system gives a code of its app: a member of an enum, or a ``Reason`` with facts. A person gives
words, which are stored as the fact of the code ``stated``. Actors are ``system:<part>``,
``customer:<id>`` or the username of a member of the staff, which has no colon.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from django.utils.translation import gettext

from backoffice.core import personal_numbers

STATED = "stated"
CUSTOMER = "customer:"

_texts: dict[str, str] = {}


class Reason(NamedTuple):
    """A code with the facts that its text names."""

    code: str
    facts: Mapping[str, Any]


Given = str | Reason


def register(texts: Mapping[Any, str]) -> None:
    """Add the English texts of an app's codes, of reasons and of actors alike."""
    _texts.update({str(code): text for code, text in texts.items()})


def stored(reason: Given) -> tuple[str, dict[str, Any] | None]:
    """Return the code and the facts under which a reason is stored; personal numbers are masked."""
    if isinstance(reason, Reason):
        return str(reason.code), dict(reason.facts)
    if isinstance(reason, Enum):
        return str(reason.value), None
    return (STATED, {"text": personal_numbers.mask(reason)}) if reason else ("", None)


def text(code: str, facts: Mapping[str, Any] | None = None) -> str:
    """Return a stored reason in the active language; an unknown code is shown as it is."""
    if code == STATED and facts:
        return str(facts["text"])
    if code not in _texts:
        return code
    return gettext(_texts[code]).format(
        **{name: worded(one) for name, one in (facts or {}).items()}
    )


def worded(fact: Any) -> Any:
    """Return a fact in the active language where it is a code, else as it is.

    ``kind:id`` is the code of a record: its text is registered under ``kind:``.
    """
    if not isinstance(fact, str):
        return fact
    if fact in _texts:
        return gettext(_texts[fact])
    kind, colon, number = fact.partition(":")
    of_kind = _texts.get(kind + colon) if colon else None
    return fact if of_kind is None else gettext(of_kind).format(id=number)


def actor(code: str) -> str:
    """Return an actor in the active language."""
    if code.startswith(CUSTOMER):
        return gettext("customer {id}").format(id=code.removeprefix(CUSTOMER))
    return gettext(_texts[code]) if code in _texts else code
