"""The trace of commands that change rows without a state machine: who did what, why, and when."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Model

from backoffice.core import bulk, clock
from backoffice.core.models import StateChange
from backoffice.core.reasons import Given, stored

_COLUMNS = (
    "subject_type",
    "subject_id",
    "transition",
    "source",
    "target",
    "actor",
    "reason",
    "facts",
    "effective_on",
    "at",
)


def note(subjects: Iterable[Model], command: str, *, by: str, reason: Given, at: datetime) -> None:
    """Record a command on each of its subjects, in the caller's transaction.

    Source and target stay empty: no state has moved.
    """
    on = clock.day_of(at)
    code, facts = stored(reason)
    rows = [
        (type(one)._meta.label_lower, one.pk, command, "", "", by, code, facts, on, at)
        for one in subjects
    ]
    bulk.copy(StateChange, _COLUMNS, rows)
