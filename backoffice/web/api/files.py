"""Replies that are files: an endpoint returns JSON, or the same content in another form."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

Answer = TypeVar("Answer", bound=HttpResponseBase)


class JsonAlways(BaseContentNegotiation):
    """Lets the endpoint itself look at what the caller accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser of JSON."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of JSON."""
        return renderers[0], renderers[0].media_type


def asked_form(request: Request, forms: Mapping[str, str]) -> str:
    """Return the form that a request asks for: a key of ``forms``, or an empty text for JSON.

    A form is asked for by ``?form=``, or by its content type, the value of ``forms``, in the
    header ``Accept``.

    Raises:
        rest_framework.exceptions.ValidationError: ``form`` is not one of the forms.
    """
    sent = request.query_params.getlist("form")
    if sent and (len(sent) > 1 or sent[0] not in forms):
        words = gettext("It must be one of: {choices}.").format(choices=", ".join(forms))
        raise serializers.ValidationError(
            {"form": [serializers.ErrorDetail(words, "invalid_choice")]}
        )
    accepted = request.headers.get("Accept", "")
    by_type = (form for form, content_type in forms.items() if content_type in accepted)
    return sent[0] if sent else next(by_type, "")


def as_file(answer: Answer, name: str) -> Answer:
    """Return an answer as a file with a name, which no browser keeps or interprets."""
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
