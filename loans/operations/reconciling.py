"""Reconciliation: every check over the book, and the bank's record of each day."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import chain

from backoffice.jobs import Tally
from loans.gateways.channel import Channel, ChannelError
from loans.queries import reconciliation
from loans.queries.reconciliation import Difference

logger = logging.getLogger(__name__)


def reconcile(*, days: Sequence[date], on: date, channel: Channel) -> list[Difference]:
    """Return every difference: caches, accruals, trial balance, and the bank on these days.

    A bank that cannot be read is a difference too: nothing was proven about that day.
    """
    differences = list(
        chain(
            reconciliation.caches(),
            reconciliation.unapplied_funds(),
            reconciliation.trial_balance(),
            reconciliation.orders(),
            reconciliation.accruals(on=on),
        )
    )
    for day in days:
        try:
            differences += reconciliation.bank(on=day, channel=channel)
        except ChannelError as error:
            differences.append(Difference("bank statement", f"{day}: {error}", 0, 0))
    return differences


def nightly(ids: Sequence[int], *, run_id: int, on: date, at: datetime, channel: Channel) -> Tally:
    """Reconcile the day before; each difference counts as a failure and is logged."""
    differences = reconcile(days=[on - timedelta(days=1)], on=on, channel=channel)
    for difference in differences:
        logger.error("reconciliation: %s", difference)
    return Tally(done=int(not differences), failed=len(differences))
