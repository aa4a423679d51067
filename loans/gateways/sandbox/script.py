"""The script of the sandbox bank: which order meets which fault.

``docs/sandbox-bank.md`` describes the file for the people who write one. An order meets at most
one rule on its execution (``refuse``, ``processing``) and at most one on its reply, each time the
first in the file that matches.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from backoffice.core.clock import moment_of
from backoffice.core.errors import Refused
from loans.collection.rules import refusal_codes
from loans.payouts.rules import payout_codes

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class Action(StrEnum):
    """What a rule does to the orders it matches."""

    REFUSE = "refuse"
    PROCESSING = "processing"
    TIME_OUT_BEFORE = "time_out_before"
    TIME_OUT_AFTER = "time_out_after"
    LATE = "late"
    TWICE = "twice"
    OUT_OF_ORDER = "out_of_order"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_NUMBER = "wrong_number"
    GARBAGE = "garbage"
    BAD_SIGNATURE = "bad_signature"


class ScriptCall(StrEnum):
    """The call on whose reply a rule acts."""

    DEBIT = "debit"
    PREPAY = "prepay"
    CONFIRMATION = "confirmation"
    CLOSE = "close"
    QUERY = "query"
    STATEMENT = "statement"
    PAYOUT = "payout"
    REFUND = "refund"
    PAYOUT_QUERY = "payout_query"
    PAYOUT_STATEMENT = "payout_statement"


ON_EXECUTION = frozenset({Action.REFUSE, Action.PROCESSING})
ON_REPLY = frozenset(Action) - ON_EXECUTION
SILENT = frozenset({Action.TIME_OUT_BEFORE, Action.TIME_OUT_AFTER})

_ONLY_FOR = {
    "code": ON_EXECUTION,
    "queries": {Action.PROCESSING},
    "seconds": {Action.PROCESSING, Action.LATE},
    "whole_request": SILENT,
}
# A code that leaves the order open is no refusal; the bank gives those of itself.
_OF_DEBITS = frozenset(filter(refusal_codes.is_final, refusal_codes.REFUSALS))
_OF_PAYOUTS = frozenset(filter(payout_codes.is_final, payout_codes.REFUSALS))
_FINAL = {
    ScriptCall.DEBIT: _OF_DEBITS,
    ScriptCall.PREPAY: _OF_DEBITS,
    ScriptCall.CONFIRMATION: _OF_DEBITS,
    ScriptCall.PAYOUT: _OF_PAYOUTS,
    ScriptCall.REFUND: _OF_PAYOUTS,
}


class BadScriptError(Refused):
    """The script file of the sandbox bank cannot be used."""

    code = "bad-script"
    message = _("Script {file}, {place}: {problem}")
    remedy = _("Correct it there; docs/sandbox-bank.md lists every field with an example.")


class Subject(NamedTuple):
    """What a rule may look at; an order the bank never saw has no account and no moment."""

    number: str
    account: str = ""
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; ``place`` is where it stands in the file."""

    place: int
    action: Action
    call: ScriptCall = ScriptCall.DEBIT
    account: str = "*"
    number: str = "*"
    share_permille: int = 1000
    times: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    code: str = ""
    queries: int = 0
    seconds: int = 0
    whole_request: bool = False

    def covers(self, call: ScriptCall, subject: Subject) -> bool:
        """Return whether the rule is about such an order, its share and times aside."""
        return (
            self.call is call
            and fnmatchcase(subject.account, self.account)
            and fnmatchcase(subject.number, self.number)
            and self._is_open_at(subject.asked_at)
        )

    def _is_open_at(self, moment: datetime | None) -> bool:
        if moment is None:
            return self.starts_at is None and self.ends_at is None
        return (self.starts_at is None or self.starts_at <= moment) and (
            self.ends_at is None or moment < self.ends_at
        )


@dataclass(slots=True)
class Script:
    """The rules and how often each was used since the bank started or was reset."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0
    _used: Counter[int] = field(default_factory=Counter)
    _rolled: Counter[tuple[int, str]] = field(default_factory=Counter)

    def pick(self, call: ScriptCall, among: frozenset[Action], subject: Subject) -> Rule | None:
        """Return the rule that the order meets, and count its use."""
        for rule in self.rules:
            if rule.action in among and rule.covers(call, subject) and self._falls(rule, subject):
                self._used[rule.place] += 1
                return rule
        return None

    def start_again(self) -> None:
        """Forget how often each rule was used."""
        self._used.clear()
        self._rolled.clear()

    def _falls(self, rule: Rule, subject: Subject) -> bool:
        if rule.times is not None and self._used[rule.place] >= rule.times:
            return False
        if rule.share_permille == 1000:
            return True
        # The same seed gives the same faults; the count gives a repeated order another chance.
        roll = (rule.place, subject.number)
        self._rolled[roll] += 1
        text = f"{self.seed}:{rule.place}:{subject.number}:{self._rolled[roll]}"
        drawn = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        return drawn % 1000 < rule.share_permille


def load(file: Path, *, seed: int) -> Script:
    """Read a script file.

    Raises:
        BadScriptError: the file, a line of it or a field of a rule is wrong.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        words = _("line {line}, column {column}")
        place = format_lazy(words, line=error.lineno, column=error.colno)
        raise BadScriptError(file=file, place=place, problem=error.msg) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadScriptError(file=file, place=_("the whole file"), problem=error) from error
    return Script(parse(content, file=file), seed)


def parse(content: object, *, file: Path) -> tuple[Rule, ...]:
    """Turn the content of a script file into rules.

    Raises:
        BadScriptError: a field is missing, unknown, or holds what it may not.
    """
    rules = content.get("rules") if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(rules, list):
        problem = _('expected an object with the one field "rules", a list')
        raise BadScriptError(file=file, place="rules", problem=problem)
    return tuple(_rule(index, item, file) for index, item in enumerate(rules))


class _FieldError(Exception):
    def __init__(self, name: str, problem: "StrPromise") -> None:
        super().__init__(name, problem)
        self.name = name
        self.problem = problem


def _rule(index: int, item: object, file: Path) -> Rule:
    try:
        if not isinstance(item, dict):
            raise _FieldError("", _("expected an object"))
        return _checked(Rule(place=index, **_values(item)))
    except _FieldError as error:
        place = f"rules[{index}]" + (f".{error.name}" if error.name else "")
        raise BadScriptError(file=file, place=place, problem=error.problem) from error


def _values(item: Mapping[str, Any]) -> dict[str, Any]:
    names = {"from": "starts_at", "until": "ends_at"}
    allowed = ({entry.name for entry in fields(Rule)} - {"place", *names.values()}) | {*names}
    for name in item:
        if name not in allowed:
            raise _FieldError(name, _listing(_("unknown field; known are {known}"), allowed))
    if "action" not in item:
        raise _FieldError("action", _listing(_("missing; one of {known}"), Action))
    return {names.get(name, name): _value(name, item[name]) for name in item}


def _value(name: str, given: object) -> object:
    match name:
        case "action":
            return _member(name, given, Action)
        case "call":
            return _member(name, given, ScriptCall)
        case "from":
            return _moment(name, given, day_end=False)
        case "until":
            return _moment(name, given, day_end=True)
        case "share_permille":
            return _whole(name, given, least=0, most=1000)
        case "times" | "queries" | "seconds":
            return _whole(name, given, least=1, most=1_000_000)
        case "whole_request" if not isinstance(given, bool):
            raise _FieldError(name, _("expected true or false"))
        case "account" | "number" | "code" if not isinstance(given, str) or not given:
            raise _FieldError(name, _("expected text"))
    return given


def _checked(rule: Rule) -> Rule:
    for name, actions in _ONLY_FOR.items():
        if getattr(rule, name) and rule.action not in actions:
            raise _FieldError(name, _listing(_("only for {known}"), actions))
    if rule.action in ON_EXECUTION and rule.call not in _FINAL:
        raise _FieldError("call", _listing(_("refuse and processing are only for {known}"), _FINAL))
    if rule.action is Action.PROCESSING and rule.call is ScriptCall.PREPAY:
        raise _FieldError("call", _("a payment is processed once it is confirmed: confirmation"))
    if rule.action in ON_REPLY and rule.call is ScriptCall.CONFIRMATION:
        raise _FieldError("call", _("a confirmation has no reply: use refuse or processing"))
    final = _FINAL.get(rule.call, frozenset())
    if rule.code not in final and (rule.code or rule.action is Action.REFUSE):
        raise _FieldError("code", _listing(_("expected one of {known}"), final))
    if rule.action is Action.LATE and not rule.seconds:
        raise _FieldError("seconds", _("late needs the number of seconds"))
    if rule.action is Action.PROCESSING and not (rule.seconds or rule.queries):
        raise _FieldError("queries", _("processing needs a number of queries, or seconds"))
    if rule.starts_at and rule.ends_at and rule.ends_at <= rule.starts_at:
        raise _FieldError("until", _("lies before the beginning of the window"))
    return rule


def _member(name: str, given: object, kind: type[StrEnum]) -> StrEnum:
    try:
        return kind(str(given))
    except ValueError as error:
        raise _FieldError(name, _listing(_("expected one of {known}"), kind)) from error


def _whole(name: str, given: object, *, least: int, most: int) -> int:
    if type(given) is int and least <= given <= most:
        return given
    words = _("expected a whole number from {least} to {most}")
    raise _FieldError(name, format_lazy(words, least=least, most=most))


def _moment(name: str, given: object, *, day_end: bool) -> datetime:
    """Return a moment; a plain date is its first moment, or the first moment after it."""
    try:
        if isinstance(given, str) and len(given) == len("2027-01-05"):
            day = date.fromisoformat(given) + timedelta(days=day_end)
            return moment_of(day, time())
        moment = datetime.fromisoformat(str(given))
    except ValueError as error:
        problem = _("expected a date like 2027-01-05 or a moment with its offset")
        raise _FieldError(name, problem) from error
    if moment.utcoffset() is None:
        raise _FieldError(name, _("the moment has no offset, such as +08:00"))
    return moment


def _listing(words: "StrPromise", known: Iterable[str]) -> "StrPromise":
    return format_lazy(words, known=", ".join(sorted(known)))
