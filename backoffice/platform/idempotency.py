"""Idempotency of requests: one effect per key, with its fingerprint and stored reply.

An edge calls ``reserve`` before the command, in a transaction of its own, so that a duplicate sent
at the same moment sees the reservation. It calls ``keep`` inside the command's transaction: reply
and effect commit together. A command that failed without effect calls ``release``.

A process killed in between leaves a reservation without reply. After ``LEASE`` the next sender of
the same request takes it over, although the first may still be running, slow rather than dead.
That is safe only because commands that move money are keyed themselves (order numbers, quotes,
authorisations and ledger causes are unique in the database): run twice, they find their first
effect and return it. This module makes the reply the same; it does not make a command repeatable.
Nothing here may guard a command without such a key of its own.

All moments are machine time (``clock.wall``).
"""

import hashlib
import re
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import Refused
from backoffice.core.models import IdempotencyKey

LEASE = timedelta(seconds=60)

_KEY = re.compile(r"[!-~]{1,80}")


class BadKeyError(Refused):
    """The key is missing, too long or not plain text."""

    status = HTTPStatus.BAD_REQUEST
    code = "idempotency-key-bad"
    message = _("The idempotency key is missing or malformed.")
    remedy = _("Send 1 to 80 visible ASCII characters, new for each request, such as a UUID.")


class KeyReusedError(Refused):
    """The client used the key for another request."""

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
    """The reply to the first request."""

    status: int
    reply: Any


@transaction.atomic(durable=True)
def reserve(*, principal: str, key: str, body: bytes, at: datetime) -> Stored | None:
    """Reserve the key for a request, or return the stored reply.

    ``body`` identifies the request: method, path and content. None means that the key is reserved
    and the caller does the work, then calls ``keep`` or ``release``.

    Raises:
        BadKeyError: the key is empty, longer than 80 characters or not visible ASCII.
        KeyReusedError: the key was taken for another request.
        InProgressError: the key was taken less than ``LEASE`` ago and has no reply yet.
    """
    if not _KEY.fullmatch(key):
        raise BadKeyError
    fingerprint = hashlib.sha256(body).digest()
    if _insert(principal, key, fingerprint, at):
        return None
    row = IdempotencyKey.objects.filter(principal=principal, key=key).first()
    if row is None:  # released since the insert found it; the client retries
        raise InProgressError
    if bytes(row.fingerprint) != fingerprint:
        raise KeyReusedError
    if row.status is not None:
        return Stored(row.status, row.reply)
    if not _take_over(row, at):
        raise InProgressError
    return None


def keep(*, principal: str, key: str, status: int, reply: Any) -> None:
    """Store the reply of a request; call it in the transaction of its effect.

    The first reply is kept: a slow worker whose key was taken over changes nothing here, as its
    keyed command changed nothing there.
    """
    _unanswered(principal, key).update(status=status, reply=reply)


def release(*, principal: str, key: str) -> None:
    """Release the key of a request that failed without effect, so that it can be sent again."""
    _unanswered(principal, key).delete()


def forget(*, before: datetime) -> int:
    """Delete keys reserved before a moment, normally 30 days ago; return their number."""
    deleted, _per_model = IdempotencyKey.objects.filter(created_at__lt=before).delete()
    return deleted


def forget_of(principal: str) -> int:
    """Delete the keys and replies of a client after account closure; return their number."""
    deleted, _per_model = IdempotencyKey.objects.filter(principal=principal).delete()
    return deleted


def _insert(principal: str, key: str, fingerprint: bytes, at: datetime) -> bool:
    """Insert the reservation; only one of several duplicates succeeds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO backoffice_idempotencykey (principal, key, fingerprint, created_at) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (principal, key) DO NOTHING",
            [principal, key, fingerprint, at],
        )
        inserted: bool = cursor.rowcount == 1
    return inserted


def _take_over(row: IdempotencyKey, at: datetime) -> bool:
    """Take over a reservation with an expired lease; only one of several duplicates succeeds."""
    lapsed = _unanswered(row.principal, row.key).filter(created_at__lte=at - LEASE)
    return lapsed.update(created_at=at) == 1


def _unanswered(principal: str, key: str) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(principal=principal, key=key, status=None)
