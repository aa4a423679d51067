"""The one way a state machine moves.

Models declare states and transitions with django-fsm; ``move`` runs a declared transition on
locked records and ``save`` writes states, money and the ``StateChange`` rows. Any other caller is
refused by the receiver below, and any other writer by the ``Guard`` trigger in the database.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, models
from django.dispatch import receiver
from django_fsm.signals import pre_transition

from backoffice import bulk
from backoffice.models import StateChange

Record = TypeVar("Record", bound=models.Model)

_CHANGE_COLUMNS = (
    "subject_type", "subject_id", "transition", "source", "target", "actor", "reason", "at",
)  # fmt: skip
_MOVES = "_unsaved_moves"
_moving: ContextVar[bool] = ContextVar("moving", default=False)


class BypassError(RuntimeError):
    """A transition was called directly; it would leave no trace and no lock."""


def move(
    records: Iterable[models.Model],
    transition: str,
    *,
    by: str,
    reason: str,
    at: datetime,
    **facts: Any,
) -> None:
    """Run the declared transition on each record; ``save`` then writes them.

    The caller has read the records with ``select_for_update`` in this transaction.

    Raises:
        django_fsm.TransitionNotAllowed: a record is in a state the transition does not leave.
    """
    assert connection.in_atomic_block, "lock the rows in a transaction before moving them"
    token = _moving.set(True)
    try:
        for record in records:
            source = record.state  # type: ignore[attr-defined]
            getattr(record, transition)(at=at, **facts)
            record.__dict__.setdefault(_MOVES, []).append(
                (record._meta.label_lower, record.pk, transition, source,
                 record.state, by, reason, at)  # type: ignore[attr-defined]
            )  # fmt: skip
    finally:
        _moving.reset(token)


def save(records: Sequence[models.Model], *fields: str) -> None:
    """Write state and the named fields of the records in one UPDATE, their moves in one COPY."""
    if not records:
        return
    assert connection.in_atomic_block, "states and money are written in one transaction"
    bulk.update(records, ("state", *fields))
    changes = [change for record in records for change in record.__dict__.pop(_MOVES, ())]
    bulk.copy(StateChange, _CHANGE_COLUMNS, changes)


@receiver(pre_transition)
def _refuse_unrecorded_moves(sender: type[models.Model], name: str, **_: Any) -> None:
    if not _moving.get():
        raise BypassError(f"{sender.__name__}.{name} must go through workflow.move")


@contextmanager
def importing() -> Iterator[None]:
    """Let rows be inserted in later states until this transaction ends: for imports only."""
    assert connection.in_atomic_block, "an import is one transaction"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL weidai.importing = 'on'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL weidai.importing = 'off'")
