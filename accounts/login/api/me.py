"""The customer who calls, and the next steps of onboarding."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Customer, CustomerState
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules import cooling_off
from accounts.onboarding.rules.onboarding import OnboardingStatus, Step
from backoffice.web.api.description import describe

Steps = list[dict[str, str | None]]
# What apps above know of the assessment of a customer who is ready.
_continuations: list[Callable[[RequestContext, OnboardingStatus], Steps]] = []


def register(continuation: Callable[[RequestContext, OnboardingStatus], Steps]) -> None:
    """Add who states how the assessment stands and the steps after it; an empty list is silence."""
    _continuations.append(continuation)


class StepReply(serializers.Serializer[Any]):
    """A step of onboarding."""

    step = serializers.CharField()
    state = serializers.CharField()
    method = serializers.CharField(allow_null=True)
    endpoint = serializers.CharField(allow_null=True)


class MeStepReply(StepReply):
    """A step; ``decision`` is that of an assessment that is done: approved or refused."""

    decision = serializers.CharField(allow_null=True)


class BriefReply(serializers.Serializer[Any]):
    """A customer."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=CustomerState.choices)
    registered_at = serializers.DateTimeField()


class MeReply(BriefReply):
    """A customer and the next steps."""

    cooling_off_until = serializers.DateTimeField(allow_null=True)
    is_on_hold = serializers.BooleanField()
    next_steps = MeStepReply(many=True)


def customer_brief(customer: Customer) -> dict[str, Any]:
    """Return a customer as a login shows them."""
    return {
        "id": customer.public_id,
        "state": customer.state,
        "registered_at": customer.registered_at,
    }


class MeView(CustomerEndpoint):
    """The customer who calls."""

    @describe("Read the customer and the next steps", replies={200: MeReply})
    def get(self, request: Request) -> Response:
        """Return the onboarding status and the next steps."""
        return Response(me(self.context, self.context.status))


def me(context: RequestContext, status: OnboardingStatus) -> dict[str, Any]:
    """Return a customer with the steps of onboarding."""
    customer = context.customer
    ends_at = cooling_off.ends_at(
        customer.registered_at, hours=context.policy.cooling_off_hours
    )  # fmt: skip
    return {
        **customer_brief(customer),
        "cooling_off_until": ends_at if status.is_cooling else None,
        "is_on_hold": status.is_on_hold,
        "next_steps": _next_steps(context, status),
    }


def _next_steps(context: RequestContext, status: OnboardingStatus) -> Steps:
    """Return the steps of onboarding; from the assessment on, what became of it and follows it."""
    steps: Steps = [{**one, "decision": None} for one in onboarding_status.guide(status)]
    if context.customer.state != CustomerState.READY:
        return steps
    after = [one for continued in _continuations for one in continued(context, status)]
    replaced = {one["step"] for one in after} & {str(Step.ASSESSMENT)}
    return [one for one in steps if one["step"] not in replaced] + after
