"""Middleware of the API: a request id, and a limit on the body size."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from backoffice.web.api.problems import CONTENT_TYPE, TooBigError, document

HOOKS = "/hooks/"
API = ("/api/", HOOKS)  # what programs call
JSON_BYTES_MAX = 64 * 1024
HOOK_BYTES_MAX = 10 * 1024 * 1024
UPLOAD_BYTES_MAX = 11 * 1024 * 1024  # a file of 10 MB and the form around it
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

Answer = Callable[[HttpRequest], HttpResponse]


def assign_request_id(get_response: Answer) -> Answer:
    """Assign each request an id, the client's own if valid, and return it in the response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = _too_big(request) or get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response

    return middleware


def _too_big(request: HttpRequest) -> HttpResponse | None:
    """Refuse a large body before it is read; a body without a length header counts as empty."""
    if not request.path.startswith(API):
        return None
    stated = request.META.get("CONTENT_LENGTH") or "0"
    if int(stated) <= _bytes_max(request):
        return None
    body = document(TooBigError(), request_id=request.request_id)  # type: ignore[attr-defined]
    return JsonResponse(body, status=TooBigError.status, content_type=CONTENT_TYPE)


def _bytes_max(request: HttpRequest) -> int:
    if request.path.startswith(HOOKS):
        return HOOK_BYTES_MAX
    is_upload = request.content_type == "multipart/form-data"
    return UPLOAD_BYTES_MAX if is_upload else JSON_BYTES_MAX
