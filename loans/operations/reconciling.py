"""Reconciliation: every check over the book, and the bank's record of each day."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import chain

from django.db import connection, transaction

from backoffice.jobs import Tally
from loans.gateways.channel import Channel, ChannelError
from loans.queries import reconciliation
from loans.queries.reconciliation import Difference

logger = logging.getLogger(__name__)


def reconcile(*, days: Sequence[date], on: date, channel: Channel) -> list[Difference]:
    """Return every difference: caches, accruals, trial balance, and the bank on these days.

    The book is looked at as it stands at one moment, each day of the bank as the book stands after
    its statement was read: answers that come meanwhile are no differences.
    """
    with _one_moment():
        differences = list(
            chain(
                reconciliation.caches(),
                reconciliation.unapplied_funds(),
                reconciliation.trial_balance(),
                reconciliation.orders(),
                reconciliation.accruals(on=on),
            )
        )
    return differences + [difference for day in days for difference in _bank(day, channel)]


def _bank(day: date, channel: Channel) -> list[Difference]:
    """Return the differences of a day at the bank.

    A bank that cannot be read is one too: nothing was proven about that day.
    """
    try:
        stated = {line.number: line.amount_fen for line in channel.statement(day)}
    except ChannelError as error:
        return [Difference("bank statement", f"{day}: {error}", 0, 0)]
    with _one_moment():
        return list(reconciliation.bank(stated, on=day))


@contextmanager
def _one_moment() -> Iterator[None]:
    """Let everything that is read in the block be of one moment."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def nightly(ids: Sequence[int], *, run_id: int, on: date, at: datetime, channel: Channel) -> Tally:
    """Reconcile the day before; each difference counts as a failure and is logged."""
    differences = reconcile(days=[on - timedelta(days=1)], on=on, channel=channel)
    for difference in differences:
        logger.error("reconciliation: %s", difference)
    return Tally(done=int(not differences), failed=len(differences))
