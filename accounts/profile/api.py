"""What a customer declares of income and occupation."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Profile
from accounts.onboarding import operations as onboarding
from accounts.onboarding.rules.occupations import Occupation
from accounts.onboarding.rules.onboarding import ProfileReviewState
from accounts.profile import operations as profiles
from backoffice.web.api.description import describe
from backoffice.web.api.fields import Body, Choice, Day, Fen, Secret
from backoffice.web.api.problems import NotFoundError

INCOME_MAX_FEN = 100_000_000  # a million yuan a month: above it somebody has mistaken the unit


class ProfileBody(Body):
    """Income in fen a month, occupation and since when, employer, address."""

    monthly_income_fen = Fen(max_value=INCOME_MAX_FEN)
    occupation = Choice(choices=[str(one) for one in Occupation])
    occupation_since = Day(required=False, allow_null=True, default=None)
    employer = Secret(max_length=100, required=False, allow_null=True, default=None)
    address = Secret(max_length=200, required=False, allow_null=True, default=None)


class ProfileReply(serializers.Serializer[Any]):
    """What was declared, and when; it is the customer's own and shown in full."""

    monthly_income_fen = serializers.IntegerField()
    occupation = serializers.ChoiceField(choices=[str(one) for one in Occupation])
    occupation_since = serializers.DateField(allow_null=True)
    employer = serializers.CharField(allow_null=True)
    address = serializers.CharField(allow_null=True)
    declared_at = serializers.DateTimeField()
    review = serializers.ChoiceField(
        choices=[str(one) for one in ProfileReviewState], allow_null=True
    )


class ProfileView(CustomerEndpoint):
    """The profile of a customer."""

    @describe("Read the profile", replies={200: ProfileReply}, refusals=(NotFoundError,))
    def get(self, request: Request) -> Response:
        """Return what was declared last."""
        mine = Profile.objects.filter(customer=self.customer(request))
        profile = mine.select_related("review").first()
        if profile is None:
            raise NotFoundError
        return Response(_reply(profile))

    @describe(
        "Declare income and occupation",
        body=ProfileBody,
        replies={200: ProfileReply},
        refusals=(
            *onboarding.STEP_REFUSALS,
            profiles.StudentsError,
            profiles.OccupationSinceError,
        ),
    )
    def put(self, request: Request) -> Response:
        """Declare income and occupation; all of it, each time. A person may have to look at it."""
        body = self.read(ProfileBody, request)
        declared = profiles.Declared(
            body["monthly_income_fen"],
            Occupation(body["occupation"]),
            body["occupation_since"],
            body["employer"],
            body["address"],
        )
        return Response(_reply(profiles.declare(self.context, declared=declared)))


def _reply(profile: Profile) -> dict[str, Any]:
    return {
        "monthly_income_fen": profile.monthly_income_fen,
        "occupation": profile.occupation,
        "occupation_since": profile.occupation_since_on,
        "employer": profile.employer,
        "address": profile.address,
        "declared_at": profile.declared_at,
        "review": profile.review and profile.review.state,
    }
