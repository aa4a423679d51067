"""Consents of a customer: what is asked, what was given, and what taking it back would change."""

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.consents.operations import consents
from accounts.consents.rules import PURPOSES, ConsentPurpose
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Consent, Customer
from accounts.onboarding import operations as onboarding
from backoffice.web.api.description import describe
from backoffice.web.api.fields import Body, Flag
from backoffice.web.api.paging import page


class ConsentBody(Body):
    """True gives the consent, false takes it back."""

    granted = Flag()


class ConsentReply(serializers.Serializer[Any]):
    """A purpose, the words to be agreed to, and where the customer stands."""

    purpose = serializers.CharField()
    title = serializers.CharField()
    version = serializers.CharField()
    text = serializers.CharField()
    is_required = serializers.BooleanField()
    is_given = serializers.BooleanField()
    given_version = serializers.CharField(allow_null=True)
    given_at = serializers.DateTimeField(allow_null=True)
    is_outdated = serializers.BooleanField()
    withdrawal_effect = serializers.CharField()


class ConsentsView(CustomerEndpoint):
    """The consents of a customer."""

    @describe("List the purposes and consents", replies={200: ConsentReply}, pages=True)
    def get(self, request: Request) -> Response:
        """List every purpose, given or not, with what taking it back changes (SCORE-9)."""
        given = _in_force(self.customer(request))
        rows = [_reply(purpose, given.get(code)) for code, purpose in PURPOSES.items()]
        return page(request, rows)


class ConsentView(CustomerEndpoint):
    """The consent to one purpose; taking it back always works, giving is a step of onboarding."""

    always_open = ("PUT",)

    @describe(
        "Give a consent or take it back",
        body=ConsentBody,
        replies={200: ConsentReply},
        refusals=(
            consents.UnknownPurposeError,
            *onboarding.ACTIVE_REFUSALS,
            *onboarding.STEP_REFUSALS,
        ),
        parameters=[OpenApiParameter("purpose", str, "path", enum=list(PURPOSES))],
    )
    def put(self, request: Request, purpose: str) -> Response:
        """Give the consent or take it back."""
        wanted = consents.purpose_named(purpose)
        context = self.context
        if self.read(ConsentBody, request)["granted"]:
            return Response(_reply(wanted, consents.give(context, purpose=purpose)))
        consents.withdraw(context.customer, purpose=purpose, by=context.by, at=context.at)
        return Response(_reply(wanted, None))


def _in_force(customer: Customer) -> dict[str, Consent]:
    given = Consent.objects.filter(customer=customer, withdrawn_at=None)
    return {consent.purpose: consent for consent in given}


def _reply(purpose: ConsentPurpose, given: Consent | None) -> dict[str, Any]:
    return {
        "purpose": purpose.code,
        "title": gettext(purpose.title),
        "version": purpose.version,
        "text": gettext(purpose.text),
        "is_required": purpose.is_required,
        "is_given": given is not None,
        "given_version": given and given.version,
        "given_at": given and given.given_at,
        "is_outdated": given is not None and given.version != purpose.version,
        "withdrawal_effect": gettext(purpose.withdrawal_effect),
    }
