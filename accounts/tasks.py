"""What accounts do by themselves: ask again what has no answer yet, and keep no data too long."""

from datetime import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.cards.operations import cards
from accounts.customers.rules.reasons import AccountActor
from accounts.gateways.from_settings import identity_checks
from accounts.identity.operations import identities
from accounts.privacy.operations import retention
from backoffice.core import clock
from backoffice.platform.jobs import Job, Tally


def check_identity(payload: dict[str, Any], *, key: str) -> None:
    """Ask again about a submission that is pending; the outbox comes back until it is not."""
    identities.check_again(
        payload["id"],
        checks=identity_checks(),
        by=AccountActor.CHECKS,
        at=clock.now(),
        wall_at=clock.wall(),
    )


def check_card(payload: dict[str, Any], *, key: str) -> None:
    """Ask again about a card that is pending; the outbox comes back until its bank has answered."""
    cards.check_again(
        payload["id"],
        checks=identity_checks(),
        by=AccountActor.CHECKS,
        at=clock.now(),
        wall_at=clock.wall(),
    )


def _retain(ids: Any, *, run_id: int, on: Any, at: Any) -> Tally:
    return retention.nightly(by=AccountActor.RETENTION, on=on, at=at, wall_at=clock.wall())


JOBS = (
    Job(
        name="03:00",
        at=time(3, 0),
        title=_("retention of personal data"),
        work=_retain,
        optional=True,
    ),
)
