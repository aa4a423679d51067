"""Middleware of the pages: what no browser sends is refused before anything reads it."""

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import Refused
from backoffice.web.api.requests import API

NUL = "\0"  # PostgreSQL stores none in a text


class UnreadableError(Refused):
    """The address or the form has a character that is not allowed, or another encoding."""

    status = HTTPStatus.BAD_REQUEST
    code = "unreadable-request"
    message = _("The address or the form cannot be read.")
    remedy = _("Send it in UTF-8, without the character NUL.")


def refuse_unreadable(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., object]:
    """Answer 400 to a page's address or form with NUL, or in another encoding than UTF-8.

    Endpoints check their own fields.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(API) or _is_readable(request):
            return get_response(request)
        refusal = UnreadableError()
        return HttpResponse(
            f"[{refusal.code}] {refusal}",
            status=refusal.status,
            content_type="text/plain; charset=utf-8",
        )

    return middleware


def _is_readable(request: HttpRequest) -> bool:
    try:
        given = [request.GET, request.POST] if request.method == "POST" else [request.GET]
        texts = [
            text
            for fields in given
            for name, values in fields.lists()
            for text in (name, *values)
            if isinstance(text, str)
        ]
    except (BadRequest, LookupError, UnicodeError):  # another encoding, or one that does not exist
        return False
    return not any(NUL in text for text in (request.path, *texts))
