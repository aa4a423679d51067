"""The replies of the sandbox bank: one entry an order, and the rule that spoils it, if any."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from backoffice.core import clock
from loans.gateways.channel import Outcome
from loans.gateways.http_channel import NOT_FOUND
from loans.gateways.sandbox.script import Action, Rule, Subject
from loans.gateways.sandbox.store import Order

SUCCESS = "SUCCESS"
CONFLICT = "ORDER_CONFLICT"


class ReplyEntry(NamedTuple):
    """One entry of a reply and the rule that spoils it, if any."""

    entry: dict[str, Any]
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as the bank means it; ``list_name`` is the field its entries stand in."""

    list_name: str
    parts: list[ReplyEntry]
    rest: dict[str, Any] = field(default_factory=dict)


def subject_of(order: Order) -> Subject:
    """Return what a rule of the script may look at."""
    return Subject(order.number, order.account, datetime.fromisoformat(order.at))


def answer(order: Order) -> dict[str, Any]:
    """Return what became of an order; one that keeps silent is still worked on."""
    if order.silent_queries > 0 or order.silent_until > wall():
        return unknown(order.number, "ORDER_ACCEPTED")
    outcome = Outcome.SUCCEEDED if order.taken_fen else Outcome.FAILED
    return {
        "number": order.number,
        "outcome": outcome,
        "code": order.code,
        "amount_fen": order.taken_fen,
        "reference": order.reference,
        "at": order.at,
    }


def unknown(number: str, code: str) -> dict[str, Any]:
    """Return an answer that leaves open what became of an order."""
    return {
        "number": number,
        "outcome": Outcome.UNKNOWN,
        "code": code,
        "amount_fen": 0,
        "reference": "",
        "at": None,
    }


def never_seen(number: str) -> dict[str, Any]:
    """Return the answer for a number that the bank does not know."""
    return {"number": number, "outcome": NOT_FOUND}


def loses(rule: Rule | None) -> bool:
    """Return whether a request never reaches the bank."""
    return rule is not None and rule.action is Action.TIME_OUT_BEFORE


def loses_all(rule: Rule | None) -> bool:
    """Return whether none of the requests of a call reaches the bank."""
    return rule is not None and rule.whole_request and loses(rule)


def wall() -> int:
    """Return the machine's time in seconds."""
    return int(clock.wall().timestamp())
