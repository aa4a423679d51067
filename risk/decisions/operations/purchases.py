"""Large purchases that partners report hold a part of the line until they are reviewed (LIMIT-6).

The report is stored under the lock of its customer, and lines are locked before customers: so the
hold follows through the outbox, within seconds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backoffice.core import clock
from backoffice.core.policy import current
from backoffice.platform import outbox
from risk.facts.operations.events import ReceivedPayment
from risk.lines import operations as lines
from risk.lines.operations import Purchase
from risk.lines.rules import reserve as rules
from risk.models import SpecialReview, SpecialReviewState
from risk.policy import LimitPolicy

TOPIC = "risk.purchase"


def announce(payments: Sequence[ReceivedPayment], *, at: datetime) -> None:
    """Post a message for each large purchase, in the transaction that stores the payment."""
    policy = current(LimitPolicy, on=clock.day_of(at))
    large = [
        one for one in payments if one.is_purchase and one.amount_fen > policy.reserve_over_fen
    ]
    outbox.post(
        [
            outbox.Message(
                TOPIC,
                f"{one.partner}:{one.event_id}",
                {
                    "customer": one.customer_id,
                    "partner": one.partner,
                    "event": one.event_id,
                    "amount_fen": one.amount_fen,
                    "at": one.occurred_at.isoformat(),
                },
            )
            for one in large
        ],
        at=at,
    )


def hold(payload: Mapping[str, Any], *, by: str, at: datetime) -> int:
    """Hold for an announced purchase; return how many holds were placed, 0 or 1.

    None is placed for one whose 72 hours are over, or whose special review has passed.
    """
    purchased_at = datetime.fromisoformat(payload["at"])
    on = clock.day_of(at)
    if rules.held_until(purchased_at, policy=current(LimitPolicy, on=on)) <= at:
        return 0
    cleared = SpecialReview.objects.filter(
        partner=payload["partner"], event_id=payload["event"], state=SpecialReviewState.CLEARED
    )
    if cleared.exists():
        return 0
    source = source_of(payload["partner"], payload["event"])
    purchase = Purchase(payload["customer"], source, payload["amount_fen"], purchased_at)
    return lines.hold_for_purchase([purchase], by=by, on=on)


def source_of(partner: str, event_id: str) -> str:
    """Return what names a reported payment on its hold; it fits the columns of both."""
    return f"{partner}:{event_id}"
