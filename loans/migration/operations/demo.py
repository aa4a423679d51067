"""What a sandbox is shown with: a login for every role, and a portfolio due in two minutes."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Staff
from accounts.staff.rules import GROUPS
from backoffice.core import clock
from backoffice.core.errors import Text
from loans.migration.operations.admission import Purse, SandboxOnlyError
from loans.migration.operations.importing import ImportReport, import_portfolio

ADMIN = "admin"
PORTFOLIO = Path(__file__).resolve().parent.parent / "data" / "credit_clients.csv.gz"
PORTFOLIO_ROWS = 2_000
SHOWN_AT = time(8, 58)  # two minutes before the debits of the day
_ROLES: dict[str, Text] = {
    ADMIN: _("everything"),
    "support": _("customer support"),
    "credit": _("credit decisions"),
    "risk": _("risk control"),
    "collections": _("collections"),
    "finance": _("finance"),
    "auditor": _("audit, reads only"),
    "manager": _("the second pair of eyes"),
}


class DemoLogin(NamedTuple):
    """A member of the staff to log in as."""

    username: str
    role: Text


class DemoPortfolio(NamedTuple):
    """The portfolio of the demo and the moment the business clock was moved to."""

    report: ImportReport
    at: datetime


@transaction.atomic
def create_logins(*, password: str) -> list[DemoLogin]:
    """Make ``admin`` and a login named as each group, all with this password from now on.

    Raises:
        SandboxOnlyError: this is no sandbox.
    """
    if not settings.SANDBOX:
        raise SandboxOnlyError
    hashed = make_password(password)
    _create(ADMIN, hashed, [], is_superuser=True)
    for name in GROUPS:
        group, _is_new = Group.objects.get_or_create(name=name)
        _create(name, hashed, [group], is_superuser=False)
    return [DemoLogin(name, _ROLES.get(name, name)) for name in (ADMIN, *GROUPS)]


def _create(name: str, hashed: str, groups: Sequence[Group], *, is_superuser: bool) -> None:
    staff, _is_new = Staff.objects.update_or_create(
        username=name,
        defaults={
            "password": hashed,
            "is_staff": True,
            "is_active": True,
            "is_superuser": is_superuser,
        },
    )
    staff.groups.set(groups)


def show_portfolio(*, bank: Purse, now: datetime) -> DemoPortfolio | None:
    """Import the demo's portfolio due on the next day that is still before 8:58, and go there.

    Once a portfolio has been imported there is nothing to do. The clock moves last: a start
    that failed half-way finds everything as it was and tries again.

    Raises:
        SandboxOnlyError: this is no sandbox.
        NotASandboxError: the database is not marked as one.
        ImportUnderWayError: another import works on this database.
        NoBankError: the sandbox bank did not take the balances.
        RowsRefusedError: the database refused the rows.
    """
    if Customer.objects.filter(origin__isnull=False).exists():
        return None
    at = next_showing(now)
    report = import_portfolio(
        PORTFOLIO, bank=bank, on=clock.day_of(at), at=at, limit=PORTFOLIO_ROWS
    )
    clock.move_to(at)
    return DemoPortfolio(report, at)


def next_showing(now: datetime) -> datetime:
    """Return the next moment it is 8:58."""
    day = clock.day_of(now)
    today = clock.moment_of(day, SHOWN_AT)
    return today if now <= today else clock.moment_of(day + timedelta(days=1), SHOWN_AT)
