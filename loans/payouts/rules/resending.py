"""How long a payout that the channel never saw is sent again under its number."""

from datetime import datetime, timedelta

# A request of a worker that died may still be on its way: its number is not given up before.
ON_ITS_WAY = timedelta(minutes=10)
# A loan that could not be paid out by then is cancelled: the customer decides again.
_DISBURSED_WITHIN = timedelta(hours=24)
_DISBURSEMENT = "disbursement"


def is_given_up(kind: str, planned_at: datetime, *, at: datetime) -> bool:
    """Return whether a payout that the channel never saw is not wanted any more.

    A loan is wanted for a day. A refund is the customer's money: it is sent until it arrives.
    """
    return kind == _DISBURSEMENT and at - planned_at > _DISBURSED_WITHIN
