"""Complaints: filed at any time, answered by a day that is named."""

from http import HTTPStatus
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.complaints import operations as complaints
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Complaint
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Secret
from backoffice.web.api.paging import page

SHOWN_MAX = 100


class ComplaintBody(Body):
    """What went wrong, in the customer's own words."""

    text = Secret(max_length=2000)


class FiledReply(serializers.Serializer[Any]):
    """A complaint as it was filed; its words are not sent back."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    filed_at = serializers.DateTimeField()
    due_on = serializers.DateField()


class ComplaintReply(serializers.Serializer[Any]):
    """A complaint and its answer."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    text = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    filed_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    answered_at = serializers.DateTimeField(allow_null=True)


def _filed(complaint: Complaint) -> dict[str, Any]:
    """Return the reply for a new complaint.

    The reply is kept for whoever sends the request again, so the sealed words stay out of it.
    """
    return {
        "id": complaint.public_id,
        "state": complaint.state,
        "filed_at": complaint.filed_at,
        "due_on": complaint.due_on,
    }


def _answer(_view: CustomerEndpoint, filed: Complaint) -> Response:
    return Response(_filed(filed), status=HTTPStatus.CREATED)


class ComplaintsView(CustomerEndpoint):
    """The complaints of a customer."""

    always_open = ("POST",)

    @describe("List the latest complaints", replies={200: ComplaintReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List the latest complaints, the newest first."""
        mine = Complaint.objects.filter(customer=self.customer(request)).order_by("-pk")
        rows = [_reply(complaint) for complaint in mine[:SHOWN_MAX]]
        return page(request, rows, is_newest_first=True)

    @describe("File a complaint", body=ComplaintBody, replies={201: FiledReply})
    @once(_answer)
    def post(self, request: Request) -> Complaint:
        """File a complaint; also in the cooling-off period, on hold and after closing."""
        text = self.read(ComplaintBody, request)["text"]
        return complaints.file(
            self.customer(request), text=text, by=self.context.by, at=self.context.at
        )


def _reply(complaint: Complaint) -> dict[str, Any]:
    return {
        **_filed(complaint),
        "text": complaint.text,
        "answer": complaint.answer,
        "answered_at": complaint.answered_at,
    }
