"""Later due dates over HTTP: asked for, and read with the answer (FAQ-7)."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Secret, Whole
from backoffice.web.api.problems import NotFoundError
from loans.billing.operations import extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.models import Bill, Extension, ExtensionState

TEXT_MAX = 500


class ExtensionBody(Body):
    """By how many days the due date should move, and why."""

    days = Whole(min_value=1, max_value=30)
    reason = Secret(max_length=TEXT_MAX)


class ExtensionReply(serializers.Serializer[Any]):
    """A request for a later due date; ``extended_to`` holds once it is approved."""

    bill = serializers.UUIDField()
    state = serializers.ChoiceField(choices=ExtensionState.choices)
    days = serializers.IntegerField()
    due_on = serializers.DateField(help_text="The due date when it was requested.")
    extended_to_on = serializers.DateField()
    requested_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_null=True, help_text="Why it was declined.")


def _requested(_view: CustomerEndpoint, extension: Extension) -> Response:
    return Response(_reply(extension), status=HTTPStatus.ACCEPTED)


class ExtensionView(CustomerEndpoint):
    """The request for a later due date of a bill."""

    @describe("Read the extension of a bill", replies={200: ExtensionReply})
    def get(self, request: Request, public_id: UUID) -> Response:
        """Return the latest request for a later due date of a bill of yours."""
        mine = Extension.objects.filter(customer=self.customer(request), bill__public_id=public_id)
        found = mine.select_related("bill").order_by("-pk").first()
        if found is None:
            raise NotFoundError
        return Response(_reply(found))

    @describe(
        "Ask for a later due date",
        body=ExtensionBody,
        replies={202: ExtensionReply},
        refusals=(
            extensions.NotExtendableError,
            extensions.ExtensionOpenError,
            extensions.ExtensionTooSoonError,
            extensions.ExtensionDaysError,
        ),
    )
    @once(_requested)
    def post(self, request: Request, public_id: UUID) -> Extension:
        """Ask to pay a bill up to 30 days later, once in 180 days, before it is overdue."""
        given = self.read(ExtensionBody, request)
        asked = ExtensionRequest(public_id, given["days"], given["reason"])
        try:
            return extensions.request(asked, context=self.context)
        except Bill.DoesNotExist as error:
            raise NotFoundError from error


def _reply(extension: Extension) -> dict[str, Any]:
    return {
        "bill": extension.bill.public_id,
        "state": extension.state,
        "days": extension.days,
        "due_on": extension.due_on,
        "extended_to_on": extension.extended_to_on,
        "requested_at": extension.requested_at,
        "decided_at": extension.decided_at,
        "answer": extension.answer or _answer_of_the_system(extension),
    }


def _answer_of_the_system(extension: Extension) -> str | None:
    """Return why a request ended that nobody of the staff declined."""
    if extension.state != ExtensionState.DECLINED or extension.decided_by_id is not None:
        return None
    return gettext(
        "The request has ended: the bill is paid or overdue, or the date you asked for has come."
    )
