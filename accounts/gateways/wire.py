"""One call to a provider over HTTP: one JSON object back, or a word for why there is none.

What is asked here is secret in all its parts: the address may hold a key, the body an ID number,
the reply a session key. So errors say which kind of silence it was and nothing else, not even as
their context, and nothing is logged.
"""

import json
import logging
import ssl
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import httpcore
import httpx

from accounts.gateways.deadline import Backend, within

CONNECT_SECONDS = 3.0
REPLY_BYTES_MAX = 1024 * 1024
CONNECTIONS_MAX = 100
IDLE_SECONDS_MAX = 5.0

# Its records hold the headers of replies, and a redirect repeats the whole address in one.
logging.getLogger("httpcore.http11").addFilter(lambda _record: False)


class Silence(StrEnum):
    """The kinds of having no answer that can be trusted; both providers use the same words."""

    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"
    INVALID_REPLY = "INVALID_REPLY"


class WireError(Exception):
    """No reply in time, or none that can be trusted; ``detail`` is words of our own."""

    def __init__(self, silence: Silence, detail: str = "") -> None:
        super().__init__(f"{silence} {detail}".strip())
        self.silence = silence
        self.detail = detail


class ProviderConnections:
    """Connections to one provider, kept open."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        connect = min(CONNECT_SECONDS, timeout_seconds)
        self._extensions = {"timeout": httpx.Timeout(timeout_seconds, connect=connect).as_dict()}
        # A client would log every address, keep cookies and look for proxies; a transport does not.
        # Nor does it follow a redirect, which would carry what is asked to another address.
        self._transport = httpx.HTTPTransport(verify=_tls(), trust_env=False)
        self._transport._pool = httpcore.ConnectionPool(  # noqa: SLF001
            ssl_context=_tls(),
            max_connections=CONNECTIONS_MAX,
            keepalive_expiry=IDLE_SECONDS_MAX,
            network_backend=Backend(),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def get(self, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object at an address.

        Raises:
            WireError: no reply in time, or none that can be trusted.
        """
        return json_object(self.send("GET", url, query=query))

    def send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """Send one request and return the body of its reply.

        Raises:
            WireError: no reply in time, not HTTP 200, or more than a reply can be long.
        """
        try:
            request = httpx.Request(
                method, url, params=query, headers=headers, content=body,
                extensions=self._extensions,
            )  # fmt: skip
            request.headers["Accept-Encoding"] = "identity"
            return self._exchange(request)
        except httpx.TimeoutException:
            silence = Silence.TIMEOUT
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            silence = Silence.UNREACHABLE
        # Out here the error has no context: the library's own would carry the request.
        raise WireError(silence)

    def _exchange(self, request: httpx.Request) -> bytes:
        with within(self._timeout_seconds):
            response = self._transport.handle_request(request)
            try:
                if response.status_code != httpx.codes.OK:
                    raise WireError(Silence.INVALID_REPLY, f"HTTP {response.status_code}")
                return _read(response)
            finally:
                response.close()


@cache
def _tls() -> ssl.SSLContext:
    # Reading the authorities' certificates takes longer than a login: once per process.
    return httpx.create_ssl_context(trust_env=False)


def _read(response: httpx.Response) -> bytes:
    read = bytearray()
    for part in response.iter_raw():
        read += part
        if len(read) > REPLY_BYTES_MAX:
            raise WireError(Silence.INVALID_REPLY, "too long")
    return bytes(read)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is.

    Raises:
        WireError: it is none.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None  # raised out here, for the library's error would carry the body
    if not isinstance(content, dict):
        raise WireError(Silence.INVALID_REPLY, "no JSON object")
    return content
