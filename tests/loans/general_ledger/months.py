"""Closing months of the ledger in tests: two people, with and without a reconciled portfolio."""

from datetime import date, datetime

from backoffice.core.models import Approval
from backoffice.platform import approvals
from loans.general_ledger.operations import month_close
from loans.models import ClosedMonth
from tests.loans.staff import person

REASON = "month end checked"


def propose(month: date, *, at: datetime, channel, by=None) -> Approval:
    [made] = month_close.propose(
        [month], by=by or person("finance"), reason=REASON, at=at, channel=channel
    )
    return made


def close_reconciled(month: date, *, at: datetime) -> ClosedMonth:
    """Close a month without comparing the portfolio and the bank."""
    [made] = month_close.propose_reconciled([month], by=person("finance"), reason=REASON, at=at)
    approvals.approve([made.pk], by=person("manager"), reason="agreed", at=at)
    return ClosedMonth.objects.get(month=month)
