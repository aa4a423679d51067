"""Money of an earlier day changes what later bills print as past due (REPAY-7, GEN-9)."""

from datetime import date, time

import pytest

from loans.billing.operations import issue
from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.models import Bill
from tests.loans.billing.loans import draw
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import reread
from tests.loans.repayment.operations.test_reprocess import differences, late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")

NEXT_DUE, NEXT_BILL = date(2026, 11, 1), date(2026, 10, 22)


def test_a_bill_that_was_paid_in_time_after_all_is_no_longer_past_due(make_bill, channel):
    """The whole 1,015,000 were paid on D; the answer comes after the next bill was issued."""
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 1_015_000, at=moment(day(0), time(8)), key="lost")
    for n in range(1, 5):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
    draw(bill.customer, drawn_on=day(-20), due_on=[NEXT_DUE])
    issue.issue(
        [bill.customer_id], by="system:billing", on=NEXT_BILL, at=moment(NEXT_BILL, time(0, 6))
    )
    later = Bill.objects.get(due_on=NEXT_DUE)
    assert (reread(bill).state, later.past_due_fen) == ("overdue", 1_033_534)

    results.record(
        [late_success(lost, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(24), time(12)),
    )

    assert (reread(bill).state, reread(later).past_due_fen) == ("paid", 0)
    assert (reread(later).total_fen, reread(later).state) == (later.total_fen, "billed")
    assert differences() == []
