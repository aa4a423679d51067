"""How a reply of the sandbox bank reaches the caller: as meant, or spoilt by the script."""

import json
from dataclasses import dataclass
from typing import Any

from loans.gateways.sandbox.replies import Reply, ReplyEntry
from loans.gateways.sandbox.script import SILENT, Action


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes out and when; a body of None means that the connection is dropped instead."""

    body: bytes | None
    delay_seconds: int
    is_signature_good: bool


def inject_fault(reply: Reply) -> Delivery:
    """Apply the rules that the entries of a reply have met."""
    rules = [part.rule for part in reply.parts if part.rule is not None]
    actions = {rule.action for rule in rules}
    entries = [entry for part in reply.parts for entry in _entries(part)]
    if Action.OUT_OF_ORDER in actions:
        entries.reverse()
    is_dropped = any(rule.whole_request and rule.action in SILENT for rule in rules)
    is_silent = bool(reply.parts) and not entries
    return Delivery(
        body=None if is_dropped or is_silent else _body(reply, entries, actions),
        delay_seconds=max(
            (rule.seconds for rule in rules if rule.action is Action.LATE), default=0
        ),
        is_signature_good=Action.BAD_SIGNATURE not in actions,
    )


def _entries(part: ReplyEntry) -> list[dict[str, Any]]:
    """Return what is said of one order: once, twice, falsely or not at all."""
    entry = part.entry
    match part.rule and part.rule.action:
        case Action.TIME_OUT_BEFORE | Action.TIME_OUT_AFTER:
            return []
        case Action.TWICE:
            return [entry, entry]
        case Action.WRONG_AMOUNT:
            return [entry | {"amount_fen": entry.get("amount_fen", 0) + 1}]
        case Action.WRONG_NUMBER:
            return [entry | {"number": f"{entry['number']}0"}]
    return [entry]


def _body(reply: Reply, entries: list[dict[str, Any]], actions: set[Action]) -> bytes:
    content = {reply.list_name: entries, **reply.rest}
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return body[: len(body) // 2] if Action.GARBAGE in actions else body
