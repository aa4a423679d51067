"""Checks of identity, face and card at Tencent Cloud's faceid service, through its SDK.

The SDK signs and sends; replies are read here, field by field, and nothing but the documented
success is a match. Its records and errors can carry what was asked, so none of them leave.
"""

import json
import logging
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301.faceid_client import FaceidClient

from accounts.gateways import codes
from accounts.gateways.identity import (
    CardAnswer,
    FaceAnswer,
    FaceStart,
    Fault,
    IdentityAnswer,
    Verdict,
)

TIMEOUT_SECONDS = 5
_OK = "0"
_NOT_DONE = "FACE_NOT_DONE"
_NETWORK = "ClientNetworkError"
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_SIMILARITY = re.compile(r"([0-9]{1,3})(?:\.([0-9])[0-9]*)?")

logging.getLogger("tencentcloud_sdk_common").setLevel(logging.CRITICAL)
log = logging.getLogger(__name__)


class _Reply(NamedTuple):
    """The fields of a reply, or the verdict and code where there are none."""

    fields: Mapping[str, Any]
    request_id: str = ""
    verdict: Verdict = Verdict.MATCH
    code: str = _OK


class TencentIdentityChecks:
    """Checks at Tencent Cloud; see ``accounts.gateways.identity.IdentityChecks``."""

    name = "tencent-faceid"

    def __init__(
        self,
        secret_id: str,
        secret_key: str,
        *,
        region: str,
        endpoint: str,
        rule_id: str,
        scheme: str = "https",
        timeout_seconds: int = TIMEOUT_SECONDS,
    ) -> None:
        http = HttpProfile(protocol=scheme, endpoint=endpoint, reqTimeout=timeout_seconds)
        profile = ClientProfile(signMethod="TC3-HMAC-SHA256", httpProfile=http)
        self._client = FaceidClient(Credential(secret_id, secret_key), region, profile)
        self._rule_id = rule_id
        # Proxies of the environment are not for identities; the SDK has no word for that.
        self._client.request.conn.proxy = None
        self._client.request.conn._session.trust_env = False

    def close(self) -> None:
        """Give the connections back."""
        self._client.request.conn._session.close()

    def begin_face(self, *, name: str, id_number: str) -> FaceStart:
        """Begin a face check of a person."""
        asked = {"RuleId": self._rule_id, "IdCard": id_number, "Name": name}
        reply = self._call("DetectAuth", asked)
        token = reply.fields.get("BizToken")
        if reply.verdict is Verdict.MATCH and isinstance(token, str) and token:
            return FaceStart(Verdict.MATCH, _OK, reply.request_id, token)
        verdict, code = _no_pass(reply)
        return FaceStart(verdict, code, reply.request_id)

    def check_identity(self, *, name: str, id_number: str, attempt: int) -> IdentityAnswer:
        """Ask whether name and ID number belong together."""
        reply = self._call("IdCardVerification", {"IdCard": id_number, "Name": name})
        return IdentityAnswer(*_result(reply, codes.IDENTITY), reply.request_id)

    def check_face(self, *, name: str, id_number: str, face_token: str, attempt: int) -> FaceAnswer:
        """Ask what became of a face check; one begun for another person is a mismatch."""
        asked = {"BizToken": face_token, "RuleId": self._rule_id, "InfoType": "1"}
        reply = self._call("GetDetectInfoEnhanced", asked)
        text = reply.fields.get("Text")
        if reply.verdict is not Verdict.MATCH or not isinstance(text, dict):
            return FaceAnswer(*_no_pass(reply), reply.request_id)
        if (text.get("Name"), text.get("IdCard")) != (name, id_number):
            return FaceAnswer(Verdict.MISMATCH, Fault.FACE_OTHER_PERSON, reply.request_id)
        return _face(text, reply.request_id)

    def check_card(
        self, *, name: str, id_number: str, card_number: str, phone: str, attempt: int
    ) -> CardAnswer:
        """Ask whether the four elements are those of one account; its class nobody tells."""
        asked = {"Name": name, "BankCard": card_number, "Phone": phone, "IdCard": id_number}
        reply = self._call("BankCard4EVerification", {**asked, "CertType": 0})
        return CardAnswer(*_result(reply, codes.CARD), reply.request_id)

    def _call(self, action: str, asked: Mapping[str, Any]) -> _Reply:
        try:
            body = self._client.call(action, dict(asked))
        except TencentCloudSDKException as error:
            return _error(action, error)
        except Exception as error:  # the SDK lets whatever it meets in a reply through
            log.warning("%s: a reply that cannot be read: %s", action, type(error).__name__)
            return _untrusted()
        return _fields(body)


def _error(action: str, error: TencentCloudSDKException) -> _Reply:
    """Return what an error says; its message may repeat the input and is not looked at further."""
    code = str(error.code or "")
    request_id = _plain(error.requestId)
    if code == _NETWORK:
        is_late = "timed out" in str(error.message)
        fault = Fault.TIMEOUT if is_late else Fault.UNREACHABLE
        return _Reply({}, request_id, Verdict.UNAVAILABLE, fault)
    if codes.is_ours(code):
        log.error("%s: the provider refuses us: %s", action, _plain(code))
        is_key = not code.startswith("InvalidParameterValue")
        return _Reply({}, request_id, Verdict.UNAVAILABLE,
                      Fault.UNAUTHORISED if is_key else _plain(code))  # fmt: skip
    return _Reply({}, request_id, codes.of_error(code), _plain(code) or Fault.INVALID_REPLY)


def _fields(body: bytes) -> _Reply:
    try:
        response = json.loads(body)["Response"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return _untrusted()
    if not isinstance(response, dict) or "Error" in response:
        return _untrusted()
    return _Reply(response, _plain(response.get("RequestId")))


def _untrusted() -> _Reply:
    return _Reply({}, "", Verdict.UNAVAILABLE, Fault.INVALID_REPLY)


def _no_pass(reply: _Reply) -> tuple[Verdict, str]:
    """Return verdict and code of a reply that lacks what a pass needs."""
    if reply.verdict is Verdict.MATCH:
        return Verdict.UNAVAILABLE, Fault.INVALID_REPLY
    return reply.verdict, reply.code


def _result(reply: _Reply, meanings: Mapping[str, Verdict]) -> tuple[Verdict, str]:
    """Return what a result code means; one that is not documented means nothing."""
    if reply.verdict is not Verdict.MATCH:
        return reply.verdict, reply.code
    result = reply.fields.get("Result")
    if not isinstance(result, str) or not _CODE.fullmatch(result):
        return Verdict.UNAVAILABLE, Fault.INVALID_REPLY
    return meanings.get(result, Verdict.UNAVAILABLE), result


def _face(text: Mapping[str, Any], request_id: str) -> FaceAnswer:
    live, compared = text.get("LiveStatus"), text.get("Comparestatus")
    if live is None:
        return FaceAnswer(Verdict.INVALID, _NOT_DONE, request_id)
    code = str(text["ErrCode"]) if type(text.get("ErrCode")) is int else Fault.INVALID_REPLY
    tags = tuple(_plain(text.get("LivenessInfoTag")).split(",")) if live != 0 else ()
    if type(live) is not int:
        return FaceAnswer(Verdict.UNAVAILABLE, Fault.INVALID_REPLY, request_id)
    if live != 0:
        return FaceAnswer(Verdict.MATCH, code, request_id, is_live=False, tags=tags)
    similarity = _permille(text.get("Sim"))
    if similarity is None:
        is_failed = type(compared) is int and compared != 0
        verdict = Verdict.MISMATCH if is_failed else Verdict.UNAVAILABLE
        return FaceAnswer(verdict, code, request_id)
    return FaceAnswer(
        Verdict.MATCH, code, request_id, is_live=True, similarity_permille=similarity
    )  # fmt: skip


def _permille(text: object) -> int | None:
    """Return ``75.51`` of a hundred as 755 permille: floored, in whole numbers."""
    found = _SIMILARITY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    permille = int(found[1]) * 10 + int(found[2] or 0)
    return permille if permille <= 1000 else None


def _plain(text: object) -> str:
    """Return a code or id of the provider, or nothing where it is none."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""
