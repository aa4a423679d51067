"""The loans side of the business day, as a table of jobs (GEN-8, REPAY-10, REPAY-11)."""

from collections.abc import Callable
from datetime import time
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.platform.jobs import Job, Tally
from loans import business_day
from loans.gateways.from_settings import debit_channel
from loans.reconciliation import operations as reconciling


def _with_channel(work: Callable[..., Tally]) -> Callable[..., Tally]:
    """Return the work function, given the settings' channel when it runs."""

    def run(*args: Any, **facts: Any) -> Tally:
        return work(*args, channel=debit_channel(), **facts)

    return run


def _debits(hour: int, title: Any) -> Job:
    """Return a job that asks about what is open and debits what is due."""
    return Job(
        name=f"{hour:02}:00",
        at=time(hour, 0),
        title=title,
        plan=business_day.plan_debits,
        work=_with_channel(business_day.debit),
        optional=True,
    )


JOBS = (
    Job(
        name="00:05",
        at=time(0, 5),
        title=_("close of the day before"),
        plan=business_day.plan_close,
        work=business_day.close,
    ),
    Job(
        name="00:30",
        at=time(0, 30),
        title=_("accrual of the night"),
        work=business_day.accrue_night,
    ),
    Job(
        name="02:00",
        at=time(2, 0),
        title=_("reconciliation"),
        work=_with_channel(reconciling.nightly),
        optional=True,
    ),
    _debits(9, _("direct debits")),
    *(_debits(hour, _("direct debits again")) for hour in range(10, 22)),
)
