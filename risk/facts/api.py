"""Partner events over HTTP: a signed batch, the bad ones reported by their index."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.core import clock
from backoffice.web.api.description import describe
from backoffice.web.api.fields import Body
from backoffice.web.api.problems import BadInputError
from backoffice.web.api.signed import SIGNED_HEADERS, SIGNED_REFUSALS, SignedEndpoint
from risk.facts import reading
from risk.facts.operations import events
from risk.facts.reading import EventFault
from risk.facts.rules import EventKind


@extend_schema_field({"oneOf": [reading.schema(kind) for kind in EventKind]})
class PartnerEventField(serializers.JSONField):
    """One event; the operation reads it, so that a bad one does not refuse the batch."""


class EventsBody(Body):
    """A batch of events of one partner, in any order."""

    events = serializers.ListField(child=PartnerEventField(), max_length=events.BATCH_MAX)


class RefusedEventReply(serializers.Serializer[Any]):
    """An event that was not taken: its index in the batch, from 0."""

    index = serializers.IntegerField()
    code = serializers.ChoiceField(choices=[fault.value for fault in EventFault])
    detail = serializers.CharField()


class ReceivedReply(serializers.Serializer[Any]):
    """How many events were stored, how many had been received before, and which were refused."""

    accepted = serializers.IntegerField()
    repeated = serializers.IntegerField()
    refused = RefusedEventReply(many=True)


class EventsView(SignedEndpoint):
    """Events that partners send."""

    @describe(
        "Send partner events",
        body=EventsBody,
        replies={200: ReceivedReply},
        refusals=(*SIGNED_REFUSALS, events.BatchTooLargeError),
        parameters=SIGNED_HEADERS,
    )
    def post(self, request: Request) -> Response:
        """Store up to 1,000 events, each once under its id; the good ones of a batch are kept."""
        partner, sent = self.read_signed(request)
        received = events.receive(
            _batch(sent), partner=partner, by=f"partner:{partner}", at=clock.now()
        )
        return Response(
            {
                "accepted": received.accepted,
                "repeated": received.repeated,
                "refused": [
                    {"index": one.position, "code": one.fault.value, "detail": one.detail}
                    for one in received.refused
                ],
            }
        )


def _batch(sent: Any) -> list[Any]:
    """Return the events of a body, as they were sent."""
    if not isinstance(sent, dict):
        expected = gettext("Send one JSON object with the field events.")
        raise BadInputError(errors=[{"pointer": "", "code": "invalid", "detail": expected}])
    body = EventsBody(data=sent)
    batch = sent.get("events")
    if not isinstance(batch, list) or len(sent) != 1:
        body.is_valid(raise_exception=True)
        raise BadInputError(errors=[])
    return batch
