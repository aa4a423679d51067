"""Every error of an endpoint as a problem document (RFC 9457): stable code, message, remedy."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response

from backoffice.core.errors import NextCall, Refused

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
CATALOGUE = "/api/errors/"

log = logging.getLogger(__name__)


class BadInputError(Refused):
    """Fields of the request are missing, unknown, of the wrong type or out of bounds."""

    status = HTTPStatus.BAD_REQUEST
    public_facts = ("errors",)
    code = "invalid-input"
    message = _("Fields of the request are missing, unknown or invalid.")
    remedy = _("Correct the fields named in errors and send the request again.")


class MalformedError(Refused):
    """The body is not a valid JSON object."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed-body"
    message = _("The body of the request cannot be read.")
    remedy = _("Send one JSON object in UTF-8, or a form where the endpoint requires one.")


class BadRequestError(Refused):
    """The host or the form of the request is not one that the service accepts."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad-request"
    message = _("The service does not accept this request.")
    remedy = _("Check the address of the service, and the Host header of the request.")


class NotLoggedInError(Refused):
    """The request has no token, or one that is no longer valid."""

    status = HTTPStatus.UNAUTHORIZED
    code = "not-logged-in"
    message = _("You are not logged in, or the login has ended.")
    remedy = _("Log in again.")
    calls = (NextCall("log-in", "POST", "/api/v1/auth/wechat"),)


class ForbiddenError(Refused):
    """The caller has no permission for this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"
    message = _("You do not have permission for this.")
    remedy = _("Contact customer support if you need this permission.")


class NotFoundError(Refused):
    """The address does not exist, or its record belongs to another customer."""

    status = HTTPStatus.NOT_FOUND
    code = "not-found"
    message = _("Not found.")
    remedy = _("Check the address against the description of the endpoints.")


class MethodError(Refused):
    """The address does not support this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method-not-allowed"
    message = _("The address does not support this method.")
    remedy = _("Check the method against the description of the endpoints.")


class MediaTypeError(Refused):
    """The endpoint does not accept this content type."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported-media-type"
    message = _("The endpoint does not accept this content type.")
    remedy = _("Send application/json, or multipart/form-data where a file is uploaded.")


class NotAcceptableError(Refused):
    """The endpoint cannot return a content type that the client accepts."""

    status = HTTPStatus.NOT_ACCEPTABLE
    code = "not-acceptable"
    message = _("The endpoint cannot return a content type that the request accepts.")
    remedy = _("Accept application/json.")


class TooBigError(Refused):
    """The body is larger than the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body-too-large"
    message = _("The body of the request is too large.")
    remedy = _("Send less; a file may have 10 MB.")


class BusyError(Refused):
    """All connections to the database are in use."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "busy"
    message = _("The service is busy.")
    remedy = _("Send the request again in a few seconds; nothing was changed.")


class DatabaseLostError(Refused):
    """The connection to the database was lost while the request was served."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "database-lost"
    message = _("The connection to the database was lost.")
    remedy = _(
        "Send the request again with the same Idempotency-Key in a few seconds; without a key, "
        "check first whether it was carried out."
    )


class InternalError(Refused):
    """An unexpected error of the server."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal-error"
    message = _("Internal error.")
    remedy = _("Try again later; if the error persists, send customer support the request id.")


_OF_FRAMEWORK: dict[type[Exception], type[Refused]] = {
    exceptions.ParseError: MalformedError,
    exceptions.AuthenticationFailed: NotLoggedInError,
    exceptions.NotAuthenticated: NotLoggedInError,
    exceptions.PermissionDenied: ForbiddenError,
    DjangoPermissionDenied: ForbiddenError,
    exceptions.NotFound: NotFoundError,
    Http404: NotFoundError,
    exceptions.MethodNotAllowed: MethodError,
    exceptions.UnsupportedMediaType: MediaTypeError,
    exceptions.NotAcceptable: NotAcceptableError,
    RequestDataTooBig: TooBigError,
}


# What any address can answer, whichever its operation.
ANYWHERE: frozenset[type[Refused]] = frozenset(
    {
        BadInputError,
        BadRequestError,
        BusyError,
        DatabaseLostError,
        InternalError,
        *_OF_FRAMEWORK.values(),
    }
)


def handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the problem document of an exception of an endpoint."""
    request = context["request"]
    refusal = _refusal(error)
    if isinstance(refusal, InternalError | DatabaseLostError):
        # The traceback names lines, not values: customer input stays out of the log.
        log.error("%s failed", request.path, exc_info=error)
    response = Response(
        document(refusal, request_id=getattr(request, "request_id", "")),
        status=refusal.status,
        content_type=CONTENT_TYPE,
    )
    _add_headers(response, refusal)
    return response


def document(refusal: Refused, *, request_id: str) -> dict[str, Any]:
    """Return a refusal as a problem document in the active language."""
    facts = {name: refusal.facts[name] for name in refusal.public_facts if name in refusal.facts}
    if refusal.calls:
        facts.setdefault("next_steps", next_steps(refusal))
    return {
        "type": type_of(refusal.code),
        "title": refusal.title(),
        "status": int(refusal.status),
        "detail": str(refusal),
        "code": refusal.code,
        "request_id": request_id,
        **facts,
    }


def type_of(code: str) -> str:
    """Return the address of a code in the error catalogue.

    It names no host (RFC 9457, section 3.1.1), so that a stored reply is valid at every address.
    """
    return f"{CATALOGUE}{code}"


def next_steps(refusal: Refused | type[Refused]) -> list[dict[str, str]]:
    """Return the endpoints with which a caller follows the remedy of a refusal."""
    return [{**call._asdict(), "state": "open"} for call in refusal.calls]


def plain(refusal: Refused, request: HttpRequest) -> JsonResponse:
    """Return the problem document of a request under /api/ that reached no endpoint."""
    body = document(refusal, request_id=getattr(request, "request_id", ""))
    return JsonResponse(body, status=refusal.status, content_type=CONTENT_TYPE)


def _refusal(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, exceptions.ValidationError):
        return BadInputError(errors=list(_faults(error.get_full_details())))
    for kind, refusal in _OF_FRAMEWORK.items():
        if isinstance(error, kind):
            return refusal()
    for cause in _causes(error):
        if isinstance(cause, PoolTimeout):
            return BusyError()
        if isinstance(cause, psycopg.OperationalError) and _is_lost(cause):
            return DatabaseLostError()
    return InternalError()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_lost(error: psycopg.OperationalError) -> bool:
    """Say whether an error ended the connection: its class is 08 or 57P, or it has no code."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def _faults(details: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Yield each fault of a validation with the JSON pointer of its field (RFC 6901)."""
    if isinstance(details, Mapping) and set(details) == {"message", "code"}:
        yield {
            "pointer": pointer,
            "code": str(details["code"]).replace("_", "-"),
            "detail": str(details["message"]),
        }
    elif isinstance(details, Mapping):
        for name, inner in details.items():
            yield from _faults(inner, pointer if name == "non_field_errors" else _at(pointer, name))
    else:
        for number, inner in enumerate(details):
            is_fault = isinstance(inner, Mapping) and set(inner) == {"message", "code"}
            yield from _faults(inner, pointer if is_fault else _at(pointer, number))


def _at(pointer: str, name: object) -> str:
    # A name with half of a surrogate pair has no UTF-8: it is shown escaped.
    text = str(name).encode("utf-8", "backslashreplace").decode("utf-8")
    return f"{pointer}/{text.replace('~', '~0').replace('/', '~1')}"


def _add_headers(response: Response, refusal: Refused) -> None:
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = getattr(refusal, "challenge", "Bearer")
    if refusal.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response["Retry-After"] = RETRY_AFTER_SECONDS
