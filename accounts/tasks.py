"""What accounts do by themselves: ask again what a provider has not answered."""

from typing import Any

from accounts.gateways.from_settings import identity_checks
from accounts.operations import identities
from backoffice import clock


def check_identity(payload: dict[str, Any], *, key: str) -> None:
    """Ask again about a submission that is pending; the outbox comes back until it is not."""
    identities.check_again(payload["id"], checks=identity_checks(), at=clock.now())
