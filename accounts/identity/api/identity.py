"""Identity verification: the start of a face check, a submission, and its result."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.gateways.from_settings import identity_checks
from accounts.gateways.identity import Verdict
from accounts.identity.operations import identities, submissions
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.login.api.me import MeReply, me
from accounts.models import (
    Customer,
    IdentityVerification,
    VerificationState,
)
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import Identity, OnboardingStatus
from backoffice.core.errors import RefusalCause, Refused
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Day, Secret
from backoffice.web.api.problems import NotFoundError


class IdentityRefusedError(Refused):
    """The checks were made and did not pass; the submission is on record as refused."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("reason", "next_steps")
    is_recorded = True
    code = "identity-refused"
    message = _("Your identity could not be verified: {words}")
    remedy = "{remedy}"

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return why a submission can be refused."""
        return [
            RefusalCause(code, text, REMEDIES.get(code, _ASK)) for code, text in REFUSALS.items()
        ]


class ChecksUnavailableError(Refused):
    """The provider of the face check does not answer."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "identity-checks-unavailable"
    message = _("The identity check does not answer at the moment.")
    remedy = _("Try again in a few minutes; nothing was counted.")


REFUSALS = {
    "identity-mismatch": _("name and ID number do not belong together."),
    "identity-no-record": _("the public security authorities have no record to compare with."),
    "identity-invalid": _("the provider cannot read name or ID number."),
    "face-check-invalid": _("the face check has expired, or shows no whole face."),
    "face-not-live": _("no live face was detected."),
    "face-mismatch": _("the face is not that of the ID card."),
    "three-accounts": _("it is bound to three WeChat accounts already."),
    "refused-in-review": _("it was refused in a manual review."),
}


_COMPARE = _("Compare name and ID number with the card and send them again.")
_LOOK = _("Look into the camera again in good light, or ask customer support with a complaint.")
_ASK = _("Ask customer support with a complaint.")
REMEDIES = {
    "identity-mismatch": _COMPARE,
    "identity-invalid": _COMPARE,
    "identity-no-record": _("Have the record brought up to date there, then verify again."),
    "face-check-invalid": _LOOK,
    "face-not-live": _LOOK,
    "face-mismatch": _LOOK,
    "three-accounts": _(
        "Log in with one of the three WeChat accounts; one that is unbound there frees its place "
        "after the waiting time."
    ),
}
IN_REVIEW = {
    "identity-no-record": _(
        "The public security authorities have no record to compare with: a person looks at it."
    ),
    "manual-review": _("A person looks at it."),
}


class PersonBody(Body):
    """The person whose face will be checked."""

    name = Secret(min_length=2, max_length=50)
    id_number = Secret(max_length=30)


class IdentityBody(PersonBody):
    """Name and number as on the ID card, its last day (null: long-term), and the face check."""

    valid_until = Day(allow_null=True)
    face_token = Secret(max_length=200)


class IdentityReply(serializers.Serializer[Any]):
    """A submission and what became of it."""

    state = serializers.ChoiceField(choices=VerificationState.choices)
    reason = serializers.CharField(allow_null=True)
    words = serializers.CharField(allow_null=True)
    remedy = serializers.CharField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)


class CheckedReply(IdentityReply):
    """A submission as it was checked, and the customer afterwards."""

    customer = MeReply()


class FaceReply(serializers.Serializer[Any]):
    """The token with which the mini program opens the camera."""

    face_token = serializers.CharField()


class FaceCheckView(CustomerEndpoint):
    """The start of a face check."""

    @describe(
        "Begin a face check",
        body=PersonBody,
        replies={201: FaceReply},
        refusals=(ChecksUnavailableError,),
    )
    def post(self, request: Request) -> Response:
        """Return the token with which the mini program opens the camera."""
        body = self.read(PersonBody, request)
        start = identity_checks().begin_face(name=body["name"], id_number=body["id_number"])
        if start.verdict is not Verdict.MATCH:
            raise ChecksUnavailableError
        return Response({"face_token": start.face_token}, status=HTTPStatus.CREATED)


def _checked(view: CustomerEndpoint, checked: IdentityVerification) -> Response:
    after = view.context.of(checked.customer)
    if checked.state == VerificationState.REFUSED:
        raise _refusal(checked, after)
    is_passed = checked.state == VerificationState.PASSED
    status = HTTPStatus.OK if is_passed else HTTPStatus.ACCEPTED
    onboarding = _status(view.context, after, is_passed=is_passed)
    return Response({**_reply(checked), "customer": me(after, onboarding)}, status=status)


def _status(before: RequestContext, after: RequestContext, *, is_passed: bool) -> OnboardingStatus:
    """Return the status after a check; read again unless a newcomer has passed."""
    is_joined = after.customer.pk != before.customer.pk
    if is_joined or not is_passed or before.status.was_identified:
        return after.status
    return before.status._replace(identity=Identity.DONE)


class IdentityView(CustomerEndpoint):
    """The identity verification of a customer."""

    @describe("Read the latest submission", replies={200: IdentityReply}, refusals=(NotFoundError,))
    def get(self, request: Request) -> Response:
        """Return the latest submission."""
        return Response(_reply(_latest(self.customer(request))))

    @describe(
        "Submit name, ID number and face",
        body=IdentityBody,
        replies={200: CheckedReply, 202: CheckedReply},
        refusals=(IdentityRefusedError, *submissions.REFUSALS),
    )
    @once(_checked)
    def post(self, request: Request) -> IdentityVerification:
        """Submit name, ID number and face; 202 while the provider has not answered."""
        body = self.read(IdentityBody, request)
        submission = submissions.Submission(
            body["name"], body["id_number"], body["valid_until"], body["face_token"]
        )
        sent = submissions.submit(self.context, submission=submission)
        return identities.check(sent, checks=identity_checks(), context=self.context)


def _latest(customer: Customer) -> IdentityVerification:
    found = IdentityVerification.objects.filter(customer=customer).order_by("-pk").first()
    if found is None:
        raise NotFoundError
    return found


def _reply(verification: IdentityVerification) -> dict[str, Any]:
    reason = _reason(verification)
    is_in_review = verification.state == VerificationState.IN_REVIEW
    words = (IN_REVIEW if is_in_review else REFUSALS).get(reason)
    return {
        "state": verification.state,
        "reason": reason or None,
        "words": words and str(words),
        "remedy": str(REMEDIES.get(reason, _ASK)) if verification.refusal else None,
        "submitted_at": verification.submitted_at,
        "decided_at": verification.decided_at,
    }


def _reason(verification: IdentityVerification) -> str:
    """Return the code of why a submission was refused, or why a person looks at it."""
    if verification.state != VerificationState.IN_REVIEW:
        return verification.refusal
    return "manual-review" if identities.has_both_checks(verification) else "identity-no-record"


def _refusal(verification: IdentityVerification, after: RequestContext) -> IdentityRefusedError:
    return IdentityRefusedError(
        reason=verification.refusal,
        remedy=REMEDIES.get(verification.refusal, _ASK),
        words=REFUSALS.get(verification.refusal, verification.refusal),
        next_steps=onboarding_status.after_refusal(after.status),
    )
