"""Who calls: an opaque token, looked up at each request, so that a revoked one is dead at once."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.login import operations as logins
from accounts.models import Customer, LoginSession
from backoffice.core import clock

_SCHEME = b"bearer"
_TOKEN_LENGTH = 43


class Caller:
    """A customer in a session; what the framework calls the user of a request."""

    is_authenticated = True

    def __init__(self, session: LoginSession) -> None:
        self.session = session

    @property
    def customer(self) -> Customer:
        """Return the customer whose session it is."""
        return self.session.account.customer

    @property
    def actor(self) -> str:
        """Return the caller as records name who did something."""
        return f"customer:{self.session.account.customer_id}"


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <token>``."""

    def authenticate(self, request: Request) -> tuple[Caller, LoginSession] | None:
        """Return the caller, or None when no token was sent.

        Raises:
            AuthenticationFailed: the token is malformed, unknown, expired or revoked.
        """
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if not scheme:
            return None
        if scheme.lower() != _SCHEME or len(token) != _TOKEN_LENGTH or not token.isascii():
            raise AuthenticationFailed
        session = logins.session_of(token.decode(), wall_at=clock.wall())
        if session is None:
            raise AuthenticationFailed
        return Caller(session), session

    def authenticate_header(self, request: Request) -> str:
        """Return what a client without a good token is asked for."""
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description of the endpoints names the token."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme of OpenAPI."""
        return {"type": "http", "scheme": "bearer"}
