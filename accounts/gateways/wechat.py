"""Login with WeChat: what is asked of it and what it may answer.

WeChat also gives a session key and a union id with every login. Neither is of use here, so no
adapter lets them out: what was never handed on cannot be leaked.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol


class LoginFault(StrEnum):
    """Why nobody was identified.

    ``BUSY``, ``TIMEOUT``, ``UNREACHABLE`` and ``INVALID_REPLY`` pass, with a new code; ``BAD_CODE``
    is one that is wrong, expired, missing or used before; ``BLOCKED`` is a person that WeChat deems
    a high risk; ``REJECTED`` is an error of our own configuration, such as a wrong secret.
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
    """WeChat identified nobody; ``code`` is its own error code, if any, ``detail`` our words."""

    def __init__(self, fault: LoginFault, code: str = "", detail: str = "") -> None:
        super().__init__(" ".join(filter(None, (fault, code, detail))))
        self.fault = fault
        self.code = code
        self.detail = detail


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
