"""Endpoints for partners: each request is signed with the secret of its sender.

The signature is the HMAC-SHA256, in hex, of the time stamp (seconds since 1970), a full stop and
the raw body. A signature older than five minutes, or that far ahead, is refused: a request that was
overheard cannot be sent again later.
"""

import hmac
import json
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.platform import rate_limit
from backoffice.web.api.endpoint import Endpoint
from backoffice.web.api.problems import MalformedError

PARTNER, TIMESTAMP, SIGNATURE = "X-Partner", "X-Timestamp", "X-Signature"
AGE_SECONDS_MAX = 300  # as in the protocol of the direct-debit channel
REQUESTS_A_DAY_MAX = 50_000
_DIGITS_MAX = 12


class SignatureError(Refused):
    """The request is not signed by a partner that is known."""

    status = HTTPStatus.UNAUTHORIZED
    challenge = "HMAC-SHA256"
    code = "signature-bad"
    message = _("The request is not signed by a known partner.")
    remedy = _("Sign the time stamp, a full stop and the raw body with your secret.")


class SignatureExpiredError(Refused):
    """The signature is good but too old, or ahead of our clock."""

    status = HTTPStatus.UNAUTHORIZED
    challenge = "HMAC-SHA256"
    code = "signature-expired"
    message = _("The signature is more than five minutes away from our clock.")
    remedy = _("Check your clock, sign the request again and send it at once.")


class TooManyRequestsError(Refused):
    """The partner has used up the requests of the day."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too-many-requests"
    message = _("You have sent too many requests today.")
    remedy = _("Send larger batches, and go on tomorrow.")


SIGNED_REFUSALS = (SignatureError, SignatureExpiredError, TooManyRequestsError)
SIGNED_HEADERS = tuple(
    OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, description=text
    )
    for name, text in (
        (PARTNER, "The name of the partner."),
        (TIMESTAMP, "Seconds since 1970-01-01T00:00:00Z when the request was signed."),
        (SIGNATURE, "HMAC-SHA256 in hex of the time stamp, a full stop and the raw body."),
    )
)


def signature(secret: str, *, timestamp: str, body: bytes) -> str:
    """Return the signature of a request."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


class SignedEndpoint(Endpoint):
    """An endpoint for partners; the signature stands for a login."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def read_signed(self, request: Request) -> tuple[str, Any]:
        """Return the partner that signed a request, and its body as JSON.

        Raises:
            SignatureError: nobody who is known signed it.
            SignatureExpiredError: the signature is too old.
            TooManyRequestsError: the requests of the day are used up.
            MalformedError: the body is no JSON.
        """
        body = request.stream.read() if request.stream else b""
        partner = request.headers.get(PARTNER, "")
        _require_signature(request, partner, body)
        on = clock.day_of(clock.wall())
        limit = REQUESTS_A_DAY_MAX
        if not rate_limit.take(scope="partner", subject=partner, on=on, limit=limit):
            raise TooManyRequestsError
        try:
            return partner, json.loads(body.decode(), parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise MalformedError from None


def _require_signature(request: Request, partner: str, body: bytes) -> None:
    secret = settings.PARTNER_SECRETS.get(partner, "")
    timestamp = request.headers.get(TIMESTAMP, "")
    given = request.headers.get(SIGNATURE, "")
    expected = signature(secret, timestamp=timestamp, body=body)
    is_signed = hmac.compare_digest(expected.encode(), given.lower().encode())
    if not (is_signed and secret and timestamp.isascii() and timestamp.isdecimal()):
        raise SignatureError
    age_seconds = abs(clock.wall().timestamp() - int(timestamp[:_DIGITS_MAX]))
    if age_seconds > AGE_SECONDS_MAX:
        raise SignatureExpiredError


def _no_number(_text: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")
