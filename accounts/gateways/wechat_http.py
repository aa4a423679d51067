"""WeChat's code2session over HTTP: one short call, the reply checked before use.

The secret and the code travel in the address; ``accounts.gateways.wire`` sees to it that the
address is written nowhere.
"""

import logging
import re
from typing import Any, Self

from accounts.gateways.wechat import LoginError, LoginFault, WechatIdentity
from accounts.gateways.wire import ProviderConnections, WireError

TIMEOUT_SECONDS = 5.0

_OPENID = re.compile(r"[0-9A-Za-z_-]{6,64}")
_FAULTS = {
    -1: LoginFault.BUSY,
    40029: LoginFault.BAD_CODE,  # wrong or expired
    40163: LoginFault.BAD_CODE,  # used before
    41008: LoginFault.BAD_CODE,  # missing
    40226: LoginFault.BLOCKED,
    45011: LoginFault.TOO_OFTEN,
}
# WeChat's codes have five digits; a longer number is not one of them.
_CODE_MAX = 9_999_999

log = logging.getLogger(__name__)


class HttpWechatLogin:
    """Logins at WeChat; see ``accounts.gateways.wechat.WechatLogin``."""

    def __init__(
        self, url: str, app_id: str, secret: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._url = f"{url.rstrip('/')}/sns/jscode2session"
        self._app = {"appid": app_id, "secret": secret, "grant_type": "authorization_code"}
        self._wire = ProviderConnections(timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Give the connection back."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def identify(self, code: str) -> WechatIdentity:
        """Return who a login code stands for.

        Raises:
            LoginError: nobody was identified, or WeChat said nothing that can be trusted.
        """
        try:
            return _identity(self._wire.get(self._url, {**self._app, "js_code": code}))
        except WireError as error:
            fault, detail = LoginFault(error.silence), error.detail
        if fault is LoginFault.INVALID_REPLY:
            log.warning("WeChat: a reply that cannot be read: %s", detail)
        raise LoginError(fault, detail=detail)


def _identity(content: dict[str, Any]) -> WechatIdentity:
    """Return the openid alone: session key and union id go no further than here."""
    code = content.get("errcode", 0)
    # To Python True is an int, to WeChat it is not a code.
    if type(code) is not int or abs(code) > _CODE_MAX:
        raise LoginError(LoginFault.INVALID_REPLY, detail="an error code that is none")
    if code != 0:
        raise _refusal(code)
    openid = content.get("openid")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid):
        raise LoginError(LoginFault.INVALID_REPLY, detail="no openid in it")
    return WechatIdentity(openid, used_since_on=None)


def _refusal(code: int) -> LoginError:
    fault = _FAULTS.get(code, LoginFault.REJECTED)
    if fault is LoginFault.REJECTED:
        log.error(
            "WeChat refuses our logins with code %s: check WECHAT_APP_ID and its secret", code
        )
    return LoginError(fault, str(code))
