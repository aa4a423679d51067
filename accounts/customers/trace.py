"""The trace of commands that change rows without a state machine: who did what, why, and when."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Model

from backoffice.core import clock, workflow
from backoffice.core.reasons import Given, stored


def note(subjects: Iterable[Model], command: str, *, by: str, reason: Given, at: datetime) -> None:
    """Record a command on each of its subjects, in the caller's transaction.

    Source and target stay empty: no state has moved.
    """
    on = clock.day_of(at)
    code, facts = stored(reason)
    workflow.trace(
        (type(one)._meta.label_lower, one.pk, command, "", "", by, code, facts, on, at)
        for one in subjects
    )
