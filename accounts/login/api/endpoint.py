"""The base of everything a customer calls when logged in."""

from functools import cached_property
from typing import Any, ClassVar, cast

from rest_framework.request import Request

from accounts.login.api.authentication import Caller, TokenAuthentication
from accounts.models import Customer
from accounts.onboarding import context as contexts
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.web.api.endpoint import Endpoint, is_replay
from backoffice.web.api.problems import NotLoggedInError

_READS = ("GET", "HEAD", "OPTIONS")


class CustomerEndpoint(Endpoint):
    """An endpoint of a logged-in customer.

    In the cooling-off period, on hold and after closing only reading works (ELIG-10); a class
    names in ``always_open`` the methods that work all the same. Forgetting to do so closes a
    method, never opens one.
    """

    authentication_classes = (TokenAuthentication,)
    always_open: ClassVar[tuple[str, ...]] = ()

    def refusals_of(self, method: str) -> tuple[type[Refused], ...]:
        """Return what every endpoint of a customer refuses a method with."""
        if method in (*_READS, *self.always_open):
            return (NotLoggedInError,)
        return (NotLoggedInError, *onboarding.ACTIVE_REFUSALS)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then refuse what the customer may not do yet or any more.

        A stored reply is only read: it is returned whatever has become of the customer.
        """
        super().initial(request, *args, **kwargs)
        if request.method in (*_READS, *self.always_open):
            return
        try:
            onboarding.require_active(self.context)
        except Refused:
            if not is_replay(self, request):
                raise

    @cached_property
    def context(self) -> RequestContext:
        """Return what this request knows, read at the first use: a plain read needs none of it."""
        caller = self.caller(self.request)
        return contexts.begin(
            caller.customer,
            by=caller.actor,
            at=clock.now(),
            wall_at=clock.wall(),
            session=caller.session,
        )

    def caller(self, request: Request) -> Caller:
        """Return who calls."""
        return cast("Caller", request.user)

    def customer(self, request: Request) -> Customer:
        """Return the customer who calls."""
        return self.caller(request).customer

    def principal(self, request: Request) -> str:
        """Return whose idempotency keys a request uses: the account's.

        The account stays the same when a verified identity makes it a login of another customer.
        """
        return f"account:{self.caller(request).session.account_id}"
