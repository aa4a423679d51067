"""What the sandbox bank does with an order: move the money once, and remember the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from backoffice.core import clock
from loans.gateways.channel import DebitRequest, Outcome, PayoutRequest
from loans.gateways.http_channel import NOT_FOUND
from loans.gateways.sandbox.script import (
    ON_EXECUTION,
    ON_REPLY,
    Action,
    Rule,
    Script,
    ScriptCall,
    Subject,
)
from loans.gateways.sandbox.store import Attempt, BankStore, Direction, Order, new_reference

PAGE_LINES = 1_000
SUCCESS = "SUCCESS"
NEVER_EXECUTED = "NOT_EXECUTED"
CONFLICT = "ORDER_CONFLICT"

Ask = DebitRequest | PayoutRequest


class _Calls(NamedTuple):
    """The names under which a script knows the calls of one direction."""

    order: ScriptCall
    query: ScriptCall
    statement: ScriptCall


_CALLS = {
    Direction.IN: _Calls(ScriptCall.DEBIT, ScriptCall.QUERY, ScriptCall.STATEMENT),
    Direction.OUT: _Calls(ScriptCall.PAYOUT, ScriptCall.PAYOUT_QUERY, ScriptCall.PAYOUT_STATEMENT),
}


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


class Bank:
    """The bank's counter: each public method is one transaction on its accounts."""

    def __init__(self, store: BankStore, script: Script) -> None:
        self._store = store
        self._script = script

    def execute(self, asks: Sequence[Ask], *, way: Direction) -> Reply:
        """Execute each order that is new and possible; repeat the answer of one that is known.

        A debit needs its balance. A payout needs none: the bank knows no list of cards, so money
        for an account that is new opens it.
        """
        call = _CALLS[way].order
        with self._store.transaction():
            rules = [self._reply_rule(call, _subject(ask)) for ask in asks]
            changes = _Changes(
                self._store.orders([ask.number for ask in asks], way=way),
                self._store.balances({ask.account for ask in asks}),
                way,
            )
            is_lost = any(_loses_all(rule) for rule in rules)
            entries = [
                self._entry(changes, ask, is_lost=is_lost or _loses(rule))
                for ask, rule in zip(asks, rules, strict=True)
            ]
            self._store.add(changes.new, changes.attempts, way=way)
            self._store.set_balances(changes.changed_fen)
        return Reply("answers", [ReplyEntry(*pair) for pair in zip(entries, rules, strict=True)])

    def query(self, numbers: Sequence[str], *, way: Direction) -> Reply:
        """Return the result of each number."""
        with self._store.transaction():
            known = self._store.orders(numbers, way=way)
            self._store.count_queries(numbers, way=way)
            parts = [self._part(number, known.get(number), way) for number in numbers]
        return Reply("answers", parts)

    def statement(self, on: date, *, after: int, way: Direction) -> Reply:
        """Return a page of the day's successful orders, with the cursor of the next one."""
        call = _CALLS[way].statement
        with self._store.transaction():
            found = self._store.taken_on(on.isoformat(), after=after, limit=PAGE_LINES, way=way)
            parts = [
                ReplyEntry(_line(order), self._reply_rule(call, _subject_of(order)))
                for _id, order in found
            ]
        is_last = len(found) < PAGE_LINES
        return Reply("lines", parts, {"next": None if is_last else str(found[-1][0])})

    def fund(self, balances: Mapping[str, int]) -> Reply:
        """Set balances in fen, opening the accounts that are new."""
        with self._store.transaction():
            self._store.set_balances(balances)
        return Reply("accounts", [])

    def reset(self) -> Reply:
        """Forget every account and order, and restart the script's counts."""
        with self._store.transaction():
            self._store.forget()
            self._script.start_again()
        return Reply("accounts", [])

    def _reply_rule(self, call: ScriptCall, subject: Subject) -> Rule | None:
        return self._script.pick(call, ON_REPLY, subject)

    def _part(self, number: str, order: Order | None, way: Direction) -> ReplyEntry:
        call = _CALLS[way].query
        if order is None:
            entry: dict[str, Any] = {"number": number, "outcome": NOT_FOUND}
            return ReplyEntry(entry, self._reply_rule(call, Subject(number)))
        return ReplyEntry(_answer(order), self._reply_rule(call, _subject_of(order)))

    def _entry(self, changes: "_Changes", ask: Ask, *, is_lost: bool) -> dict[str, Any]:
        order = changes.known.get(ask.number)
        if order is None:
            if is_lost:
                changes.note(ask, NEVER_EXECUTED)
                return {"number": ask.number}
            rule = self._script.pick(_CALLS[changes.way].order, ON_EXECUTION, _subject(ask))
            return _answer(changes.execute(ask, rule))
        if (order.asked_fen, order.account) != (ask.amount_fen, ask.account):
            # The money of the first order may be gone: "failed" would invite a second one.
            changes.note(ask, CONFLICT)
            return _unknown(ask.number, CONFLICT)
        changes.note(ask, order.code)
        return _answer(order)


class _Changes:
    """The part of the accounts that one batch touches, and what the batch changes in it."""

    def __init__(
        self, known: dict[str, Order], balances_fen: dict[str, int], way: Direction
    ) -> None:
        self.known = known
        self.way = way
        self.changed_fen: dict[str, int] = {}
        self.new: list[Order] = []
        self.attempts: list[Attempt] = []
        self._balances_fen = balances_fen

    def note(self, ask: Ask, code: str, *, executed: bool = False) -> None:
        self.attempts.append(
            Attempt(*ask[:3], asked_at=ask.asked_at.isoformat(), code=code, executed=executed)
        )

    def execute(self, ask: Ask, rule: Rule | None) -> Order:
        code = rule.code if rule is not None and rule.code else self._verdict(ask)
        is_success = code == SUCCESS
        if is_success:
            moved_fen = ask.amount_fen if self.way is Direction.OUT else -ask.amount_fen
            left_fen = self._balances_fen.get(ask.account, 0) + moved_fen
            self._balances_fen[ask.account] = self.changed_fen[ask.account] = left_fen
        order = Order(
            *ask[:3],
            taken_fen=ask.amount_fen if is_success else 0,
            code=code,
            reference=new_reference() if is_success else "",
            at=ask.asked_at.isoformat(),
            day=clock.day_of(ask.asked_at).isoformat(),
            silent_queries=rule.queries if rule is not None else 0,
            silent_until=_wall() + rule.seconds if rule is not None else 0,
        )
        self.known[ask.number] = order
        self.new.append(order)
        self.note(ask, code, executed=is_success)
        return order

    def _verdict(self, ask: Ask) -> str:
        if self.way is Direction.OUT:
            return SUCCESS
        balance_fen = self._balances_fen.get(ask.account)
        if balance_fen is None:
            return "USER_NOT_EXIST"
        return SUCCESS if balance_fen >= ask.amount_fen else "NOTENOUGH"


def _loses(rule: Rule | None) -> bool:
    return rule is not None and rule.action is Action.TIME_OUT_BEFORE


def _loses_all(rule: Rule | None) -> bool:
    return rule is not None and rule.whole_request and _loses(rule)


def _subject(ask: Ask) -> Subject:
    return Subject(ask.number, ask.account, ask.asked_at)


def _subject_of(order: Order) -> Subject:
    return Subject(order.number, order.account, datetime.fromisoformat(order.at))


def _answer(order: Order) -> dict[str, Any]:
    if order.silent_queries > 0 or order.silent_until > _wall():
        return _unknown(order.number, "ORDER_ACCEPTED")
    outcome = Outcome.SUCCEEDED if order.taken_fen else Outcome.FAILED
    return {
        "number": order.number,
        "outcome": outcome,
        "code": order.code,
        "amount_fen": order.taken_fen,
        "reference": order.reference,
        "at": order.at,
    }


def _unknown(number: str, code: str) -> dict[str, Any]:
    return {
        "number": number,
        "outcome": Outcome.UNKNOWN,
        "code": code,
        "amount_fen": 0,
        "reference": "",
        "at": None,
    }


def _line(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "reference": order.reference,
        "amount_fen": order.taken_fen,
        "at": order.at,
    }


def _wall() -> int:
    return int(clock.wall().timestamp())
