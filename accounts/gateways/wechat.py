"""Login with WeChat: what is asked of it and what it may answer."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol


class LoginFault(StrEnum):
    """Why nobody was identified.

    ``REJECTED`` is an error of our own configuration: WeChat knows neither app nor secret.
    """

    BUSY = "BUSY"
    BAD_CODE = "BAD_CODE"
    BLOCKED = "BLOCKED"
    TOO_OFTEN = "TOO_OFTEN"
    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"
    INVALID_REPLY = "INVALID_REPLY"
    REJECTED = "REJECTED"


class LoginError(Exception):
    """WeChat identified nobody; ``code`` is its own error code, if it gave one."""

    def __init__(self, fault: LoginFault, code: str = "") -> None:
        super().__init__(f"{fault} {code}".strip())
        self.fault = fault
        self.code = code


class WechatIdentity(NamedTuple):
    """Who has logged in, and since when WeChat is used, where somebody says so.

    WeChat itself does not (ELIG-12); a partner may, and the sandbox does.
    """

    openid: str
    used_since_on: date | None


class WechatLogin(Protocol):
    """A provider of logins."""

    def identify(self, code: str) -> WechatIdentity:
        """Return who a login code stands for; a code serves once.

        Raises:
            LoginError: nobody was identified, or WeChat said nothing that can be trusted.
        """
        ...
