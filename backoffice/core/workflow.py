"""The only way to change a state.

Models declare states and transitions with django-fsm; ``move`` performs a declared transition on
locked records and ``save`` writes states, money and the ``StateChange`` rows. The receiver below
refuses any other caller, the ``Guard`` trigger in the database any other writer.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models
from django.dispatch import receiver
from django_fsm import TransitionNotAllowed
from django_fsm.signals import pre_transition

from backoffice.core import bulk, clock
from backoffice.core.models import StateChange
from backoffice.core.reasons import Given, stored

Record = TypeVar("Record", bound=models.Model)

_CHANGE_COLUMNS = (
    "subject_type", "subject_id", "transition", "source", "target", "actor", "reason",
    "facts", "effective_on", "at",
)  # fmt: skip
_MOVES = "_unsaved_moves"
# The columns above: subject, move, who, why, and when.
Change = tuple[str, int, str, str, str, str, str, dict[str, Any] | None, date, datetime]
_waiting: ContextVar[list[Change] | None] = ContextVar("waiting", default=None)


class BypassError(RuntimeError):
    """A transition was called directly, without a lock and a ``StateChange`` row."""


def move(
    records: Iterable[models.Model],
    transition: str,
    *,
    by: str,
    reason: Given,
    at: datetime,
    effective_on: date | None = None,
    **facts: Any,
) -> None:
    """Perform the declared transition on each record, all of one model; ``save`` then writes them.

    ``effective_on`` is the business day of the changes if it is not the day of ``at``. ``facts``
    are the arguments of the transition.

    The caller has read the records with ``select_for_update`` in this transaction, or holds the
    lock of the row they belong to.

    Raises:
        django_fsm.TransitionNotAllowed: a record is in a state the transition does not leave.
    """
    assert connection.in_atomic_block, "lock the rows in a transaction before moving them"
    records = list(records)
    if not records:
        return
    model = type(records[0])
    # The declaration is read once per batch; django-fsm would send signals for each record.
    targets, body = _declared(model, transition)
    effective_on = effective_on or clock.day_of(at)
    code, named = stored(reason)
    for record in records:
        values = record.__dict__
        source = values["state"]
        if source not in targets:
            raise TransitionNotAllowed(f"{record!r}: {transition} does not leave {source}")
        body(record, at=at, **facts)
        target = values["state"] = targets[source]
        values.setdefault(_MOVES, []).append(
            (
                model._meta.label_lower,
                record.pk,
                transition,
                source,
                target,
                by,
                code,
                named,
                effective_on,
                at,
            )
        )


@lru_cache(maxsize=256)
def _declared(
    model: type[models.Model], transition: str
) -> tuple[dict[str, str], Callable[..., None]]:
    """Return the target of each source of a transition, and the body that sets its fields."""
    method = getattr(model, transition)
    declared = method._django_fsm.transitions.values()
    assert not any(each.conditions for each in declared), "conditions are the operation's to check"
    return {str(each.source): str(each.target) for each in declared}, method.__wrapped__


def save(records: Sequence[models.Model], *fields: str) -> None:
    """Write state and the named fields in one UPDATE, the state changes in one COPY."""
    if not records:
        return
    assert connection.in_atomic_block, "states and money are written in one transaction"
    bulk.update(records, ("state", *fields))
    save_changes(records)


def save_changes(records: Iterable[models.Model]) -> None:
    """Write the state changes alone, of new records that the caller inserts in their state."""
    trace(change for one in records for change in one.__dict__.pop(_MOVES, ()))


def trace(changes: Iterable[Change]) -> None:
    """Write rows of ``StateChange``, at once or with the others of a block ``in_one_copy``."""
    assert connection.in_atomic_block, "a trace is written in the transaction of its fact"
    waiting = _waiting.get()
    if waiting is None:
        bulk.copy(StateChange, _CHANGE_COLUMNS, changes)
    else:
        waiting.extend(changes)


@contextmanager
def in_one_copy() -> Iterator[None]:
    """Write the state changes of all commands in this block together, at its end."""
    assert _waiting.get() is None, "one command writes them"
    changes: list[Change] = []
    token = _waiting.set(changes)
    try:
        yield
    finally:
        _waiting.reset(token)
    trace(changes)


@receiver(pre_transition)
def _refuse_unrecorded_moves(sender: type[models.Model], name: str, **_: Any) -> None:
    raise BypassError(f"{sender.__name__}.{name} must go through workflow.move")


@contextmanager
def importing() -> Iterator[None]:
    """Allow inserts in later states in this transaction, for imports only."""
    assert connection.in_atomic_block, "an import is one transaction"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL weidai.importing = 'on'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL weidai.importing = 'off'")
