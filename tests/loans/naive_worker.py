"""Loaded into a worker, it makes it wrong on purpose: ``celery --include``.

Such a worker does not ask the bank what became of an order it finds open. It gives the order up as
if refused for technical reasons, and the next job debits the bill under a new number.
"""

from collections.abc import Sequence
from datetime import datetime

from loans.collection.operations import orders
from loans.collection.operations.orders import Prepared
from loans.gateways.channel import Answer, Channel, Outcome

_ask = orders.ask


def ask_again(prepared: Sequence[Prepared], *, channel: Channel, at: datetime) -> list[Answer]:
    """Ask for what is new; call refused what is open."""
    given_up = [one.order.number for one in prepared if not one.is_new]
    new = [one for one in prepared if one.is_new]
    return [
        *(Answer(number, Outcome.FAILED, "SYSTEMERROR", 0, "", at) for number in given_up),
        *_ask(new, channel=channel, at=at),
    ]


orders.ask = ask_again
