"""What one request knows of its caller, its moments and the product numbers, each read once.

The endpoint that is called builds it, and so does a task; operations receive it as an argument and
read none of it again. What another request may change in between is checked again under the lock
of the customer: ``locked`` returns a context that has forgotten the status.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from accounts.models import Customer, LoginSession
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.queries import Sender
from accounts.onboarding.rules.onboarding import OnboardingStatus
from accounts.policy import AccountPolicy
from backoffice.core import clock
from backoffice.core import policy as policies


@dataclass(frozen=True)
class RequestContext:
    """One caller at one moment.

    ``at`` is product time, ``wall_at`` machine time, ``by`` the actor that records name. Tasks
    have no session.
    """

    customer: Customer
    by: str
    at: datetime
    wall_at: datetime
    policy: AccountPolicy
    session: LoginSession | None = None
    face_blind: bytes = b""

    @property
    def on(self) -> date:
        """Return the business day of the request."""
        return clock.day_of(self.at)

    def in_product_time(self, wall_at: datetime) -> datetime:
        """Return a moment of the machine's clock as the product's clock shows it, to the second.

        People read one clock: in a sandbox that was moved, a grant that ends in five minutes ends
        five minutes after the product's time, not on the day of the machine.
        """
        second = timedelta(seconds=1)
        ahead = (self.at - self.wall_at + second / 2) // second
        return wall_at + ahead * second

    @property
    def subject(self) -> str:
        """Return the customer as the subject of rate limits."""
        return f"customer:{self.customer.pk}"

    @cached_property
    def status(self) -> OnboardingStatus:
        """Return how far the customer has come with onboarding, read at the first use."""
        return onboarding_status.read(
            self.customer.pk, at=self.at, policy=self.policy, sender=self._sender()
        )

    def _sender(self) -> Sender | None:
        if self.session is None and not self.face_blind:
            return None
        device_id = self.session.device_id if self.session else 0
        since = self.wall_at - timedelta(days=self.policy.device_accounts_days)
        return Sender(device_id, since, self.face_blind)

    def of(self, customer: Customer) -> "RequestContext":
        """Return the same request for a customer as read just now, with the status unread."""
        return replace(self, customer=customer)

    def locked(self, *, face_blind: bytes = b"") -> "RequestContext":
        """Lock the customer; return a context whose status is read under the lock.

        With the index of a face check the status also says whether the check was used before.
        """
        customer = Customer.objects.select_for_update().get(pk=self.customer.pk)
        return replace(self, customer=customer, face_blind=face_blind)


def begin(
    customer: Customer,
    *,
    by: str,
    at: datetime,
    wall_at: datetime,
    session: LoginSession | None = None,
) -> RequestContext:
    """Return the context of a request that begins now; reads the policy in force."""
    numbers = policies.current(AccountPolicy, on=clock.day_of(at))
    return RequestContext(customer, by, at, wall_at, numbers, session)
