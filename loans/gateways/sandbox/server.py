"""The sandbox bank's HTTP: who is asking, what for, and the reply signed or spoilt to order."""

import json
import logging
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

from backoffice.core import clock
from loans.collection.rules import refusal_codes
from loans.gateways import signing
from loans.gateways.channel import DebitRequest, PayoutRequest, PrepayRequest, RefundRequest
from loans.gateways.http_channel import BATCH_MAX
from loans.gateways.sandbox.bank import Bank
from loans.gateways.sandbox.delivery import Delivery, inject_fault
from loans.gateways.sandbox.replies import Reply
from loans.gateways.sandbox.store import BankStore, Direction

REQUEST_BYTES_MAX = 4 * 1024 * 1024
IDLE_SECONDS = 120
AMOUNT_MAX_FEN = 2**53

logger = logging.getLogger(__name__)

_TEXT = re.compile(r"[!-~]{1,64}")
_STATEMENTS = {
    Direction.IN: re.compile(r"/v1/statements/(\d{4}-\d{2}-\d{2})"),
    Direction.OUT: re.compile(r"/v1/payout-statements/(\d{4}-\d{2}-\d{2})"),
}


class _RequestError(Exception):
    def __init__(self, status: HTTPStatus, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem


class SandboxServer(ThreadingHTTPServer):
    """The bank behind a port of this machine, a thread per connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, *, bank: Bank, store: BankStore, secret: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.bank = bank
        self.store = store
        self.secret = secret
        self.closing = Event()

    @property
    def url(self) -> str:
        """Return the address clients use."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what went wrong in a thread; a caller who went away is no error."""
        if not self.closing.is_set() and not isinstance(sys.exception(), ConnectionError):
            logger.exception("The request of %s failed.", client_address)


class _Handler(BaseHTTPRequestHandler):
    server: SandboxServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # One packet for head and body: else each reply waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def serve(self) -> None:
        """Answer one request."""
        try:
            body = self._body()
            self._authenticate(body)
            reply = _route(self.server.bank, self.command, self.path, body)
        except _RequestError as error:
            self._refuse(error)
        else:
            self._deliver(inject_fault(reply))

    do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the access log out of the terminal unless it is asked for."""
        logger.debug(format, *args)

    def _body(self) -> bytes:
        stated = self.headers.get("Content-Length", "0")
        if not stated.isdecimal() or "Transfer-Encoding" in self.headers:
            raise _RequestError(HTTPStatus.LENGTH_REQUIRED, "Content-Length is required")
        if int(stated) > REQUEST_BYTES_MAX:
            problem = f"more than {REQUEST_BYTES_MAX} bytes"
            raise _RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem)
        body = self.rfile.read(int(stated))
        if len(body) != int(stated):
            raise _RequestError(HTTPStatus.BAD_REQUEST, "the body is cut short")
        return body

    def _authenticate(self, body: bytes) -> None:
        timestamp, nonce, given = (
            self.headers.get(name, "")
            for name in (signing.TIMESTAMP, signing.NONCE, signing.SIGNATURE)
        )
        expected = signing.of_request(
            self.server.secret,
            timestamp=timestamp,
            nonce=nonce,
            method=self.command,
            path=self.path,
            body=body,
        )
        if not signing.agree(expected, given):
            raise _RequestError(HTTPStatus.UNAUTHORIZED, "the signature does not verify")
        self._require_fresh(timestamp, nonce)

    def _require_fresh(self, timestamp: str, nonce: str) -> None:
        present = int(clock.wall().timestamp())
        is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16
        if not is_number or abs(present - int(timestamp)) > signing.AGE_SECONDS_MAX:
            raise _RequestError(HTTPStatus.UNAUTHORIZED, "the timestamp is stale; set the clock")
        # A moment may lie that far ahead too, so a nonce is kept for twice as long.
        keep_seconds = 2 * signing.AGE_SECONDS_MAX + 1
        if not nonce or not self.server.store.use_nonce(
            nonce, at=present, keep_seconds=keep_seconds
        ):
            raise _RequestError(HTTPStatus.UNAUTHORIZED, "the nonce was used before")

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.delay_seconds and self.server.closing.wait(delivery.delay_seconds):
            self.close_connection = True
            return
        if delivery.body is None:
            self.close_connection = True
            return
        signature = signing.of_reply(
            self.server.secret if delivery.is_signature_good else "",
            nonce=self.headers[signing.NONCE],
            status=HTTPStatus.OK,
            body=delivery.body,
        )
        self._send(HTTPStatus.OK, delivery.body, signature)

    def _refuse(self, error: _RequestError) -> None:
        # What is left of the request is unread, so the connection cannot carry another one.
        self.close_connection = True
        body = json.dumps({"error": error.problem}).encode()
        self._send(error.status, body, signature="")

    def _send(self, status: HTTPStatus, body: bytes, signature: str) -> None:
        # The caller may have given up on a late reply; that is its right, not our error.
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header(signing.SIGNATURE, signature)
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()


def _route(bank: Bank, method: str, path: str, body: bytes) -> Reply:
    parts = urlsplit(path)
    for way, pattern in _STATEMENTS.items():
        if method == "GET" and (statement := pattern.fullmatch(parts.path)):
            return _statement(bank, statement[1], parse_qs(parts.query), way)
    endpoint = _ENDPOINTS.get((method, parts.path))
    if endpoint is None:
        raise _RequestError(HTTPStatus.NOT_FOUND, f"no {method} {parts.path} here")
    try:
        return endpoint(bank, json.loads(body) if body else None)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _RequestError(HTTPStatus.BAD_REQUEST, f"not as agreed: {error!r}") from error


def _debit(bank: Bank, content: Any) -> Reply:
    asks = [DebitRequest(*_ask(item)) for item in _batch(content["debits"])]
    return bank.execute(asks, way=Direction.IN)


def _pay_out(bank: Bank, content: Any) -> Reply:
    asks = [PayoutRequest(*_ask(item)) for item in _batch(content["payouts"])]
    return bank.execute(asks, way=Direction.OUT)


def _refund(bank: Bank, content: Any) -> Reply:
    return bank.refund(
        [
            RefundRequest(
                _text(one["number"]), _text(one["order_number"]), _fen(one["amount_fen"], least=1),
                _moment(one["asked_at"]),
            )
            for one in _batch(content["refunds"])
        ]
    )  # fmt: skip


def _prepay(bank: Bank, content: Any) -> Reply:
    return bank.wechat.prepay(
        [
            PrepayRequest(
                _text(one["number"]), _text(one["openid"]), _fen(one["amount_fen"], least=1),
                _moment(one["asked_at"]), _moment(one["expires_at"]),
            )
            for one in _batch(content["prepays"])
        ]
    )  # fmt: skip


def _close(bank: Bank, content: Any) -> Reply:
    return bank.wechat.close(_numbers(content), at=_moment(content["asked_at"]))


def _confirm(bank: Bank, content: Any) -> Reply:
    code = content.get("code", "")
    if code and not refusal_codes.is_final(_text(code)):
        raise ValueError(f"{code!r} leaves the payment open")
    return bank.wechat.confirm(
        _text(content["prepay_id"]), at=_moment(content["at"]), code=code,
        is_late=content.get("is_late") is True,
    )  # fmt: skip


def _query(bank: Bank, content: Any) -> Reply:
    return bank.query(_numbers(content), way=Direction.IN)


def _query_payouts(bank: Bank, content: Any) -> Reply:
    return bank.query(_numbers(content), way=Direction.OUT)


def _fund(bank: Bank, content: Any) -> Reply:
    rows = _batch(content["balances"])
    return bank.fund({_text(row["account"]): _fen(row["balance_fen"], least=0) for row in rows})


def _reset(bank: Bank, _content: Any) -> Reply:
    return bank.reset()


_ENDPOINTS: dict[tuple[str, str], Callable[[Bank, Any], Reply]] = {
    ("POST", "/v1/debits"): _debit,
    ("POST", "/v1/debits/query"): _query,
    ("POST", "/v1/prepays"): _prepay,
    ("POST", "/v1/prepays/close"): _close,
    ("POST", "/v1/confirmations"): _confirm,
    ("POST", "/v1/payouts"): _pay_out,
    ("POST", "/v1/refunds"): _refund,
    ("POST", "/v1/payouts/query"): _query_payouts,
    ("PUT", "/v1/accounts"): _fund,
    ("DELETE", "/v1/store"): _reset,
}


def _statement(bank: Bank, day: str, query: dict[str, list[str]], way: Direction) -> Reply:
    try:
        on, after = date.fromisoformat(day), int(query.get("after", ["0"])[0])
    except ValueError as error:
        raise _RequestError(HTTPStatus.BAD_REQUEST, str(error)) from error
    return bank.statement(on, after=after, way=way)


def _batch(items: Any) -> list[Any]:
    if not isinstance(items, list) or len(items) > BATCH_MAX:
        raise ValueError(f"expected a list of at most {BATCH_MAX}")
    return items


def _numbers(content: Any) -> list[str]:
    return [_text(number) for number in _batch(content["numbers"])]


def _ask(item: Any) -> tuple[str, str, int, datetime]:
    amount_fen = _fen(item["amount_fen"], least=1)
    return _text(item["number"]), _text(item["account"]), amount_fen, _moment(item["asked_at"])


def _moment(given: Any) -> datetime:
    moment = datetime.fromisoformat(given)
    if moment.utcoffset() is None:
        raise ValueError(f"{given!r} has no offset")
    return moment


def _text(given: Any) -> str:
    if not isinstance(given, str) or not _TEXT.fullmatch(given):
        raise ValueError(f"{given!r} is not 1 to 64 printable characters")
    return given


def _fen(given: Any, *, least: int) -> int:
    if type(given) is not int or not least <= given <= AMOUNT_MAX_FEN:
        raise ValueError(f"{given!r} is not a whole number of fen from {least}")
    return given
