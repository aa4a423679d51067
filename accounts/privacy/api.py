"""A customer's own data: a copy of it, and its end."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import DeletionRequest
from accounts.privacy.operations import deletions, exports
from backoffice.core import clock
from backoffice.web.api.description import describe
from backoffice.web.api.files import JsonAlways, as_file, asked_form
from backoffice.web.api.problems import NotFoundError

READABLE = "readable"


class ExportReply(serializers.Serializer[Any]):
    """Everything that is held of a customer, by section."""

    exported_at = serializers.DateTimeField()
    sections = serializers.DictField()


class ExportView(CustomerEndpoint):
    """Everything that is held of a customer."""

    content_negotiation_class = JsonAlways

    @describe(
        "Read a copy of one's data",
        replies={(200, "application/json"): ExportReply, (200, "text/html"): str},
        parameters=[OpenApiParameter("form", str, enum=[READABLE])],
    )
    def get(self, request: Request) -> Response | HttpResponse:
        """Return the data as JSON, or as a page to read.

        The page is for ``Accept: text/html`` or ``?form=readable``; the content is the same.
        """
        form = asked_form(request, {READABLE: "text/html"})
        customer, at = self.customer(request), clock.now()
        if form:
            tables = exports.tables(customer)
            page = render_to_string("accounts/export.html", {"tables": tables, "at": at})
            return as_file(HttpResponse(page), "weidai.html")
        return as_file(Response(exports.as_json(customer, at=at)), "weidai.json")


class KeptReply(serializers.Serializer[Any]):
    """A kind of data that the law keeps, through which day, and why."""

    what = serializers.CharField()
    until = serializers.DateField()
    why = serializers.CharField()


class DeletionReply(serializers.Serializer[Any]):
    """A deletion request: what it erases, and what the law keeps until when."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    requested_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    erased = serializers.ListField(child=serializers.CharField())
    kept = KeptReply(many=True)


class DeletionView(CustomerEndpoint):
    """The request of a customer to be deleted; possible at any time, nobody can be kept."""

    always_open = ("POST", "DELETE")

    @describe(
        "Read the latest deletion request",
        replies={200: DeletionReply},
        refusals=(NotFoundError,),
    )
    def get(self, request: Request) -> Response:
        """Return the latest request."""
        mine = DeletionRequest.objects.filter(customer=self.customer(request))
        latest = mine.order_by("-pk").first()
        if latest is None:
            raise NotFoundError
        return Response(_reply(latest))

    @describe(
        "Ask to be deleted",
        replies={202: DeletionReply},
        refusals=(deletions.BlockedClosureError,),
    )
    def post(self, request: Request) -> Response:
        """Ask to be deleted; the coming night does it."""
        asked = deletions.request(self.customer(request), by=self.context.by, at=self.context.at)
        return Response(_reply(asked), status=HTTPStatus.ACCEPTED)

    @describe(
        "Take a deletion request back",
        replies={200: DeletionReply},
        refusals=(deletions.NotRequestedError,),
    )
    def delete(self, request: Request) -> Response:
        """Take the request back before the night."""
        context = self.context
        asked = deletions.withdraw(context.customer, by=context.by, at=context.at)
        return Response(_reply(asked))


def _reply(asked: DeletionRequest) -> dict[str, Any]:
    return {
        "id": asked.public_id,
        "state": asked.state,
        "requested_at": asked.requested_at,
        "decided_at": asked.decided_at,
        "erased": asked.erased,
        "kept": [kept._asdict() for kept in deletions.kept_of(asked)],
    }
