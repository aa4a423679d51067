"""Checks of identity, face and card at Tencent Cloud's faceid service.

The SDK composes and signs the requests and nothing more. Its own sender follows redirects, takes
proxies of the environment and reads without end, and its errors and records repeat what was asked:
``accounts.gateways.wire`` sends instead, and replies are read here, field by field. Nothing but
the documented success is a match.
"""

import logging
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Self, TypeGuard

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301.faceid_client import FaceidClient

from accounts.gateways import codes
from accounts.gateways.identity import (
    CardAnswer,
    CheckFault,
    FaceAnswer,
    FaceStart,
    IdentityAnswer,
    Verdict,
)
from accounts.gateways.wire import ProviderConnections, Silence, WireError, json_object

TIMEOUT_SECONDS = 5
# Longer codes exist, but the columns hold forty letters.
CODE_LENGTH_MAX = 40

_OK = "0"
_TEXT_ONLY = "1"
_ID_CARD = 0
# The service calls faces of a similarity below this one different, without a way to change it.
_SAME_PERMILLE_MIN = 700
_ERROR_CODE = re.compile(r"[A-Za-z]{1,80}(?:\.[A-Za-z]{1,80})*")
_RESULT = re.compile(r"0|-[0-9]{1,2}")
_STATUS_MAX = 999_999_999
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_TOKEN = re.compile(r"[!-~]{1,200}")
_SIMILARITY = re.compile(r"([0-9]{1,2})(?:\.([0-9])[0-9]*)?|100(?:\.0+)?")
_TAG = re.compile(r"[0-9]{2}")

log = logging.getLogger(__name__)
# The SDK's records hold whole requests and replies, whatever level somebody may set.
logging.getLogger("tencentcloud_sdk_common").addFilter(lambda _record: False)


class _Reply(NamedTuple):
    """The fields of a reply, or the verdict and code where there are none."""

    fields: Mapping[str, Any]
    request_id: str = ""
    verdict: Verdict = Verdict.MATCH
    code: str = _OK


class CloudAccount(NamedTuple):
    """The account at Tencent Cloud, and the rule of its face checks."""

    secret_id: str
    secret_key: str
    region: str
    rule_id: str


class TencentIdentityChecks:
    """Checks at Tencent Cloud; see ``accounts.gateways.identity.IdentityChecks``."""

    name = "tencent-faceid"

    def __init__(
        self,
        account: CloudAccount,
        *,
        endpoint: str,
        scheme: str = "https",
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        profile = ClientProfile(
            signMethod="TC3-HMAC-SHA256",
            httpProfile=HttpProfile(endpoint=endpoint),
            disable_region_breaker=True,  # it would turn to a host that nobody has named
        )
        self._client = FaceidClient(
            Credential(account.secret_id, account.secret_key), account.region, profile
        )
        self._wire = ProviderConnections(timeout_seconds=timeout_seconds)
        self._client.request = _Sender(self._wire, scheme)
        self._rule_id = account.rule_id

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def begin_face(self, *, name: str, id_number: str) -> FaceStart:
        """Begin a face check of a person."""
        asked = {"RuleId": self._rule_id, "IdCard": id_number.upper(), "Name": name}
        reply = self._call("DetectAuth", asked)
        if reply.verdict is not Verdict.MATCH:
            return FaceStart(reply.verdict, reply.code, reply.request_id)
        token = _plain(_TOKEN, reply.fields.get("BizToken"))
        if not token:
            return FaceStart(Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY, reply.request_id)
        return FaceStart(Verdict.MATCH, _OK, reply.request_id, token)

    def check_identity(self, *, name: str, id_number: str, attempt: int) -> IdentityAnswer:
        """Ask whether name and ID number belong together."""
        asked = {"IdCard": id_number.upper(), "Name": name}
        reply = self._call("IdCardVerification", asked)
        return IdentityAnswer(*_result(reply, codes.IDENTITY), reply.request_id)

    def check_face(self, *, name: str, id_number: str, face_token: str, attempt: int) -> FaceAnswer:
        """Ask what became of a face check; one begun for another person is a mismatch."""
        # Text alone: pictures and films of the face are never fetched.
        asked = {"BizToken": face_token, "RuleId": self._rule_id, "InfoType": _TEXT_ONLY}
        reply = self._call("GetDetectInfoEnhanced", asked)
        if reply.verdict is not Verdict.MATCH:
            return FaceAnswer(reply.verdict, reply.code, reply.request_id)
        return _face_of(name, id_number.upper(), reply)

    def check_card(
        self, *, name: str, id_number: str, card_number: str, phone: str, attempt: int
    ) -> CardAnswer:
        """Ask whether the four elements are those of one account; its class nobody tells."""
        asked = {"Name": name, "BankCard": card_number, "Phone": phone, "IdCard": id_number.upper()}
        reply = self._call("BankCard4EVerification", {**asked, "CertType": _ID_CARD})
        return CardAnswer(*_result(reply, codes.CARD), reply.request_id)

    def _call(self, action: str, asked: Mapping[str, Any]) -> _Reply:
        try:
            body = self._client.call(action, dict(asked))
            return _read(action, json_object(body).get("Response"))
        except WireError as error:
            if error.silence is Silence.INVALID_REPLY:
                log.warning("%s: a reply that cannot be read: %s", action, error.detail)
            return _Reply({}, "", Verdict.UNAVAILABLE, CheckFault(error.silence))


class _Sender:
    """Takes the place of the SDK's sender."""

    def __init__(self, wire: ProviderConnections, scheme: str) -> None:
        self._wire = wire
        self._scheme = scheme

    def send_request(self, request: Any) -> "_Sent":
        """Send a request that the SDK has signed.

        Raises:
            WireError: no reply in time, or none that can be trusted.
        """
        url = f"{self._scheme}://{request.host}{request.uri}"
        body = request.data.encode()
        return _Sent(self._wire.send(request.method, url, headers=request.header, body=body))


class _Sent:
    """A reply as the SDK wants it: without a type, so that it leaves the reading to us."""

    status_code = 200
    headers: Mapping[str, str] = {}

    def __init__(self, content: bytes) -> None:
        self.content = content


def _read(action: str, response: object) -> _Reply:
    if not isinstance(response, dict):
        raise WireError(Silence.INVALID_REPLY, "no response in it")
    request_id = _plain(_REQUEST_ID, response.get("RequestId"))
    if "Error" in response:
        return _Reply({}, request_id, *_error(action, response["Error"]))
    return _Reply(response, request_id)


def _error(action: str, error: object) -> tuple[Verdict, str]:
    """Return what an error says; its message may repeat the input and is not looked at."""
    code = _plain(_ERROR_CODE, error.get("Code") if isinstance(error, dict) else None)
    if not code:
        return Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY
    kept = code[:CODE_LENGTH_MAX]
    if codes.is_ours(code):
        log.error("%s: the provider refuses us: %s", action, kept)
    if codes.is_of_keys(code):
        return Verdict.UNAVAILABLE, CheckFault.UNAUTHORISED
    return codes.of_error(code), kept


def _result(reply: _Reply, meanings: Mapping[str, Verdict]) -> tuple[Verdict, str]:
    """Return what a result code means; one that is not documented means nothing."""
    if reply.verdict is not Verdict.MATCH:
        return reply.verdict, reply.code
    result = _plain(_RESULT, reply.fields.get("Result"))
    if not result:
        return Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY
    return meanings.get(result, Verdict.UNAVAILABLE), result


def _face_of(name: str, id_number: str, reply: _Reply) -> FaceAnswer:
    text = reply.fields.get("Text")
    seen_name, seen_number = (
        (text.get("Name"), text.get("IdCard")) if isinstance(text, dict) else (None, None)
    )
    if not isinstance(seen_name, str) or not isinstance(seen_number, str):
        return FaceAnswer(Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY, reply.request_id)
    if (seen_name, seen_number.upper()) != (name, id_number):
        return FaceAnswer(Verdict.MISMATCH, CheckFault.FACE_OTHER_PERSON, reply.request_id)
    return _face(reply.fields["Text"], reply.request_id)


def _face(text: Mapping[str, Any], request_id: str) -> FaceAnswer:
    """Return what was seen; a reply that contradicts itself is none."""
    status, live, compared = (text.get(each) for each in ("ErrCode", "LiveStatus", "Comparestatus"))
    if status is None and live is None:
        return FaceAnswer(Verdict.INVALID, CheckFault.FACE_NOT_DONE, request_id)
    if not _is_status(status) or not (live is None or _is_status(live)):
        return FaceAnswer(Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY, request_id)
    if live != 0:
        return _no_face(live or status, text, request_id)
    if compared is None and status != 0:
        return _no_face(status, text, request_id)
    if not _is_status(compared):
        return FaceAnswer(Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY, request_id)
    return _compared(text, request_id)


def _no_face(code: int, text: Mapping[str, Any], request_id: str) -> FaceAnswer:
    """Return what a check says that ended before two faces were compared."""
    if code == 0:
        return FaceAnswer(Verdict.UNAVAILABLE, CheckFault.INVALID_REPLY, request_id)
    if codes.is_of_our_face_check(code):
        log.error("a face check ended with %s: look at the rule of the checks", code)
    tags = _tags(text.get("LivenessInfoTag"))
    return FaceAnswer(codes.of_face(code), str(code), request_id, is_live=False, tags=tags)


def _compared(text: Mapping[str, Any], request_id: str) -> FaceAnswer:
    """Return the score of two faces, or why there is none."""
    status, compared = text["ErrCode"], text["Comparestatus"]
    similarity = _permille(text.get("Sim"))
    is_same = status == 0 and compared == 0
    # A good score cannot belong to a failed comparison, nor a success go without one.
    if (similarity is None and is_same) or (
        similarity is not None and similarity >= _SAME_PERMILLE_MIN and not is_same
    ):
        code = CheckFault.INVALID_REPLY if is_same else str(status or compared)
        return FaceAnswer(Verdict.UNAVAILABLE, code, request_id)
    if similarity is None or compared not in (0, codes.FACE_UNLIKE):
        return FaceAnswer(_of_comparison(compared or status), str(compared or status), request_id)
    tags = _tags(text.get("LivenessInfoTag"))
    return FaceAnswer(Verdict.MATCH, str(status), request_id, True, similarity, tags)


def _of_comparison(code: int) -> Verdict:
    # What only the look at a face may say, that it was finished, is no word of a comparison.
    verdict = codes.of_face(code)
    return Verdict.UNAVAILABLE if verdict is Verdict.MATCH else verdict


def _is_status(number: object) -> TypeGuard[int]:
    # To Python True is an int, to the service it is not a status.
    return type(number) is int and abs(number) <= _STATUS_MAX


def _tags(listed: object) -> tuple[str, ...]:
    """Return the reasons why a face was not taken for a living one, such as ``04``: synthetic."""
    return tuple(tag for tag in listed if _plain(_TAG, tag)) if isinstance(listed, list) else ()


def _permille(text: object) -> int | None:
    """Return ``75.51`` of a hundred as 755 permille: floored, in whole numbers."""
    found = _SIMILARITY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return 1000 if found[1] is None else int(found[1]) * 10 + int(found[2] or 0)


def _plain(pattern: re.Pattern[str], text: object) -> str:
    """Return a code or id of the provider, or nothing where it is none."""
    return text if isinstance(text, str) and pattern.fullmatch(text) else ""
