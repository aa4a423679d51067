"""Idempotency of requests: one effect per key, with its fingerprint and stored reply.

An edge calls ``reserve`` before the command, in a transaction of its own, so that a duplicate sent
at the same moment sees the reservation, and runs the command inside ``serving``. The command stores
the reply itself: its last transaction is marked with ``replies``, which renders its result as the
edge does and stores it there. Reply and effect commit together, whenever the process is killed. A
command of several transactions calls ``began`` in the first one: a request that is sent again
continues with that record instead of beginning again. A command that failed without effect calls
``release``.

A process killed before the effect leaves a reservation without reply. After ``LEASE`` the next
sender of the same request takes it over, although the first may still be running, slow rather than
dead. That is safe only because commands that move money are keyed themselves (order numbers,
quotes, authorisations and ledger causes are unique in the database): run twice, they find their
first effect and return it. This module makes the reply the same; it does not make a command
repeatable. Nothing here may guard a command without such a key of its own.

All moments are machine time (``clock.wall``).
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, NamedTuple, ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.core import prepared
from backoffice.core.errors import Refused
from backoffice.core.models import IdempotencyKey

LEASE = timedelta(seconds=60)

KEY_LENGTH_MAX = 80
KEY_PATTERN = f"[!-~]{{1,{KEY_LENGTH_MAX}}}"
_KEY = re.compile(KEY_PATTERN)

Given = ParamSpec("Given")
Result = TypeVar("Result")


class BadKeyError(Refused):
    """The key is missing, too long or not plain text."""

    status = HTTPStatus.BAD_REQUEST
    code = "idempotency-key-bad"
    message = _("The idempotency key is missing or malformed.")
    remedy = _("Send 1 to 80 visible ASCII characters, new for each request, such as a UUID.")


class KeyReusedError(Refused):
    """The key was used for a request with another body or address."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency-key-reused"
    message = _("This idempotency key was already used for a different request.")
    remedy = _("Use a new key for a new request; repeat a request with its exact content.")


class InProgressError(Refused):
    """The first request with this key has no reply yet."""

    code = "request-in-progress"
    message = _("The same request is still in progress.")
    remedy = _("Wait a few seconds, then send it again with the same key.")


class Stored(NamedTuple):
    """The reply to the first request: its status, and its body byte for byte."""

    status: int
    reply: bytes


class KeyClaim(NamedTuple):
    """A reserved key; ``begun_id`` is what a request that was not answered had begun."""

    principal: str
    key: str
    begun_id: int | None = None


class Serving:
    """The keyed request of this thread, and how a result of its command is rendered."""

    def __init__(self, claim: KeyClaim, render: Callable[[Any], Stored]) -> None:
        self.claim = claim
        self.render = render
        self.stored: Stored | None = None

    def answer(self, result: Any) -> Stored:
        """Render a result and store it; return the reply that stands."""
        self.stored = keep(self.claim, self.render(result))
        return self.stored


_serving: ContextVar[Serving | None] = ContextVar("serving", default=None)


@transaction.atomic(durable=True)
def reserve(*, principal: str, key: str, body: bytes, at: datetime) -> Stored | KeyClaim:
    """Reserve the key for a request, or return the stored reply.

    ``body`` identifies the request: method, path and content. With a claim the caller does the
    work inside ``serving``, or calls ``release``.

    Raises:
        BadKeyError: the key is empty, longer than 80 characters or not visible ASCII.
        KeyReusedError: the key was taken for another request.
        InProgressError: the key was taken less than ``LEASE`` ago and has no reply yet.
    """
    if not _KEY.fullmatch(key):
        raise BadKeyError
    fingerprint = hashlib.sha256(body).digest()
    if _insert(principal, key, fingerprint, at):
        return KeyClaim(principal, key)
    row = IdempotencyKey.objects.filter(principal=principal, key=key).first()
    if row is None:  # released since the insert found it; the client retries
        raise InProgressError
    if bytes(row.fingerprint) != fingerprint:
        raise KeyReusedError
    if row.status is not None:
        return Stored(row.status, bytes(row.reply or b""))
    if not _take_over(row, at):
        raise InProgressError
    return KeyClaim(principal, key, row.begun_id)


def is_answered(*, principal: str, key: str, body: bytes) -> bool:
    """Return whether this very request has its reply."""
    fingerprint = hashlib.sha256(body).digest()
    mine = IdempotencyKey.objects.filter(principal=principal, key=key, fingerprint=fingerprint)
    return mine.exclude(status=None).exists()


@contextmanager
def serving(claim: KeyClaim, *, render: Callable[[Any], Stored]) -> Iterator[Serving]:
    """Serve a keyed request: what ``replies`` and ``began`` store meanwhile is stored for it."""
    current = Serving(claim, render)
    token = _serving.set(current)
    try:
        yield current
    finally:
        _serving.reset(token)


def replies(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Store the reply to the keyed request in the transaction of a command, from its result.

    Stands below ``transaction.atomic``. Without a keyed request the command is unchanged.
    """

    @wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        result = command(*args, **kwargs)
        current = _serving.get()
        if current is not None:
            assert connection.in_atomic_block, "reply and effect are one transaction"
            current.answer(result)
        return result

    return run


def began(record_id: int) -> None:
    """Note, in the transaction that stores it, the record that the keyed request has begun."""
    current = _serving.get()
    if current is not None:
        assert connection.in_atomic_block, "the note and the record are one transaction"
        _unanswered(current.claim).update(begun_id=record_id)


def begun_id() -> int | None:
    """Return the record that this keyed request had begun before its process was killed."""
    current = _serving.get()
    return current.claim.begun_id if current is not None else None


def keep(claim: KeyClaim, reply: Stored) -> Stored:
    """Store the reply of a request, in the transaction of its effect; return what is stored.

    The first reply is kept: a slow worker whose key was taken over changes nothing here, as its
    keyed command changed nothing there.
    """
    if prepared.rows(_KEEP, [reply.status, reply.reply, claim.principal, claim.key]):
        return reply
    row = IdempotencyKey.objects.filter(principal=claim.principal, key=claim.key).first()
    if row is None or row.status is None:  # deleted meanwhile, with the account of its client
        return reply
    return Stored(row.status, bytes(row.reply or b""))


def release(claim: KeyClaim) -> None:
    """Release the key of a request that failed without effect, so that it can be sent again."""
    _unanswered(claim).delete()


def forget(*, before: datetime) -> int:
    """Delete keys reserved before a moment, normally 30 days ago; return their number."""
    deleted, _per_model = IdempotencyKey.objects.filter(created_at__lt=before).delete()
    return deleted


def forget_of(*principals: str) -> int:
    """Delete the keys and replies of clients after account closure; return their number."""
    deleted, _per_model = IdempotencyKey.objects.filter(principal__in=principals).delete()
    return deleted


def _insert(principal: str, key: str, fingerprint: bytes, at: datetime) -> bool:
    """Insert the reservation; only one of several duplicates succeeds."""
    return bool(prepared.rows(_RESERVE, [principal, key, fingerprint, at]))


# Written out: every keyed request sends both.
_RESERVE = (
    "INSERT INTO backoffice_idempotencykey (principal, key, fingerprint, created_at) "
    "VALUES (%s, %s, %s, %s) ON CONFLICT (principal, key) DO NOTHING RETURNING id"
)
_KEEP = (
    "UPDATE backoffice_idempotencykey SET status = %s, reply = %s "
    "WHERE principal = %s AND key = %s AND status IS NULL RETURNING id"
)


def _take_over(row: IdempotencyKey, at: datetime) -> bool:
    """Take over a reservation with an expired lease; only one of several duplicates succeeds."""
    unanswered = _unanswered(KeyClaim(row.principal, row.key))
    lapsed = unanswered.filter(created_at__lte=at - LEASE)
    return lapsed.update(created_at=at) == 1


def _unanswered(claim: KeyClaim) -> QuerySet[IdempotencyKey]:
    mine = IdempotencyKey.objects.filter(principal=claim.principal, key=claim.key)
    return mine.filter(status=None)
