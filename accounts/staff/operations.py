"""Login of staff: wrong passwords are counted by name and place, and end in a wait.

A place is a browser in which the person has logged in before, else a network address. Whoever tries
the names of others from elsewhere uses up the tries of that place alone: a colleague is never
locked out by an attacker, and the wait ends by itself.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Staff
from backoffice.core import reasons, workflow
from backoffice.core.clock import SHANGHAI, day_of
from backoffice.core.crypto import blind
from backoffice.core.errors import Refused
from backoffice.platform import rate_limit

SCOPE = "staff-login"
TRIES_MAX = 5  # wrong passwords of a name from a place, in this window and the one before
WINDOW = timedelta(minutes=5)


class TooManyPasswordsError(Refused):
    """Too many wrong passwords of this name from this place."""

    status = 429
    code = "staff-login-limit"
    message = _("Too many wrong passwords.")
    remedy = _("Wait until {until} and try again; a manager can set a new password.")


class _Window(NamedTuple):
    """A span of time whose tries are counted together."""

    number: int

    @property
    def starts_at(self) -> datetime:
        return _EPOCH + self.number * WINDOW

    def key(self, name: str, place: str) -> dict[str, Any]:
        """Return where the throttle counts the tries; the subject names nobody."""
        subject = f"{blind(f'{name}/{place}', SCOPE).hex()}:{self.number}"
        return {"scope": SCOPE, "subject": subject, "on": day_of(self.starts_at)}


_EPOCH = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def take_try(name: str, *, place: str, wall_at: datetime) -> None:
    """Count one password of a name from a place, before it is compared (machine time).

    Raises:
        TooManyPasswordsError: five were wrong in this window and the one before.
    """
    now, before = _windows(wall_at)
    left = rate_limit.left(**before.key(name, place), limit=TRIES_MAX)
    if rate_limit.take(**now.key(name, place), limit=left):
        return
    ends = now.number + (1 if left == 0 else 2)  # once the tries of now are of the window before
    raise TooManyPasswordsError(until=_time(_Window(ends).starts_at))


def forget_tries(name: str, *, place: str, wall_at: datetime) -> None:
    """Give the tries back after the right password."""
    for window in _windows(wall_at):
        rate_limit.clear(**window.key(name, place))


def _windows(at: datetime) -> tuple[_Window, _Window]:
    number = (at - _EPOCH) // WINDOW
    return _Window(number), _Window(number - 1)


def _time(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M}"


@transaction.atomic
def note(people: Sequence[Staff], *, command: str, by: str, reason: str, at: datetime) -> None:
    """Record what was done to accounts and why, in the transaction that does it."""
    code, facts = reasons.stored(reason)
    workflow.trace(
        (one._meta.label_lower, one.pk, command, "", "", by, code, facts, day_of(at), at)
        for one in people
    )
