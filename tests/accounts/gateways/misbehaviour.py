"""What a provider can do instead of answering, and the word for it."""

import json
import socket
import time
from typing import Any

from accounts.gateways import wire


def late(handler: Any, _body: bytes) -> None:
    time.sleep(1)


def drips(handler: Any, _body: bytes) -> None:
    """Send a byte now and then, each in time for itself."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _each in range(10):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def drips_head(handler: Any, _body: bytes) -> None:
    """Send the head of a reply a byte now and then, and never its end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _each in range(10):
        handler.wfile.write(b"a")
        time.sleep(0.1)


def says_to_go_on(handler: Any, _body: bytes) -> None:
    """Send interim replies, each a whole one."""
    for _each in range(10):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.1)


def babbles(handler: Any, _body: bytes) -> None:
    """Send interim replies without a pause, until nobody listens any more."""
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def hangs_up(handler: Any, _body: bytes) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def breaks_off(handler: Any, _body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"openid"')
    hangs_up(handler, b"")


def speaks_no_http(handler: Any, _body: bytes) -> None:
    handler.wfile.write(b"hello there\r\n\r\n")
    hangs_up(handler, b"")


def redirects(handler: Any, _body: bytes) -> None:
    """Point at itself, with all that was asked for in the address, as many a server does."""
    handler.reply(b"", status=307, Location=f"/elsewhere{handler.path}")


def is_endless(handler: Any, _body: bytes) -> None:
    handler.reply(b" " * (wire.REPLY_BYTES_MAX + 1))


def _body(body: bytes, status: int = 200, **headers: str) -> Any:
    return lambda handler, _asked: handler.reply(body, status=status, **headers)


# Replies that are no JSON object, and statuses other than 200, whatever their bodies say.
UNREADABLE = {
    "html": _body(b"<html>gateway</html>"),
    "empty": _body(b""),
    "list": _body(b"[]"),
    "null": _body(b"null"),
    "number": _body(b"0"),
    "bytes": _body(b"\xff\xfe\x00"),
    "cut": _body(b'{"openid": "o'),
    "deep": _body(b"[" * 100_000),
    "digits": _body(b'{"errcode": ' + b"9" * 5_000 + b"}"),
    "endless": is_endless,
    "redirect": redirects,
}


def with_status(status: int, content: Any) -> Any:
    """Say something good under a status that is not."""
    return _body(json.dumps(content).encode(), status)


SLOW = [late, drips, drips_head, says_to_go_on, babbles]
SILENT = [
    (hangs_up, "UNREACHABLE"),
    (breaks_off, "UNREACHABLE"),
    (speaks_no_http, "UNREACHABLE"),
    *((behave, "INVALID_REPLY") for behave in UNREADABLE.values()),
]
