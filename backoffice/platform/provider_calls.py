"""Calls of external providers: prepare, ask, record.

``prepare`` commits a call under its own number before anything is sent. ``ask`` runs outside
any transaction and returns the caller's ``unknown`` answer after a transport fault.
``record`` stores an answer once, in the transaction of its effects; a repeated answer changes
nothing. ``retry_due`` returns the calls that have waited too long for an answer, because a process
was killed. A retry prepares the same number and finds the stored call.

Calls are kept in a ``CallStore``. ``CallTable`` keeps them in a table: identity, card, face,
bureau. A batch of bank orders needs no second row per debit: the order is the stored call. Its app
provides a ``CallStore`` whose ``insert`` stores the orders with COPY, whose ``answer`` is what
applies a result to an order, and whose ``waiting`` returns the orders that are sent or unknown. One
``ask`` then covers thousands of numbers, because the question is one call of the channel and
``unknown`` the list of unknown results:

    provider_calls.prepare(orders, store=orders_store, at=at)
    results = provider_calls.ask(
        lambda: channel.submit(requests), unknown=[unanswered(one.number) for one in requests]
    ).answer
    with transaction.atomic(durable=True):
        provider_calls.record(results, store=orders_store, at=at)

A store may let a later answer replace an unknown one, as a bank's statement does; ``CallTable``
keeps the first answer, because its callers ask again under the number of the next attempt.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from django.db import connection, models, transaction
from psycopg import sql

# A request of a killed process may still be in transit: it is not retried earlier.
ON_ITS_WAY = timedelta(minutes=10)

log = logging.getLogger(__name__)


class Call(NamedTuple):
    """One call of a provider: its number, its subject and the masked request."""

    number: str
    provider: str
    action: str
    subject_type: str
    subject_id: int
    customer_id: int
    attempt: int
    masked: Mapping[str, Any]


class CallAnswer(NamedTuple):
    """The stored part of a provider's answer to a call."""

    number: str
    verdict: str
    code: str
    request_id: str
    latency_ms: int


Stored = TypeVar("Stored", contravariant=True)
Given = TypeVar("Given", contravariant=True)
Result = TypeVar("Result")


class CallStore(Protocol[Stored, Given]):
    """The store of one kind of calls; every method runs in the caller's transaction."""

    def insert(self, calls: Sequence[Stored], *, at: datetime) -> list[str]:
        """Store calls, leave out numbers that are there, and return the new numbers."""
        ...

    def answer(self, answers: Sequence[Given], *, at: datetime) -> list[str]:
        """Store answers of calls that have none, and return the numbers of these calls."""
        ...

    def waiting(self, *, before: datetime) -> list[str]:
        """Return the numbers of calls without an answer that were prepared before a moment."""
        ...


class Asked(NamedTuple, Generic[Result]):
    """An answer, and the milliseconds it took."""

    answer: Result
    latency_ms: int


@transaction.atomic(durable=True)
def prepare(calls: Sequence[Stored], *, store: CallStore[Stored, Any], at: datetime) -> list[str]:
    """Commit calls before anything is sent; return the new numbers."""
    return store.insert(calls, at=at)


def ask(
    question: Callable[[], Result],
    *,
    unknown: Result,
    faults: tuple[type[Exception], ...] = (OSError,),
) -> Asked[Result]:
    """Ask a provider outside any transaction; a transport fault returns ``unknown``."""
    _require_no_transaction()
    began = monotonic()
    try:
        answer = question()
    except faults:
        log.warning("a provider could not be reached", exc_info=True)
        answer = unknown
    return Asked(answer, round((monotonic() - began) * 1000))


def record(answers: Sequence[Given], *, store: CallStore[Any, Given], at: datetime) -> list[str]:
    """Store each answer once; return the numbers of the calls that had none.

    The effects of the answers belong in the same transaction.
    """
    assert connection.in_atomic_block, "an answer and what follows from it are one transaction"
    return store.answer(answers, at=at)


def retry_due(*, store: CallStore[Any, Any], at: datetime) -> list[str]:
    """Return the numbers of calls that have waited too long for an answer, oldest first."""
    return store.waiting(before=at - ON_ITS_WAY)


def _require_no_transaction() -> None:
    """Check as ``durable`` does: the transaction that wraps a test does not count."""
    blocks: list[Any] = connection.atomic_blocks
    is_free = not blocks or blocks[-1]._from_testcase  # noqa: SLF001 - as Django itself checks
    assert is_free, "a provider is never asked inside a transaction"


_INSERT = """
    INSERT INTO {table} (
        number, provider, action, subject_type, subject_id, customer_id, attempt, masked,
        asked_at, verdict, code, request_id
    )
    SELECT new.*, %s, '', '', '' FROM jsonb_to_recordset(%s) AS new (
        number text, provider text, action text, subject_type text, subject_id bigint,
        customer_id bigint, attempt smallint, masked jsonb
    )
    ON CONFLICT (number) DO NOTHING
    RETURNING number
"""
_ANSWER = """
    UPDATE {table} AS call
    SET verdict = new.verdict, code = new.code, request_id = new.request_id,
        latency_ms = new.latency_ms, answered_at = %s
    FROM jsonb_to_recordset(%s) AS new (
        number text, verdict text, code text, request_id text, latency_ms integer
    )
    WHERE call.number = new.number AND call.answered_at IS NULL
    RETURNING call.number
"""


class CallTable:
    """Calls in a table of their own: a model with the columns of ``Call`` and ``CallAnswer``.

    ``asked_at`` is when a call was prepared, ``answered_at`` when its answer was recorded.
    """

    def __init__(self, model: type[models.Model]) -> None:
        self.rows: Any = model._default_manager
        self.table = sql.Identifier(model._meta.db_table)

    def insert(self, calls: Sequence[Call], *, at: datetime) -> list[str]:
        """Store calls, leave out numbers that are there, and return the new numbers."""
        return self._run(_INSERT, calls, at)

    def answer(self, answers: Sequence[CallAnswer], *, at: datetime) -> list[str]:
        """Store answers of calls that have none, and return the numbers of these calls."""
        return self._run(_ANSWER, answers, at)

    def waiting(self, *, before: datetime) -> list[str]:
        """Return the numbers of calls without an answer that were prepared before a moment."""
        unanswered = self.rows.filter(answered_at=None, asked_at__lt=before)
        return list(unanswered.order_by("pk").values_list("number", flat=True))

    def _run(self, statement: str, rows: Sequence[Any], at: datetime) -> list[str]:
        if not rows:
            return []
        values = json.dumps([row._asdict() for row in rows])
        composed = sql.SQL(statement).format(table=self.table)
        with connection.cursor() as cursor:
            cursor.execute(composed, [at, values])
            return [number for (number,) in cursor.fetchall()]
