"""WeChat's code2session over HTTP: one short call, the reply checked before use.

The secret and the code travel in the address, so the address must not be written anywhere: the
HTTP library would log it, and its errors would carry it.
"""

import json
import logging
import re
import ssl
from functools import cache
from time import monotonic
from typing import Any

import httpx

from accounts.gateways.wechat import LoginError, LoginFault, WechatIdentity

TIMEOUT_SECONDS = 5.0
REPLY_BYTES_MAX = 64 * 1024
_OPENID = re.compile(r"[0-9A-Za-z_-]{6,64}")
_FAULTS = {
    -1: LoginFault.BUSY,
    40029: LoginFault.BAD_CODE,
    40163: LoginFault.BAD_CODE,  # used before
    41008: LoginFault.BAD_CODE,  # empty
    40226: LoginFault.BLOCKED,
    45011: LoginFault.TOO_OFTEN,
}

# Its records of requests carry the whole address; nothing of them is needed here.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class HttpWechatLogin:
    """Logins at WeChat; see ``accounts.gateways.wechat.WechatLogin``."""

    def __init__(
        self, url: str, app_id: str, secret: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._app = {"appid": app_id, "secret": secret, "grant_type": "authorization_code"}
        self._timeout_seconds = timeout_seconds
        # Proxies of the environment are not for secrets.
        self._client = httpx.Client(
            base_url=url, timeout=timeout_seconds, trust_env=False, verify=_tls()
        )

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    def identify(self, code: str) -> WechatIdentity:
        """Return who a login code stands for.

        Raises:
            LoginError: nobody was identified, or WeChat said nothing that can be trusted.
        """
        return _identity(_json_object(self._ask({**self._app, "js_code": code})))

    def _ask(self, parameters: dict[str, str]) -> bytes:
        deadline = monotonic() + self._timeout_seconds
        # None: the errors of the library carry the request with its address.
        try:
            with self._client.stream("GET", "/sns/jscode2session", params=parameters) as reply:
                if reply.status_code != httpx.codes.OK:
                    raise LoginError(LoginFault.INVALID_REPLY, f"HTTP {reply.status_code}")
                return _read(reply, deadline)
        except httpx.TimeoutException:
            raise LoginError(LoginFault.TIMEOUT) from None
        except httpx.HTTPError:
            raise LoginError(LoginFault.UNREACHABLE) from None


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _read(reply: httpx.Response, deadline: float) -> bytes:
    """Return the body; the library's time-out starts again with every byte, this one does not."""
    read = bytearray()
    for part in reply.iter_bytes():
        read += part
        if monotonic() > deadline:
            raise LoginError(LoginFault.TIMEOUT)
        if len(read) > REPLY_BYTES_MAX:
            raise LoginError(LoginFault.INVALID_REPLY)
    return bytes(read)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise LoginError(LoginFault.INVALID_REPLY) from None
    if not isinstance(content, dict):
        raise LoginError(LoginFault.INVALID_REPLY)
    return content


def _identity(content: dict[str, Any]) -> WechatIdentity:
    """Return the openid alone: session key and unionid are of no use here and go no further."""
    code = content.get("errcode", 0)
    if type(code) is not int:
        raise LoginError(LoginFault.INVALID_REPLY)
    if code:
        raise LoginError(_FAULTS.get(code, LoginFault.REJECTED), str(code))
    openid = content.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        raise LoginError(LoginFault.INVALID_REPLY)
    return WechatIdentity(openid, used_since_on=None)
