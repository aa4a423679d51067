"""The ledger of the demo: its last month is closed."""

from datetime import date, time, timedelta

from accounts.models import Staff
from backoffice.core.clock import moment_of
from backoffice.platform import approvals
from loans.general_ledger.operations import month_close
from loans.general_ledger.rules.periods import month_of

_REASON = "demo"


def close_last_month(*, on: date) -> None:
    """Close the month before that of a day, in the morning, by the logins finance and manager.

    Raises:
        month_close.MonthClosedError: it is closed already.
        month_close.MonthEmptyError: nothing was posted up to its end.
    """
    at, last_on = moment_of(on, time(8, 30)), on.replace(day=1) - timedelta(days=1)
    finance, manager = (Staff.objects.get(username=name) for name in ("finance", "manager"))
    [made] = month_close.propose_reconciled(
        [month_of(last_on).first_on], by=finance, reason=_REASON, at=at
    )
    approvals.approve([made.pk], by=manager, reason=_REASON, at=at)
