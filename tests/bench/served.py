"""The web process of a benchmark: the product's own, and one endpoint that does nothing.

The empty endpoint goes through everything that any endpoint goes through: the middleware, the
framework, the renderer. What it leaves out is what an endpoint is for.
"""

from typing import Any

from django.conf import settings
from django.urls import include, path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class EmptyView(APIView):
    """Answers an empty object."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        """Answer."""
        return Response({})


urlpatterns = [path("api/empty", EmptyView.as_view()), path("", include("backoffice.urls"))]


def application(environ: Any, start_response: Any) -> Any:
    """Serve a request; the addresses are those of this module."""
    from backoffice.wsgi import application as product

    return product(environ, start_response)


if not settings.configured or settings.ROOT_URLCONF != __name__:
    settings.ROOT_URLCONF = __name__
