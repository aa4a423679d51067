"""What the sandbox bank does with an order: move the money once, and remember the answer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from backoffice.core import clock
from loans.gateways.channel import (
    DebitRequest,
    PayoutRequest,
    RefundRequest,
)
from loans.gateways.sandbox import replies, wechat
from loans.gateways.sandbox.replies import Reply, ReplyEntry
from loans.gateways.sandbox.script import (
    ON_EXECUTION,
    ON_REPLY,
    Rule,
    Script,
    ScriptCall,
    Subject,
)
from loans.gateways.sandbox.store import (
    Attempt,
    BankStore,
    Direction,
    Order,
    Prepay,
    Refund,
    new_reference,
)
from loans.gateways.sandbox.wechat import WechatPayments
from loans.payouts.rules import payout_codes

PAGE_LINES = 1_000
NEVER_EXECUTED = "NOT_EXECUTED"

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


class Bank:
    """The bank's counter: each public method is one transaction on its accounts."""

    def __init__(self, store: BankStore, script: Script) -> None:
        self._store = store
        self._script = script
        self.wechat = WechatPayments(store, script)

    def execute(self, asks: Sequence[Ask], *, way: Direction) -> Reply:
        """Execute each order that is new and possible; repeat the answer of one that is known.

        A debit needs its balance. A payout needs none: the bank knows no list of cards, so money
        for an account that is new opens it.
        """
        with self._store.transaction():
            return self._executed(asks, _CALLS[way].order, way, refused={})[0]

    def refund(self, requests: Sequence[RefundRequest]) -> Reply:
        """Return money of payments inside WeChat, of each at most what it took."""
        with self._store.transaction():
            numbers = [one.order_number for one in requests]
            orders = self._store.orders(numbers, way=Direction.IN)
            known = self._store.orders([one.number for one in requests], way=Direction.OUT)
            new = [one for one in requests if one.number not in known]
            returned = {number: self._store.refunded_fen(number) for number in numbers}
            above = wechat.not_refundable(
                [(one.order_number, one.amount_fen) for one in new], orders, returned
            )
            refused = {new[place].number: payout_codes.NOT_REFUNDABLE for place in above}
            asks = [
                PayoutRequest(
                    one.number,
                    orders[one.order_number].account if one.order_number in orders else "-",
                    one.amount_fen,
                    one.asked_at,
                )
                for one in requests
            ]
            reply, made = self._executed(asks, ScriptCall.REFUND, Direction.OUT, refused=refused)
            paid = {order.number for order in made if order.taken_fen}
            self._store.add_refunds(
                Refund(one.number, one.order_number, one.amount_fen)
                for one in new if one.number in paid
            )  # fmt: skip
        return reply

    def _executed(
        self,
        asks: Sequence[Ask],
        call: ScriptCall,
        way: Direction,
        *,
        refused: Mapping[str, str],
    ) -> tuple[Reply, list[Order]]:
        """Execute orders in the caller's transaction; return the reply and the new orders."""
        rules = [self._reply_rule(call, _subject(ask)) for ask in asks]
        changes = _Changes(
            self._store.orders([ask.number for ask in asks], way=way),
            self._store.balances({ask.account for ask in asks}),
            way,
            call,
            refused,
        )
        is_lost = any(replies.loses_all(rule) for rule in rules)
        entries = [
            self._entry(changes, ask, is_lost=is_lost or replies.loses(rule))
            for ask, rule in zip(asks, rules, strict=True)
        ]
        self._store.add(changes.new, changes.attempts, way=way)
        self._store.set_balances(changes.changed_fen)
        parts = [ReplyEntry(*pair) for pair in zip(entries, rules, strict=True)]
        return Reply("answers", parts), changes.new

    def query(self, numbers: Sequence[str], *, way: Direction) -> Reply:
        """Return the result of each number."""
        with self._store.transaction():
            known = self._store.orders(numbers, way=way)
            self._store.count_queries(numbers, way=way)
            prepays = self._store.prepays(numbers) if way is Direction.IN else {}
            parts = [
                self._part(number, known.get(number), prepays.get(number), way)
                for number in numbers
            ]
        return Reply("answers", parts)

    def statement(self, on: date, *, after: int, way: Direction) -> Reply:
        """Return a page of the day's successful orders, with the cursor of the next one."""
        call = _CALLS[way].statement
        with self._store.transaction():
            found = self._store.taken_on(on.isoformat(), after=after, limit=PAGE_LINES, way=way)
            parts = [
                ReplyEntry(_line(order), self._reply_rule(call, replies.subject_of(order)))
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

    def _part(
        self, number: str, order: Order | None, prepay: Prepay | None, way: Direction
    ) -> ReplyEntry:
        subject = Subject(number)
        if order is not None:
            subject = replies.subject_of(order)
        elif prepay is not None:
            subject = wechat.subject_of(prepay)
        rule = self._reply_rule(_CALLS[way].query, subject)
        return ReplyEntry(wechat.found(number, order, prepay), rule)

    def _entry(self, changes: "_Changes", ask: Ask, *, is_lost: bool) -> dict[str, Any]:
        order = changes.known.get(ask.number)
        if order is None:
            if is_lost:
                changes.note(ask, NEVER_EXECUTED)
                return {"number": ask.number}
            rule = self._script.pick(changes.call, ON_EXECUTION, _subject(ask))
            return replies.answer(changes.execute(ask, rule))
        if (order.asked_fen, order.account) != (ask.amount_fen, ask.account):
            # The money of the first order may be gone: "failed" would invite a second one.
            changes.note(ask, replies.CONFLICT)
            return replies.unknown(ask.number, replies.CONFLICT)
        changes.note(ask, order.code)
        return replies.answer(order)


class _Changes:
    """The part of the accounts that one batch touches, and what the batch changes in it."""

    def __init__(
        self,
        known: dict[str, Order],
        balances_fen: dict[str, int],
        way: Direction,
        call: ScriptCall,
        refused: Mapping[str, str],
    ) -> None:
        self.known = known
        self.way = way
        self.call = call
        self._refused = refused
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
        is_success = code == replies.SUCCESS
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
            silent_until=replies.wall() + rule.seconds if rule is not None else 0,
        )
        self.known[ask.number] = order
        self.new.append(order)
        self.note(ask, code, executed=is_success)
        return order

    def _verdict(self, ask: Ask) -> str:
        if ask.number in self._refused:
            return self._refused[ask.number]
        if self.way is Direction.OUT:
            return replies.SUCCESS
        balance_fen = self._balances_fen.get(ask.account)
        if balance_fen is None:
            return "USER_NOT_EXIST"
        return replies.SUCCESS if balance_fen >= ask.amount_fen else "NOTENOUGH"


def _subject(ask: Ask) -> Subject:
    return Subject(ask.number, ask.account, ask.asked_at)


def _line(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "reference": order.reference,
        "amount_fen": order.taken_fen,
        "at": order.at,
    }
