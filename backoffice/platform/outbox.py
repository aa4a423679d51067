"""Transactional outbox: messages are stored with their fact and delivered at least once.

``post`` writes in the caller's transaction: fact and message commit
together. ``deliver`` leases waiting rows, skipping those that another worker holds, and calls the
handler of each topic outside any transaction. A worker killed in a handler leaves a lease; when
it expires, another worker takes the message. A handler may receive a message more than once,
detects a repetition by the key, and must end within ``LEASE``.

The tick of each minute delivers. Where a customer waits for the effect, ``deliver_soon`` lets a
worker begin right after the commit; the tick delivers what that hint did not reach.

``created_at`` is the product's time; leases, deliveries and dead letters are machine time.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from backoffice.core import clock
from backoffice.core.models import OutboxMessage

LEASE = timedelta(minutes=5)
# The delay after the first, second, ... failed try; after one more failed try it is dead.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
TRIES_MAX = len(RETRY_AFTER) + 1

_ERROR_LENGTH = 2000
_WAITING = Q(done_at=None, dead_at=None)

log = logging.getLogger(__name__)


class Message(NamedTuple):
    """A message; repeated posts with the same topic and key store one message."""

    topic: str
    key: str
    payload: Mapping[str, Any]


class Handler(Protocol):
    """Delivers one message; raises on failure."""

    def __call__(self, payload: dict[str, Any], *, key: str) -> None:
        """Deliver the message; a repetition has the same key."""


class Delivered(NamedTuple):
    """Counts of one delivery round: delivered, to be retried, dead."""

    done: int = 0
    failed: int = 0
    dead: int = 0


_handlers: dict[str, Handler] = {}
_starters: list[Callable[[], object]] = []


def register(topic: str, handler: Handler) -> None:
    """Register the handler of a topic, once, when an app is ready."""
    assert topic not in _handlers, f"topic {topic} already has a handler"
    _handlers[topic] = handler


def register_start(start: Callable[[], object]) -> None:
    """Add what makes a worker deliver at once."""
    _starters.append(start)


def post(messages: Sequence[Message], *, at: datetime) -> None:
    """Store messages in the caller's transaction; skip known pairs of topic and key.

    Raises:
        TypeError, ValueError: a payload is not JSON.
    """
    assert connection.in_atomic_block, "a message is written in the transaction of its fact"
    if not messages:
        return
    # Sorted, so that two transactions with the same keys cannot deadlock.
    ordered = sorted(messages, key=lambda message: message[:2])
    topics, keys, payloads = zip(*ordered, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO backoffice_outboxmessage (topic, key, payload, created_at, tries, error) "
            "SELECT topic, key, payload, %s, 0, '' "
            "FROM unnest(%s::text[], %s::text[], %s::jsonb[]) AS new (topic, key, payload) "
            "ON CONFLICT (topic, key) DO NOTHING",
            [at, list(topics), list(keys), [json.dumps(one, allow_nan=False) for one in payloads]],
        )


def new(message: Message, *, at: datetime) -> OutboxMessage:
    """Return a message whose key is new, for the caller to insert with its fact."""
    topic, key, payload = message
    return OutboxMessage(topic=topic, key=key, payload=dict(payload), created_at=at)


def deliver_soon() -> None:
    """Let a worker deliver once the caller's transaction has committed, before the next tick.

    Only a hint: where no broker answers, the messages wait for the tick.
    """
    for start in _starters:
        transaction.on_commit(start, robust=True)


def deliver(*, limit: int = 100) -> Delivered:
    """Deliver up to ``limit`` waiting messages, oldest first; return the counts.

    A message without a handler keeps waiting, with that error. Several workers may deliver at once.
    """
    assert not connection.in_atomic_block, "handlers are called outside any transaction"
    _name_unknown_topics()
    outcomes = [_hand_over(message) for message in _claim(limit) if _begin(message)]
    return Delivered(*(outcomes.count(outcome) for outcome in Delivered._fields))


def _name_unknown_topics() -> None:
    waiting = OutboxMessage.objects.filter(_WAITING, error="").exclude(topic__in=_handlers)
    waiting.update(error="no handler is registered for this topic: a newer release may have one")


@transaction.atomic
def _claim(limit: int) -> list[OutboxMessage]:
    """Lease waiting messages that no other worker holds."""
    at = clock.wall()
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    messages = list(
        OutboxMessage.objects.select_for_update(skip_locked=True)
        .filter(_WAITING, free, topic__in=_handlers)
        .order_by("pk")[:limit]
    )
    for message in messages:
        message.leased_until = at + LEASE
    OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
        leased_until=at + LEASE
    )
    return messages


def _begin(message: OutboxMessage) -> bool:
    """Renew the lease and count the try; return False if another worker holds it now.

    The try is counted before the handler runs, so that a message that kills its worker ends as
    dead; one by one, so that the rest of the batch is not counted.
    """
    leased_until = clock.wall() + LEASE
    begun = _held(message).update(leased_until=leased_until, tries=message.tries + 1)
    message.leased_until = leased_until
    message.tries += 1
    return begun == 1


def _hand_over(message: OutboxMessage) -> str:
    """Call the handler and store the result; return the name of the count."""
    if message.tries > TRIES_MAX:
        return _failed(message, message.error or "every try killed its worker")
    try:
        _handlers[message.topic](message.payload, key=message.key)
    except Exception as error:  # no error may lose the message or block others
        log.warning("%s failed at try %s", message, message.tries, exc_info=True)
        return _failed(message, f"{type(error).__name__}: {error}")
    _held(message).update(done_at=clock.wall(), leased_until=None, error="")
    return "done"


def _failed(message: OutboxMessage, error: str) -> str:
    """Delay the message, longer after each try, or mark it dead with its error."""
    at = clock.wall()
    error = error[:_ERROR_LENGTH]
    if message.tries >= TRIES_MAX:
        _held(message).update(dead_at=at, leased_until=None, error=error)
        return "dead"
    _held(message).update(leased_until=at + RETRY_AFTER[message.tries - 1], error=error)
    return "failed"


def _held(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """Return the row if this worker still holds its lease, identified by its end."""
    return OutboxMessage.objects.filter(_WAITING, pk=message.pk, leased_until=message.leased_until)
