"""The channel over HTTP: batches of 1,000, signed both ways, every reply checked before use."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

from backoffice.core.clock import day_of
from loans.collection.rules import refusal_codes
from loans.gateways.channel import (
    Answer,
    ChannelError,
    ChannelFault,
    DebitRequest,
    Outcome,
    PayoutRequest,
    PrepayRequest,
    RefundRequest,
    SheetParameters,
    StatementLine,
    unanswered,
)
from loans.gateways.wire import ChannelConnection
from loans.payouts.rules import payout_codes

BATCH_MAX = 1_000
# A chunk of five batches ends within a worker's minute even when every batch times out.
TIMEOUT_SECONDS = 10.0
NOT_FOUND = "not_found"

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_REFERENCE = re.compile(r"[!-~]{1,64}")
_PARAMETER = re.compile(r"[!-~]{1,1024}")

T = TypeVar("T")


class _Service(NamedTuple):
    """One of the two directions of money: its statements, and which refusals are final."""

    statements: str
    is_final: Callable[[str], bool]


_DEBITS = _Service("/v1/statements", refusal_codes.is_final)
_PAYOUTS = _Service("/v1/payout-statements", payout_codes.is_final)

Request = DebitRequest | PrepayRequest | PayoutRequest | RefundRequest


class HttpChannel:
    """Debits, payments and payouts over HTTP; see ``loans.gateways.channel.Channel``."""

    def __init__(self, url: str, secret: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._wire = ChannelConnection(url, secret, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Give the connection back."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def submit(self, requests: Sequence[DebitRequest]) -> list[Answer]:
        """Ask for the money; return one answer per request, in the same order."""
        return self._order(_DEBITS, "/v1/debits", requests)

    def prepay(self, requests: Sequence[PrepayRequest]) -> list[Answer]:
        """Prepare payments that customers confirm in WeChat; one answer per request, in order."""
        return self._order(_DEBITS, "/v1/prepays", requests)

    def close_payments(self, numbers: Sequence[str], *, at: datetime) -> list[Answer | None]:
        """Close payments that were not confirmed; None: the channel never saw the number."""
        return self._find(_DEBITS, "/v1/prepays/close", numbers, asked_at=at.isoformat())

    def query(self, numbers: Sequence[str]) -> list[Answer | None]:
        """Ask what became of orders; None means that the channel never saw the number."""
        return self._find(_DEBITS, "/v1/debits/query", numbers)

    def statement(self, on: date) -> Iterator[StatementLine]:
        """Yield every successful debit whose ``at`` falls on that day in Asia/Shanghai.

        Raises:
            ChannelError: the statement could not be read to its end; what was yielded is partial.
        """
        return self._lines_of(_DEBITS, on)

    def pay_out(self, requests: Sequence[PayoutRequest]) -> list[Answer]:
        """Pay money to cards; return one answer per request, in the same order."""
        return self._order(_PAYOUTS, "/v1/payouts", requests)

    def refund(self, requests: Sequence[RefundRequest]) -> list[Answer]:
        """Return money of payments inside WeChat; one answer per request, in the same order."""
        return self._order(_PAYOUTS, "/v1/refunds", requests)

    def query_payouts(self, numbers: Sequence[str]) -> list[Answer | None]:
        """Ask what became of payouts; None means that the channel never saw the number."""
        return self._find(_PAYOUTS, "/v1/payouts/query", numbers)

    def payout_statement(self, on: date) -> Iterator[StatementLine]:
        """Yield every successful payout whose ``at`` falls on that day in Asia/Shanghai.

        Raises:
            ChannelError: the statement could not be read to its end; what was yielded is partial.
        """
        return self._lines_of(_PAYOUTS, on)

    def _order(self, service: _Service, path: str, requests: Sequence[Request]) -> list[Answer]:
        assert len({request.number for request in requests}) == len(requests), "a number twice"
        assert all(request.amount_fen > 0 for request in requests), "nothing to ask for"
        return [
            answer
            for batch in batches(requests)
            for answer in self._order_batch(service, path, batch)
        ]

    def _find(
        self, service: _Service, path: str, numbers: Sequence[str], **facts: str
    ) -> list[Answer | None]:
        return [
            answer
            for batch in batches(numbers)
            for answer in self._find_batch(service, path, batch, facts)
        ]

    def _lines_of(self, service: _Service, on: date) -> Iterator[StatementLine]:
        path = f"{service.statements}/{on.isoformat()}"
        after, seen = "", {""}
        while True:
            page = self._wire.call("GET", f"{path}?after={quote(after, safe='')}")
            yield from _lines(page, on)
            after = page.get("next") or ""
            if not after:
                return
            if not isinstance(after, str) or after in seen:
                raise ChannelError(
                    ChannelFault.INVALID_REPLY, "the pages of the statement go in a circle"
                )
            seen.add(after)

    def _order_batch(self, service: _Service, path: str, batch: Sequence[Request]) -> list[Answer]:
        try:
            list_name = path.rpartition("/")[2]
            reply = self._wire.call("POST", path, {list_name: [_written(one) for one in batch]})
            found = _Found(reply, [request.number for request in batch], service)
        except ChannelError as error:
            return [unanswered(request.number, error.code) for request in batch]
        return [_exact(found.answer(request.number), request.amount_fen) for request in batch]

    def _find_batch(
        self, service: _Service, path: str, batch: Sequence[str], facts: Mapping[str, str]
    ) -> list[Answer | None]:
        try:
            reply = self._wire.call("POST", path, {"numbers": list(batch), **facts})
            found = _Found(reply, batch, service)
        except ChannelError as error:
            return [unanswered(number, error.code) for number in batch]
        return [None if found.says_never_seen(number) else found.answer(number) for number in batch]


def _written(request: Request) -> dict[str, Any]:
    """Return a request as JSON has it: moments as text with their offset."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in request._asdict().items()
    }


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in slices that one request may carry."""
    for start in range(0, len(items), BATCH_MAX):
        yield items[start : start + BATCH_MAX]


class _Found:
    """The answers of one reply by number: repeated ones once, contradicting ones not at all."""

    def __init__(self, reply: Mapping[str, Any], numbers: Iterable[str], service: _Service) -> None:
        asked = set(numbers)
        self._is_final = service.is_final
        self._items: dict[str, Mapping[str, Any]] = {}
        self._distrusted: set[str] = set()
        self._absent = ChannelFault.NO_ANSWER
        for item in _listed(reply, "answers"):
            number = item.get("number")
            if not isinstance(number, str) or number not in asked:
                # It may have been meant for any order of which the reply does not speak.
                self._absent = ChannelFault.INVALID_REPLY
            elif self._items.setdefault(number, item) != item:
                self._distrusted.add(number)

    def says_never_seen(self, number: str) -> bool:
        item = self._items.get(number)
        return (
            number not in self._distrusted and item is not None and item.get("outcome") == NOT_FOUND
        )

    def answer(self, number: str) -> Answer:
        item = self._items.get(number)
        if item is None:
            return unanswered(number, self._absent)
        if number in self._distrusted:
            return unanswered(number, ChannelFault.INVALID_REPLY)
        try:
            return _answer(number, item, is_final=self._is_final)
        except (KeyError, TypeError, ValueError):
            return unanswered(number, ChannelFault.INVALID_REPLY)


def _listed(reply: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = reply.get(name)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ChannelError(ChannelFault.INVALID_REPLY, f"no list of objects named {name!r}")
    return items


def _answer(number: str, item: Mapping[str, Any], *, is_final: Callable[[str], bool]) -> Answer:
    """Return the answer an item states; KeyError, TypeError or ValueError where it states none."""
    outcome = Outcome(item["outcome"])
    code = _matching(_CODE, item["code"])
    if outcome is Outcome.SUCCEEDED:
        reference = _matching(_REFERENCE, item["reference"])
        return Answer(number, outcome, code, _amount(item, at_least=1), reference, _moment(item))
    if _amount(item, at_least=0) != 0:
        raise ValueError("an order that moved money without success")
    if outcome is Outcome.FAILED and is_final(code):
        return Answer(number, outcome, code, 0, "", _moment(item))
    return Answer(number, Outcome.UNKNOWN, code, 0, "", None, _sheet(item))


def _sheet(item: Mapping[str, Any]) -> SheetParameters | None:
    """Return the parameters of the payment sheet; an answer without them has none."""
    given = item.get("sheet")
    if given is None:
        return None
    if not isinstance(given, dict) or given.keys() != set(SheetParameters._fields):
        raise ValueError("sheet does not hold the parameters agreed")
    return SheetParameters(**{name: _matching(_PARAMETER, text) for name, text in given.items()})


def _exact(answer: Answer, asked_fen: int) -> Answer:
    if answer.outcome is Outcome.SUCCEEDED and answer.amount_fen != asked_fen:
        return unanswered(answer.number, ChannelFault.INVALID_REPLY)
    return answer


def _lines(page: Mapping[str, Any], on: date) -> list[StatementLine]:
    try:
        lines = [_line(item) for item in _listed(page, "lines")]
    except (KeyError, TypeError, ValueError) as error:
        raise ChannelError(
            ChannelFault.INVALID_REPLY, f"a line of the statement: {error!r}"
        ) from error
    if any(day_of(line.at) != on for line in lines):
        raise ChannelError(ChannelFault.INVALID_REPLY, f"a line of the statement is not of {on}")
    return lines


def _line(item: Mapping[str, Any]) -> StatementLine:
    number, reference = (_matching(_REFERENCE, item[name]) for name in ("number", "reference"))
    return StatementLine(number, reference, _amount(item, at_least=1), _moment(item))


def _amount(item: Mapping[str, Any], *, at_least: int) -> int:
    amount_fen = item["amount_fen"]
    # To Python True is an int, to a bank it is not an amount.
    if type(amount_fen) is not int or amount_fen < at_least:
        raise ValueError("amount_fen is not an amount")
    return amount_fen


def _moment(item: Mapping[str, Any]) -> datetime:
    moment = datetime.fromisoformat(item["at"])
    if moment.utcoffset() is None:
        raise ValueError("at has no offset")
    return moment


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} is not of the form agreed")
    return text
