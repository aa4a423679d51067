"""What reconcile sees, and what it reads to see it."""

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loans.models import DebitOrder
from loans.operations import closing, collection, ledger
from loans.operations.ledger import Entry
from loans.queries import reconciliation
from loans.queries.unposted import unposted
from tests.loans.conftest import day, moment
from tests.loans.operations.test_overdue_life import live
from tests.loans.operations.test_replaying import told_late
from tests.loans.queries.test_due import plan_of

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_repayments_of_a_day_are_found_by_their_day():
    with CaptureQueriesContext(connection) as asked:
        assert list(reconciliation.bank({}, on=day(0))) == []

    assert "repayment_day" in plan_of(asked.captured_queries[0]["sql"])


def forge(account: str, *, on, loan_id: int | None = None, fen: int = 7) -> None:
    """Post a transfer that nothing has led to."""
    entry = Entry(on, account, "opening_balance", fen, "accrual", "forged", loan_id, None)
    ledger.post([entry], at=moment(on))


def test_between_the_close_and_the_night_nothing_is_missing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)

    closing.close([bill.pk], on=day(4), at=moment(day(4), time(0, 5)))
    assert list(reconciliation.accruals(on=day(4))) == []
    closing.accrue_night(on=day(4), at=moment(day(4), time(0, 30)))
    assert list(reconciliation.accruals(on=day(4))) == []


def test_after_money_of_an_earlier_day_the_ledger_waits_for_the_night(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)
    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")
    collection.record([told_late(first, succeeded_at=moment(day(0)))], at=moment(day(3), time(12)))

    assert unposted(on=day(3)) == (0, 1_500)
    assert list(reconciliation.accruals(on=day(3))) == []
    closing.accrue_night(on=day(4), at=moment(day(4), time(0, 30)))
    assert list(reconciliation.accruals(on=day(4))) == []


def test_a_ledger_that_is_not_what_the_night_made_it_is_seen(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=-1)
    closing.accrue_night(on=day(0), at=moment(day(0), time(0, 30)))
    forge("accrued_unposted", on=day(0))

    [difference] = reconciliation.accruals(on=day(0))

    assert difference == ("accrued, not posted", "as of 2026-10-01", 15_000, 15_007)
