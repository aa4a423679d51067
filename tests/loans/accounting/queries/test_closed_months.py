"""The ledger is open from the month after the last closed one on."""

from datetime import date

import pytest
from django.db import transaction

from loans.accounting.operations import ledger
from loans.accounting.operations.ledger import Entry
from loans.accounting.queries import closed_months
from tests.loans.conftest import moment
from tests.loans.general_ledger.months import close_reconciled

NOON = moment(date(2027, 1, 5))


@pytest.mark.django_db
def test_while_nothing_is_closed_every_day_is_open():
    assert closed_months.opened_on() is None
    assert closed_months.opened_on(waits=True) is None


@pytest.mark.usefixtures("committed_db")
def test_the_ledger_is_open_from_the_next_month_on():
    entry = Entry(date(2026, 11, 3), "bank", "unapplied_funds", 5, "unapplied", "repayment", 4,
                  None, 9)  # fmt: skip
    with transaction.atomic():
        ledger.post([entry], at=NOON)

    close_reconciled(date(2026, 11, 1), at=NOON)
    assert closed_months.opened_on() == date(2026, 12, 1)
    close_reconciled(date(2026, 12, 1), at=NOON)
    assert closed_months.opened_on() == date(2027, 1, 1)
