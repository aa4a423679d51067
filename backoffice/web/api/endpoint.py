"""The base class of endpoints, and idempotency of requests."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.platform import idempotency
from backoffice.web.api import problems
from backoffice.web.api.fields import Body
from backoffice.web.api.rendering import plain

KEY = "Idempotency-Key"

Method = TypeVar("Method", bound=Callable[..., Response])


class KeyMissingError(Refused):
    """The request needs an idempotency key and has none."""

    status = HTTPStatus.BAD_REQUEST
    code = "idempotency-key-missing"
    message = _("This request moves money and requires an idempotency key.")
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

    def read(self, body: type[Body], request: Request) -> dict[str, Any]:
        """Return the validated fields of a request.

        Raises:
            rest_framework.exceptions.ValidationError: invalid fields.
        """
        form = body(data=request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)


class Keyed(Protocol):
    """An endpoint that returns the owner of a request's idempotency keys."""

    def principal(self, request: Request) -> str:
        """Return the owner of the keys of a request."""
        ...


def once(*, is_required: bool = False) -> Callable[[Method], Method]:
    """Let a method take effect once per idempotency key; without a key, once per request.

    A reply is stored, and so is a recorded refusal. A request that fails without effect releases
    its key. The fingerprint is a keyed hash, so that nobody can test passwords against it.
    """

    def wrap(method: Method) -> Method:
        @wraps(method)
        def perform(self: Keyed, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = request.headers.get(KEY)
            if key is None:
                if is_required:
                    raise KeyMissingError
                return method(self, request, *args, **kwargs)
            who = self.principal(request)
            stored = idempotency.reserve(
                principal=who, key=key, body=_fingerprint(request), at=clock.wall()
            )
            if stored is not None:
                return _replayed(stored)
            return _stored(who, key, lambda: method(self, request, *args, **kwargs), request)

        return perform  # type: ignore[return-value]

    return wrap


def _fingerprint(request: Request) -> bytes:
    message = b"\0".join((str(request.method).encode(), request.path.encode(), request.body))
    return hmac.digest(settings.SECRET_KEY.encode(), message, hashlib.sha256)


def _replayed(stored: idempotency.Stored) -> Response:
    is_problem = stored.status >= HTTPStatus.BAD_REQUEST
    content_type = problems.CONTENT_TYPE if is_problem else None
    return Response(stored.reply, status=stored.status, content_type=content_type)


def _stored(who: str, key: str, work: Callable[[], Response], request: Request) -> Response:
    try:
        response = work()
    except Refused as refusal:
        if not refusal.is_recorded:
            idempotency.release(principal=who, key=key)
            raise
        response = problems.handler(refusal, {"request": request})
    except Exception:
        idempotency.release(principal=who, key=key)
        raise
    reply = plain(response.data)
    idempotency.keep(principal=who, key=key, status=response.status_code, reply=reply)
    return response
