"""Tencent's TC3-HMAC-SHA256 as it is documented, without the SDK, to check what the SDK signs."""

import hmac
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

AGE_SECONDS_MAX = 300
_AUTHORISATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>[0-9-]{10})/(?P<service>[a-z]+)/tc3_request,"
    r" SignedHeaders=(?P<signed>[a-z;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def signature(
    secret_key: str, *, service: str, timestamp: int, headers: Mapping[str, str], body: bytes
) -> str:
    """Return the signature of a POST to ``/``; ``headers`` are those signed, in lower case."""
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    lines = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in sorted(headers))
    names = ";".join(sorted(headers))
    canonical = f"POST\n/\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    scope = f"{day}/{service}/tc3_request"
    digest = sha256(canonical.encode()).hexdigest()
    key = ("TC3" + secret_key).encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
    return hmac.new(key, to_sign.encode(), sha256).hexdigest()


def refusal(headers: Mapping[str, str], body: bytes, *, secret_id: str, secret_key: str) -> str:
    """Return the error code with which the service would refuse a request, or nothing."""
    found = _AUTHORISATION.fullmatch(headers["Authorization"])
    if found is None or not {"content-type", "host"} <= set(found["signed"].split(";")):
        return "AuthFailure.InvalidAuthorization"
    if found["id"] != secret_id:
        return "AuthFailure.SecretIdNotFound"
    timestamp = int(headers["X-TC-Timestamp"])
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    if abs(time.time() - timestamp) > AGE_SECONDS_MAX or found["day"] != day:
        return "AuthFailure.SignatureExpire"
    signed = {name: headers[name] for name in found["signed"].split(";")}
    expected = signature(
        secret_key, service=found["service"], timestamp=timestamp, headers=signed, body=body
    )
    is_good = found["service"] == "faceid" and hmac.compare_digest(expected, found["signature"])
    return "" if is_good else "AuthFailure.SignatureFailure"
