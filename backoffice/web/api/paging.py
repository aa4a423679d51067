"""Pages of lists: ``limit`` rows from a ``cursor``, with the addresses of the pages beside."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

LIMIT, LIMIT_MAX = 50, 100
CURSOR_DIGITS_MAX = 6

_NUMBER = re.compile(rf"[0-9]{{1,{CURSOR_DIGITS_MAX}}}")


def page(request: Request, rows: Sequence[Any], *, is_newest_first: bool = False) -> Response:
    """Return one page of the rows of a customer.

    A cursor counts rows from the oldest end, so that new rows do not move the pages that follow.

    Raises:
        rest_framework.exceptions.ValidationError: limit or cursor are not as described.
    """
    limit = _number(request, "limit", default=LIMIT, low=1, high=LIMIT_MAX)
    cursor = _number(request, "cursor", default=-1, low=0, high=10**CURSOR_DIGITS_MAX - 1)
    start = 0 if cursor < 0 else len(rows) - cursor if is_newest_first else cursor
    start = min(max(start, 0), len(rows))
    end = min(start + limit, len(rows))

    def link(at: int) -> str:
        cursor = len(rows) - at if is_newest_first else at
        return f"{request.path}?{urlencode({'cursor': cursor, 'limit': limit})}"

    return Response(
        {
            "next": link(end) if end < len(rows) else None,
            "previous": link(max(start - limit, 0)) if start > 0 else None,
            "results": list(rows[start:end]),
        }
    )


def _number(request: Request, name: str, *, default: int, low: int, high: int) -> int:
    """Return a number of the query, or the default where it was not sent."""
    sent = request.query_params.getlist(name)
    if not sent:
        return default
    is_good = len(sent) == 1 and _NUMBER.fullmatch(sent[0]) and low <= int(sent[0]) <= high
    if not is_good:
        words = _("It must be a whole number from {low} to {high}.").format(low=low, high=high)
        raise serializers.ValidationError({name: [serializers.ErrorDetail(words, "out_of_range")]})
    return int(sent[0])
