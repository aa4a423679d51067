"""Providers of a sandbox: no call leaves the process, and the input says what happens.

The scripts are listed in docs/sandbox-identity.md. Nothing is remembered between two calls, so any
number of processes answer alike. Outside a sandbox these providers cannot even be made.
"""

import re
import secrets
from datetime import date

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.cards.rules.card_numbers import AccountClass
from accounts.gateways import codes
from accounts.gateways.identity import (
    CardAnswer,
    CheckFault,
    FaceAnswer,
    FaceStart,
    IdentityAnswer,
    Verdict,
)
from accounts.gateways.wechat import LoginError, LoginFault, WechatIdentity

USED_SINCE_ON = date(2015, 1, 1)
SIMILARITY_PERMILLE = 920

_PREFIX = "sandbox:"
_LOGIN = re.compile(r"sandbox:([^\s;]{1,64})(?:;since=(unknown|[0-9]{4}-[0-9]{2}-[0-9]{2}))?")
_FAULTS = {
    "sandbox!busy": LoginFault.BUSY,
    "sandbox!bad-code": LoginFault.BAD_CODE,
    "sandbox!blocked": LoginFault.BLOCKED,
    "sandbox!too-often": LoginFault.TOO_OFTEN,
    "sandbox!timeout": LoginFault.TIMEOUT,
}
# How the name ends says what the check of name and number answers.
_BY_NAME = {"不符": "-1", "查无": "-5", "停机": "-4"}
_LATE_NAME = "稍候"
# What the real service says of a face that is not alive.
_NOT_LIVE = "1005"
_SCORE = re.compile(r"score=([0-9]{1,3})(?:\.([0-9]))?")
_DOWN = re.compile(r"down(?:=([0-9]{1,3}))?")
_TAG = re.compile(r"tag=([0-9]{2})")
_CARD_CODE = re.compile(r"1990000(0[1-9]|1[0-9]|2[01])00")
_CARD_CLASSES = {
    "19900010000": AccountClass.UNKNOWN,
    "19900010001": AccountClass.I,
    "19900010002": AccountClass.II,
    "19900010003": AccountClass.III,
}
_CARD_DOWN, _CARD_LATE = "19900020000", "19900020001"


class SandboxWechatLogin:
    """Logins of a sandbox: ``sandbox:<openid>``, ``;since=2026-01-31`` or ``;since=unknown``."""

    def __init__(self) -> None:
        _require_sandbox()

    def identify(self, code: str) -> WechatIdentity:
        """Return the openid in the code; see ``accounts.gateways.wechat.WechatLogin``.

        Raises:
            LoginError: the code asks for it, or is none of a sandbox.
        """
        scripted = _LOGIN.fullmatch(code)
        if scripted is None:
            raise LoginError(_FAULTS.get(code, LoginFault.BAD_CODE))
        return WechatIdentity(scripted[1], _since(scripted[2]))


def _require_sandbox() -> None:
    if not settings.SANDBOX:
        raise ImproperlyConfigured("Whoever asks a sandbox provider is let in: only with SANDBOX=1")


def _since(text: str | None) -> date | None:
    if text is None:
        return USED_SINCE_ON
    if text == "unknown":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass  # the error is raised below, for the library's own would repeat the code
    raise LoginError(LoginFault.BAD_CODE)


class SandboxIdentityChecks:
    """Checks of a sandbox; see ``accounts.gateways.identity.IdentityChecks``."""

    name = "sandbox"

    def __init__(self) -> None:
        _require_sandbox()

    def begin_face(self, *, name: str, id_number: str) -> FaceStart:
        """Return a token that passes."""
        token = f"{_PREFIX}{secrets.token_hex(8)}"
        return FaceStart(Verdict.MATCH, "0", _request_id(), token)

    def check_identity(self, *, name: str, id_number: str, attempt: int) -> IdentityAnswer:
        """Answer by how the name ends."""
        if name.endswith(_LATE_NAME) and attempt == 1:
            return IdentityAnswer(Verdict.UNAVAILABLE, CheckFault.TIMEOUT, "")
        code = _BY_NAME.get(name[-2:], "0")
        return IdentityAnswer(codes.IDENTITY[code], code, _request_id())

    def check_face(self, *, name: str, id_number: str, face_token: str, attempt: int) -> FaceAnswer:
        """Answer by the words behind ``sandbox:``; any other token passes."""
        is_scripted = face_token.startswith(_PREFIX)
        words = face_token.removeprefix(_PREFIX).split(",") if is_scripted else []
        return _face_fault(words, attempt) or _face(words)

    def check_card(
        self, *, name: str, id_number: str, card_number: str, phone: str, attempt: int
    ) -> CardAnswer:
        """Answer by the phone number; any number without a script passes with class I."""
        if phone == _CARD_DOWN or (phone == _CARD_LATE and attempt == 1):
            return CardAnswer(Verdict.UNAVAILABLE, CheckFault.TIMEOUT, "")
        if scripted := _CARD_CODE.fullmatch(phone):
            code = str(-int(scripted[1]))
            return CardAnswer(codes.CARD[code], code, _request_id())
        account_class = _CARD_CLASSES.get(phone, AccountClass.I)
        return CardAnswer(Verdict.MATCH, "0", _request_id(), account_class)


def _face_fault(words: list[str], attempt: int) -> FaceAnswer | None:
    for word in words:
        down = _DOWN.fullmatch(word)
        if (down and attempt <= int(down[1] or attempt)) or (word == "late" and attempt == 1):
            return FaceAnswer(Verdict.UNAVAILABLE, CheckFault.TIMEOUT, "")
        if word == "other-person":
            return FaceAnswer(Verdict.MISMATCH, CheckFault.FACE_OTHER_PERSON, _request_id())
        if word == "invalid":
            return FaceAnswer(Verdict.INVALID, "InvalidParameterValue.BizTokenIllegal", "")
    return None


def _face(words: list[str]) -> FaceAnswer:
    tags = tuple(found[1] for word in words if (found := _TAG.fullmatch(word)))
    if "not-live" in words:
        return FaceAnswer(Verdict.MATCH, _NOT_LIVE, _request_id(), is_live=False, tags=tags)
    score = next((found for word in words if (found := _SCORE.fullmatch(word))), None)
    permille = int(score[1]) * 10 + int(score[2] or 0) if score else SIMILARITY_PERMILLE
    return FaceAnswer(Verdict.MATCH, "0", _request_id(), True, min(permille, 1000), tags)


def _request_id() -> str:
    return f"sandbox-{secrets.token_hex(8)}"
