"""Collecting what is due: prepare, ask, record, each in a transaction of its own or in none."""

from collections.abc import Sequence
from datetime import date, datetime

from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.gateways.channel import Channel


def collect(
    requests: Sequence[CollectionRequest],
    *,
    by: str,
    channel: Channel,
    on: date,
    at: datetime,
    run_id: int | None = None,
) -> results.Recorded:
    """Debit some bills: what ``prepare`` has read serves ``record`` where it still holds.

    Raises:
        OverpaidError, PaymentUnderWayError, NoMandateError, CardNotBoundError, CardDayLimitError:
            as ``orders.prepare`` does.
    """
    prepared, batch = orders.prepare_batch(requests, by=by, on=on, at=at, run_id=run_id)
    return results.record(orders.ask(prepared, channel=channel, at=at), by=by, at=at, seen=batch)
