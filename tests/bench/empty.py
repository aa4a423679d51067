"""The addresses of a benchmark: the product's own, an endpoint that does nothing, and a bare one.

They go through everything that any endpoint goes through: the middleware, the framework, the
renderer. What the empty one leaves out is what an endpoint is for; the bare one sends statements
whose values are ready.
"""

import os
from functools import cache
from pathlib import Path

from django.http import HttpResponse
from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.bench import recorded
from tests.bench.recorded import Recorded


class EmptyView(APIView):
    """Answers an empty object."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({})


class BareDrawdownView(APIView):
    """Sends the statements that a drawdown with this key sent when it was recorded."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def post(self, request: Request) -> HttpResponse:
        """Answer as the drawdown was answered."""
        each = _recorded()[request.headers["Idempotency-Key"]]
        assert set(request.data) == {"quote_id", "card_id", "authorisation_id", "purpose"}
        recorded.send(each.statements)
        return HttpResponse(each.reply, status=each.status, content_type="application/json")


@cache
def _recorded() -> dict[str, Recorded]:
    return recorded.load(Path(os.environ["BENCH_RECORDED"]))


urlpatterns = [
    path("api/empty", EmptyView.as_view()),
    path("api/bare-drawdown", BareDrawdownView.as_view()),
    path("", include("backoffice.urls")),
]
