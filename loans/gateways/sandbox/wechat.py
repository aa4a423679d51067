"""The sandbox bank plays WeChat: payments that a customer confirms, their end, their refund.

A payment is prepared under a number and answered with the parameters of the payment sheet, signed
as WeChat signs them. Once its customer has confirmed it is an order like a debit: queries and
statements know it. One that is not confirmed in time can only be closed.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from backoffice.core import clock
from loans.collection.rules import refusal_codes
from loans.gateways.channel import Outcome, PrepayRequest, SheetParameters
from loans.gateways.sandbox import replies
from loans.gateways.sandbox.replies import Reply, ReplyEntry
from loans.gateways.sandbox.script import (
    ON_EXECUTION,
    ON_REPLY,
    Action,
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
    new_reference,
)

APP_ID = "wx5a5b0c0ffee00001"
_KEY_BITS = 2048


class WechatPayments:
    """The part of the bank that speaks for WeChat: each public method is one transaction."""

    def __init__(self, store: BankStore, script: Script) -> None:
        self._store = store
        self._script = script

    def prepay(self, requests: Sequence[PrepayRequest]) -> Reply:
        """Prepare payments that customers confirm; repeat the answer of one that is known."""
        with self._store.transaction():
            rules = [
                self._script.pick(ScriptCall.PREPAY, ON_REPLY, _subject(one)) for one in requests
            ]
            is_lost = any(replies.loses_all(rule) for rule in rules)
            entries = [
                {"number": one.number} if is_lost or replies.loses(rule) else self._prepaid(one)
                for one, rule in zip(requests, rules, strict=True)
            ]
        return Reply("answers", [ReplyEntry(*pair) for pair in zip(entries, rules, strict=True)])

    def _prepaid(self, request: PrepayRequest) -> dict[str, Any]:
        """Return the answer to one request; what it refuses is an order that took nothing."""
        order = self._store.orders([request.number], way=Direction.IN).get(request.number)
        if order is not None:
            return replies.answer(order)
        known = self._store.prepays([request.number]).get(request.number)
        if known is not None:
            if not is_same(known, request):
                return replies.unknown(request.number, replies.CONFLICT)
            return answer_of(known)
        rule = self._script.pick(ScriptCall.PREPAY, ON_EXECUTION, _subject(request))
        made = new_prepay(request)
        if rule is not None:
            return replies.answer(self._ended(made, rule, at=request.asked_at))
        self._store.add_prepays([made])
        return answer_of(made)

    def confirm(self, prepay_id: str, *, at: datetime, code: str, is_late: bool) -> Reply:
        """Let the customer confirm a payment at a moment, or fail with a code; once each.

        After its time nothing is taken, unless ``is_late``: the customer had paid before, and the
        channel learned of it afterwards.

        Raises:
            ValueError: there is no payment with this prepay id.
        """
        with self._store.transaction():
            prepay = self._store.prepay_of(prepay_id)
            if prepay is None:
                raise ValueError("no payment has this prepay id")
            order = self._store.orders([prepay.number], way=Direction.IN).get(prepay.number)
            if order is None and is_over(prepay, at=at) and not is_late:
                entry = answer_of(prepay._replace(closed_at=at.isoformat()))
                return Reply("answers", [ReplyEntry(entry, None)])
            if order is None:
                subject = subject_of(prepay, at=at)
                rule = self._script.pick(ScriptCall.CONFIRMATION, ON_EXECUTION, subject)
                if code:
                    rule = Rule(place=-1, action=Action.REFUSE, code=code)
                order = self._ended(prepay, rule, at=at)
        return Reply("answers", [ReplyEntry(replies.answer(order), None)])

    def _ended(self, prepay: Prepay, rule: Rule | None, *, at: datetime) -> Order:
        """Turn a payment into an order: paid, or refused for good by a rule."""
        code = rule.code if rule is not None and rule.code else replies.SUCCESS
        is_success = code == replies.SUCCESS
        order = Order(
            prepay.number,
            prepay.openid,
            prepay.asked_fen,
            taken_fen=prepay.asked_fen if is_success else 0,
            code=code,
            reference=new_reference() if is_success else "",
            at=at.isoformat(),
            day=clock.day_of(at).isoformat(),
            silent_queries=rule.queries if rule is not None else 0,
            silent_until=replies.wall() + rule.seconds if rule is not None else 0,
        )
        tried = Attempt(*order[:3], asked_at=order.at, code=code, executed=is_success)
        self._store.add([order], [tried], way=Direction.IN)
        return order

    def close(self, numbers: Sequence[str], *, at: datetime) -> Reply:
        """Close the payments that were not confirmed; return what became of each number."""
        with self._store.transaction():
            known = self._store.orders(numbers, way=Direction.IN)
            prepays = self._store.prepays(numbers)
            rules = [
                self._script.pick(
                    ScriptCall.CLOSE,
                    ON_REPLY,
                    subject_of(prepays[one], at=at) if one in prepays else Subject(one),
                )
                for one in numbers
            ]
            open_ones = [
                one for one, rule in zip(numbers, rules, strict=True)
                if one in prepays and one not in known and not replies.loses(rule)
            ]  # fmt: skip
            self._store.close_prepays(open_ones, closed_at=at.isoformat())
            prepays = self._store.prepays(numbers)
            entries = [found(one, known.get(one), prepays.get(one)) for one in numbers]
        return Reply("answers", [ReplyEntry(*pair) for pair in zip(entries, rules, strict=True)])


def _subject(request: PrepayRequest) -> Subject:
    return Subject(request.number, request.openid, request.asked_at)


def new_prepay(request: PrepayRequest) -> Prepay:
    """Return a payment under a prepay id of its own, with its signed parameters."""
    prepay_id = f"wx{secrets.token_hex(17)}"
    return Prepay(
        request.number,
        request.openid,
        request.amount_fen,
        request.expires_at.isoformat(),
        prepay_id,
        json.dumps(_signed(prepay_id)._asdict()),
    )


def _signed(prepay_id: str) -> SheetParameters:
    timestamp, nonce = str(int(clock.wall().timestamp())), secrets.token_hex(16)
    package = f"prepay_id={prepay_id}"
    text = signed_text(APP_ID, timestamp, nonce, package)
    signature = _key().sign(text, padding.PKCS1v15(), hashes.SHA256())
    return SheetParameters(
        APP_ID, timestamp, nonce, package, "RSA", b64encode(signature).decode("ascii")
    )


def signed_text(app_id: str, timestamp: str, nonce: str, package: str) -> bytes:
    """Return what the signature of a payment sheet covers: four lines (WeChat Pay V3)."""
    return "".join(f"{part}\n" for part in (app_id, timestamp, nonce, package)).encode()


@cache
def _key() -> rsa.RSAPrivateKey:
    """Return the merchant's key of this process; a sheet is not verified by another one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


def is_same(prepay: Prepay, request: PrepayRequest) -> bool:
    """Return whether a repeated request asks for the payment that is known by its number."""
    return (prepay.openid, prepay.asked_fen) == (request.openid, request.amount_fen)


def answer_of(prepay: Prepay) -> dict[str, Any]:
    """Return what the bank answers of a payment that was not confirmed."""
    is_closed = bool(prepay.closed_at)
    return {
        "number": prepay.number,
        "outcome": Outcome.FAILED if is_closed else Outcome.UNKNOWN,
        "code": refusal_codes.CLOSED if is_closed else refusal_codes.NOT_PAID,
        "amount_fen": 0,
        "reference": "",
        "at": prepay.closed_at or None,
        "sheet": None if is_closed else json.loads(prepay.sheet),
    }


def found(number: str, order: Order | None, prepay: Prepay | None) -> dict[str, Any]:
    """Return what became of a number: an order, a payment that was not confirmed, or nothing."""
    if order is not None:
        return replies.answer(order)
    return replies.never_seen(number) if prepay is None else answer_of(prepay)


def is_over(prepay: Prepay, *, at: datetime) -> bool:
    """Return whether a payment can no longer be confirmed at a moment."""
    return bool(prepay.closed_at) or at >= datetime.fromisoformat(prepay.expires_at)


def subject_of(prepay: Prepay, *, at: datetime | None = None) -> Subject:
    """Return what a rule of the script may look at."""
    return Subject(prepay.number, prepay.openid, at)


def not_refundable(
    refunds: Sequence[tuple[str, int]],
    orders: Mapping[str, Order],
    returned_fen: Mapping[str, int],
) -> set[int]:
    """Return the places of the refunds, order number and fen each, above what their order took."""
    left_fen = {
        number: order.taken_fen - returned_fen.get(number, 0) for number, order in orders.items()
    }
    refused = set()
    for place, (number, amount_fen) in enumerate(refunds):
        if amount_fen > left_fen.get(number, 0):
            refused.add(place)
        else:
            left_fen[number] -= amount_fen
    return refused
