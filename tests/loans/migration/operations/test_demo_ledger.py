"""The last month of the demo's ledger is closed by two of its logins."""

from datetime import date

import pytest
from django.db import transaction

from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.general_ledger.operations import month_close
from loans.migration.operations.demo import create_logins
from loans.migration.operations.demo_ledger import close_last_month
from loans.models import ClosedMonth
from tests.loans.conftest import moment

pytestmark = pytest.mark.usefixtures("committed_db")

ON = date(2026, 10, 1)


def test_the_month_before_is_closed_once_by_two_people():
    create_logins(password="cold-feet-9")
    entry = Entry(date(2026, 9, 30), "bank", "unapplied_funds", 5, "unapplied", "repayment", 4,
                  None, 9)  # fmt: skip
    with transaction.atomic():
        ledger.post([entry], at=moment(ON))

    close_last_month(on=ON)

    closed = ClosedMonth.objects.get()
    assert (closed.month, closed.transfers, closed.closed_by) == (date(2026, 9, 1), 1, "manager")
    assert str(closed.approval.proposed_by) == "finance"
    with pytest.raises(month_close.MonthClosedError):
        close_last_month(on=ON)
    assert ClosedMonth.objects.count() == 1


def test_a_ledger_without_a_past_is_left_open():
    create_logins(password="cold-feet-9")

    with pytest.raises(month_close.MonthEmptyError):
        close_last_month(on=ON)

    assert not ClosedMonth.objects.exists()
