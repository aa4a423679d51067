"""Signed JSON over HTTP to the channel: one call, one verified reply, or one ``ChannelError``."""

import json
import secrets
import ssl
from functools import cache
from time import monotonic
from typing import Any, Self

import httpx

from backoffice.core import clock
from loans.gateways import signing
from loans.gateways.channel import ChannelError, ChannelFault

CONNECT_SECONDS = 3.0
REPLY_BYTES_MAX = 16 * 1024 * 1024


class ChannelConnection:
    """One kept connection to the channel and the secret shared with it."""

    def __init__(self, url: str, secret: str, *, timeout_seconds: float) -> None:
        self._secret = secret
        self._timeout_seconds = timeout_seconds
        # Proxies of the environment are not for a bank; compressed bodies are not what was signed.
        self._client = httpx.Client(
            base_url=url,
            timeout=httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
            headers={"Accept-Encoding": "identity", "Content-Type": "application/json"},
            trust_env=False,
            verify=_tls(),
        )

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def call(self, method: str, path: str, content: object = None) -> dict[str, Any]:
        """Send one request and return the verified JSON object of the reply.

        Raises:
            ChannelError: no reply in time, or none that can be trusted.
        """
        body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
        nonce = secrets.token_hex(16)
        status, signature, reply = self._exchange(method, path, body, nonce)
        _require_success(status)
        expected = signing.of_reply(self._secret, nonce=nonce, status=status, body=reply)
        if not signing.agree(expected, signature):
            raise ChannelError(
                ChannelFault.INVALID_REPLY, "the signature of the reply does not verify"
            )
        return _json_object(reply)

    def _exchange(self, method: str, path: str, body: bytes, nonce: str) -> tuple[int, str, bytes]:
        deadline = monotonic() + self._timeout_seconds
        headers = self._signed_headers(method, path, body, nonce)
        try:
            with self._client.stream(method, path, content=body, headers=headers) as response:
                signature = response.headers.get(signing.SIGNATURE, "")
                return response.status_code, signature, _read(response, deadline)
        except httpx.TimeoutException as error:
            raise ChannelError(
                ChannelFault.TIMEOUT, f"no reply in {self._timeout_seconds} s"
            ) from error
        except httpx.HTTPError as error:
            raise ChannelError(
                ChannelFault.UNREACHABLE, str(error) or type(error).__name__
            ) from error

    def _signed_headers(self, method: str, path: str, body: bytes, nonce: str) -> dict[str, str]:
        timestamp = str(int(clock.wall().timestamp()))
        signature = signing.of_request(
            self._secret, timestamp=timestamp, nonce=nonce, method=method, path=path, body=body
        )
        return {signing.TIMESTAMP: timestamp, signing.NONCE: nonce, signing.SIGNATURE: signature}


@cache
def _tls() -> ssl.SSLContext:
    # Reading the authorities' certificates takes longer than a debit: once per process.
    return httpx.create_ssl_context(trust_env=False)


def _read(response: httpx.Response, deadline: float) -> bytes:
    # The client's own time-out starts again with every byte: a dripping reply needs this one.
    read = bytearray()
    for part in response.iter_raw():
        read += part
        if monotonic() > deadline:
            raise httpx.ReadTimeout("the reply drips")
        if len(read) > REPLY_BYTES_MAX:
            raise ChannelError(ChannelFault.INVALID_REPLY, f"more than {REPLY_BYTES_MAX} bytes")
    return bytes(read)


def _require_success(status: int) -> None:
    if status == httpx.codes.OK:
        return
    if status == httpx.codes.UNAUTHORIZED:
        raise ChannelError(ChannelFault.UNAUTHORISED, "the channel did not accept our signature")
    fault = (
        ChannelFault.CHANNEL_ERROR
        if status >= httpx.codes.INTERNAL_SERVER_ERROR
        else ChannelFault.REJECTED
    )
    raise ChannelError(fault, f"HTTP {status}")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ChannelError(ChannelFault.INVALID_REPLY, "the reply is not JSON") from error
    if not isinstance(content, dict):
        raise ChannelError(ChannelFault.INVALID_REPLY, "the reply is not a JSON object")
    return content
