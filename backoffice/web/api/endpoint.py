"""The base class of endpoints, and idempotency of requests."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.platform import idempotency
from backoffice.web.api import problems
from backoffice.web.api.fields import Body
from backoffice.web.api.rendering import Renderer

KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"


class KeyMissingError(Refused):
    """The request needs an idempotency key and has none."""

    status = HTTPStatus.BAD_REQUEST
    code = "idempotency-key-missing"
    message = _("This request requires an idempotency key.")
    remedy = _("Send the header Idempotency-Key with a new value, such as a UUID.")


class StrictJSONParser(JSONParser):
    """JSON with a limited depth."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the parsed body; refuse a body that is nested too deeply."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise problems.MalformedError from error


class Endpoint(APIView):
    """An endpoint with strict input, JSON output and problem documents."""

    parser_classes = (StrictJSONParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse parameters and a body that an operation does not have.

        An empty body and ``{}`` say nothing.

        Raises:
            rest_framework.exceptions.ParseError: no JSON.
            rest_framework.exceptions.ValidationError: parameters, fields, or no object.
        """
        super().initial(request, *args, **kwargs)
        method = getattr(self, str(request.method).lower(), None)
        names = getattr(method, "query_names", None)
        if names is not None:
            _require_known(request, names)
        if not getattr(method, "has_body", True) and request.body:
            # The content type and the parsers of the endpoint are for its other methods.
            sent = StrictJSONParser().parse(BytesIO(request.body))
            Body(data=sent).is_valid(raise_exception=True)

    def read(self, body: type[Body], request: Request) -> dict[str, Any]:
        """Return the validated fields of a request.

        Raises:
            rest_framework.exceptions.ValidationError: invalid fields.
        """
        form = body(data=request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)


def _require_known(request: Request, names: frozenset[str]) -> None:
    unknown = [name for name in request.query_params if name not in names]
    if unknown:
        words = gettext("Unknown parameter.")
        raise ValidationError({name: [ErrorDetail(words, "unknown")] for name in unknown})


class Keyed(Protocol):
    """An endpoint that returns the owner of a request's idempotency keys."""

    def principal(self, request: Request) -> str:
        """Return the owner of the keys of a request."""
        ...


def once(
    answer: Callable[[Any, Any], Response], *, is_required: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., HttpResponseBase]]:
    """Let a method take effect once per idempotency key; without a key, once per request.

    The method returns the result of its command; ``answer`` makes the response of it, from the
    endpoint and the result, and may raise a recorded refusal. The command stores that reply in
    its own transaction (``idempotency.replies``). A request that fails without effect releases its
    key. The fingerprint is a keyed hash, so that nobody can test passwords against it.
    """

    def wrap(method: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
        @wraps(method)
        def perform(self: Keyed, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if KEY not in request.headers:
                if is_required:
                    raise KeyMissingError
                return answer(self, method(self, request, *args, **kwargs))
            reserved = idempotency.reserve(**identity_of(self, request), at=clock.wall())
            if isinstance(reserved, idempotency.Stored):
                return _response(reserved, is_replayed=True)
            with idempotency.serving(
                reserved, render=lambda result: _rendered(lambda: answer(self, result), request)
            ) as serving:
                return _served(serving, lambda: method(self, request, *args, **kwargs), request)

        perform.idempotency_key = KeyUse(is_required)  # type: ignore[attr-defined]
        return perform

    return wrap


class KeyUse(NamedTuple):
    """How a method uses the idempotency key, for the description of the endpoints."""

    is_required: bool


def identity_of(endpoint: Keyed, request: Request) -> dict[str, Any]:
    """Return whose key a request carries, the key, and what identifies the request."""
    return {
        "principal": endpoint.principal(request),
        "key": request.headers[KEY],
        "body": _fingerprint(request),
    }


def is_replay(endpoint: Keyed, request: Request) -> bool:
    """Return whether a request will get a stored reply: it changes nothing."""
    method = getattr(endpoint, str(request.method).lower(), None)
    is_keyed = hasattr(method, "idempotency_key") and KEY in request.headers
    return is_keyed and idempotency.is_answered(**identity_of(endpoint, request))


def _fingerprint(request: Request) -> bytes:
    message = b"\0".join((str(request.method).encode(), request.path.encode(), request.body))
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def _served(
    serving: idempotency.Serving, work: Callable[[], Any], request: Request
) -> HttpResponseBase:
    """Do the work and return the reply that its command stored, or store what it came to."""
    try:
        result = work()
        stored = serving.stored or serving.answer(result)
    except Refused as refusal:
        if not refusal.is_recorded:
            idempotency.release(serving.claim)
            raise
        stored = idempotency.keep(serving.claim, _refused(refusal, request))
    except Exception:
        idempotency.release(serving.claim)
        raise
    return _response(stored)


def _rendered(work: Callable[[], Response], request: Request) -> idempotency.Stored:
    try:
        response = work()
    except Refused as refusal:
        return _refused(refusal, request)
    return _stored(response)


def _refused(refusal: Refused, request: Request) -> idempotency.Stored:
    assert refusal.is_recorded, "an effect is never answered with a refusal that denies it"
    return _stored(problems.handler(refusal, {"request": request}))


def _stored(response: Response) -> idempotency.Stored:
    body = b"" if response.data is None else Renderer().render(response.data)
    return idempotency.Stored(response.status_code, body)


def _response(stored: idempotency.Stored, *, is_replayed: bool = False) -> HttpResponse:
    """Return the very bytes that are stored: the first reply and its replays are the same."""
    is_problem = stored.status >= HTTPStatus.BAD_REQUEST
    content_type = problems.CONTENT_TYPE if is_problem else Renderer.media_type
    response = HttpResponse(stored.reply, status=stored.status, content_type=content_type)
    if not stored.reply:
        del response["Content-Type"]
    if is_replayed:
        response[REPLAYED] = "true"
    return response
