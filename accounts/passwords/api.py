"""The transaction password, and the grants that it gives for one movement of money (SEC-4)."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.gateways.from_settings import identity_checks
from accounts.identity.operations import faces
from accounts.login.api.endpoint import CustomerEndpoint
from accounts.models import Authorisation, GrantPurpose, TransactionPassword
from accounts.onboarding import operations as onboarding
from accounts.passwords.operations import authorisations, passwords
from accounts.passwords.rules import LENGTH_MAX
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import once
from backoffice.web.api.fields import Body, Choice, Fen, Secret


class PasswordBody(Body):
    """A new password; to change one, also the current one or a face check."""

    default_error_messages = {"not_both": _("Send the current password or a face check.")}
    rules: ClassVar = {"not": {"required": ["current_password", "face_token"]}}

    password = Secret(trim_whitespace=False)
    current_password = Secret(required=False, max_length=LENGTH_MAX, trim_whitespace=False)
    face_token = Secret(required=False, max_length=200)

    def validate(self, attrs: Any) -> Any:
        """Refuse two proofs where one is asked for."""
        if {"current_password", "face_token"} <= set(attrs):
            self.fail("not_both")
        return attrs


class PasswordReply(serializers.Serializer[Any]):
    """From when to when a password holds."""

    set_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


def _set(view: CustomerEndpoint, made: TransactionPassword) -> Response:
    expires_at = passwords.expires_at(made, numbers=view.context.policy)
    return Response({"set_at": made.set_at, "expires_at": expires_at})


class PasswordView(CustomerEndpoint):
    """The transaction password of a customer."""

    @describe(
        "Set or change the transaction password",
        body=PasswordBody,
        replies={200: PasswordReply},
        refusals=(
            *onboarding.STEP_REFUSALS,
            passwords.PasswordWeakError,
            passwords.NoPasswordError,
            passwords.ProofMissingError,
            passwords.PasswordUsedError,
            passwords.PasswordChangedError,
            *passwords.RIGHT_REFUSALS,
            *faces.REFUSALS,
        ),
    )
    @once(_set)
    def put(self, request: Request) -> TransactionPassword:
        """Set the transaction password, or change it."""
        wanted = passwords.Change(**self.read(PasswordBody, request))
        return passwords.change(self.context, wanted=wanted, checks=identity_checks())


class UnlockBody(Body):
    """A face check."""

    face_token = Secret(max_length=200)


def _unlocked(_view: CustomerEndpoint, _nothing: None) -> Response:
    return Response(status=HTTPStatus.NO_CONTENT)


class UnlockView(CustomerEndpoint):
    """The way out of a lock before the day is over."""

    @describe(
        "Unlock the transaction password with a face check",
        body=UnlockBody,
        replies={204: None},
        refusals=(*onboarding.STEP_REFUSALS, *faces.REFUSALS),
    )
    @once(_unlocked)
    def post(self, request: Request) -> None:
        """Give the tries of the day back for a face."""
        body = self.read(UnlockBody, request)
        passwords.unlock(self.context, face_token=body["face_token"], checks=identity_checks())


class AuthorisationBody(Body):
    """What is to be moved, and the transaction password."""

    password = Secret(max_length=LENGTH_MAX, trim_whitespace=False)
    purpose = Choice(choices=GrantPurpose.choices)
    amount_fen = Fen(min_value=1)


class AuthorisationReply(serializers.Serializer[Any]):
    """A grant for one movement of money."""

    id = serializers.UUIDField()
    purpose = serializers.ChoiceField(choices=GrantPurpose.choices)
    amount_fen = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


def _granted(view: CustomerEndpoint, grant: Authorisation) -> Response:
    body = {
        "id": grant.public_id,
        "purpose": grant.purpose,
        "amount_fen": grant.amount_fen,
        "expires_at": view.context.in_product_time(grant.expires_at),
    }
    return Response(body, status=HTTPStatus.CREATED)


class AuthorisationsView(CustomerEndpoint):
    """Grants for one movement of money each."""

    @describe(
        "Authorise one movement of money",
        body=AuthorisationBody,
        replies={201: AuthorisationReply},
        refusals=(
            passwords.NoPasswordError,
            authorisations.PasswordExpiredError,
            authorisations.AmountImpossibleError,
            passwords.PasswordChangedError,
            *passwords.RIGHT_REFUSALS,
            *onboarding.DEVICE_REFUSALS,
        ),
    )
    @once(_granted, is_required=True)
    def post(self, request: Request) -> Authorisation:
        """Give a grant for the right password: one amount, one purpose, once, for five minutes."""
        ask = authorisations.GrantRequest(**self.read(AuthorisationBody, request))
        return authorisations.give(self.context, ask=ask)
