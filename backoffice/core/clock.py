"""The two clocks of the product, both in Asia/Shanghai.

``now`` and ``business_date`` are the product's time: bills, ages, cooling-off, deadlines. In a
sandbox an offset in the database moves it. ``wall`` is the machine's time: sessions, leases,
heartbeats, signatures. Nothing moves it. Only edges read a clock; everything else receives the
moment as an argument.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from backoffice.core import prepared
from backoffice.core.errors import Refused

SHANGHAI = ZoneInfo("Asia/Shanghai")


class NotASandboxError(Refused):
    """The process and the database disagree on whether this is a sandbox."""

    code = "not-a-sandbox"
    message = _("SANDBOX=1 is set, but this database is not marked as a sandbox.")
    remedy = _("Use an empty database and run migrate with SANDBOX=1, or set SANDBOX=0.")


class ClockMovedBackError(Refused):
    """The product's time cannot go back once money is posted on later days."""

    code = "clock-moved-back"
    message = _("The business clock is at {now} and cannot go back to {wanted}.")
    remedy = _("Choose a later moment, or start a new sandbox.")


def wall() -> datetime:
    """Return the machine's time."""
    return datetime.now(tz=SHANGHAI)


def now() -> datetime:
    """Return the product's time.

    Raises:
        NotASandboxError: the settings say sandbox, the database does not.
    """
    return wall() + offset() if settings.SANDBOX else wall()


def business_date() -> date:
    """Return the product's day (GEN-4)."""
    return now().date()


def day_of(moment: datetime) -> date:
    """Return the business date a moment falls on in Shanghai (GEN-4)."""
    return moment.astimezone(SHANGHAI).date()


def moment_of(day: date, at: time) -> datetime:
    """Return a time of a business date as a moment."""
    return datetime.combine(day, at, tzinfo=SHANGHAI)


def offset() -> timedelta:
    """Return how far the sandbox's time is ahead of the machine's.

    Raises:
        NotASandboxError: the database is not marked as a sandbox.
    """
    found = prepared.rows("SELECT ahead FROM backoffice_sandboxclock")
    if not found:
        raise NotASandboxError
    ahead: timedelta = found[0][0]
    return ahead


def move_to(moment: datetime, *, is_back_allowed: bool = False) -> None:
    """Set the product's time in a sandbox; back only if the caller has checked that no day was run.

    Raises:
        NotASandboxError: this is not a sandbox.
        ClockMovedBackError: the moment is in the product's past.
    """
    if not settings.SANDBOX:
        raise NotASandboxError
    present = now()
    if moment < present and not is_back_allowed:
        raise ClockMovedBackError(now=present.isoformat(" ", "seconds"), wanted=moment)
    _store(moment - wall())


def reset() -> None:
    """Set the product's time back to the machine's, in a sandbox without runs.

    Raises:
        NotASandboxError: this is not a sandbox.
    """
    if not settings.SANDBOX:
        raise NotASandboxError
    offset()
    _store(timedelta())


def _store(ahead: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE backoffice_sandboxclock SET ahead = %s", [str(ahead)])
