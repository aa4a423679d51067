"""The addresses of a benchmark: the product's own, and an endpoint that does nothing.

It goes through everything that any endpoint goes through: the middleware, the framework, the
renderer. What it leaves out is what an endpoint is for.
"""

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
