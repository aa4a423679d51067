"""The partner of a sandbox: reports of a persona what its openid says, once it has consented.

The events go the way of every partner: checked, stored once, refused without a consent.
"""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import WechatAccount
from backoffice.core import clock
from risk.facts.operations import events
from risk.facts.operations.events import ReceivedEvents
from risk.sandbox import rules

PARTNER = "sandbox"


def announce(customer_id: int, *, purpose: str, at: datetime) -> None:
    """Report the events of a source when the consent to it is committed, in a sandbox only."""
    if settings.SANDBOX:
        transaction.on_commit(lambda: _announced(customer_id, purpose, at), robust=True)


def _announced(customer_id: int, purpose: str, at: datetime) -> None:
    store(customer_id, sources={purpose}, by=f"partner:{PARTNER}", at=at)


def store(customer_id: int, *, sources: Collection[str], by: str, at: datetime) -> ReceivedEvents:
    """Store the events of a customer's personas through yesterday, of some sources; again adds
    only what is new.

    Raises:
        clock.NotASandboxError: this is not a sandbox.
    """
    if not settings.SANDBOX:
        raise clock.NotASandboxError
    done = ReceivedEvents(0, 0, [])
    bound = WechatAccount.objects.filter(customer=customer_id, unbound_at=None).order_by("pk")
    for account in bound:
        if not rules.is_persona(account.openid or ""):
            continue
        found = rules.events(str(account.openid), on=clock.day_of(at))
        batch = [event for source in found if source in sources for event in found[source]]
        for start in range(0, len(batch), events.BATCH_MAX):
            part = batch[start : start + events.BATCH_MAX]
            one = events.receive(part, partner=PARTNER, by=by, at=at)
            done = ReceivedEvents(
                done.accepted + one.accepted, done.repeated + one.repeated,
                [*done.refused, *one.refused],
            )  # fmt: skip
    return done
