"""When a suspended line reopens by itself after arrears (REPAY-19)."""

from datetime import time

import pytest

from loans.collection.operations import results
from loans.collection.queries import due
from loans.delinquency.operations import end_of_day
from loans.models import Bill
from risk.lines import operations as lines
from risk.models import CreditLine
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import pay, payoff_fen, reread
from tests.loans.repayment.operations.test_reprocess import late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")


def days_pass(first: int, last: int) -> None:
    for n in range(first, last + 1):
        end_of_day.close(
            due.to_close(on=day(n)),
            by="system:end-of-day",
            on=day(n),
            at=moment(day(n), time(0, 5)),
        )


def pay_off(bill: Bill, channel, *, on: int) -> None:
    pay(bill, channel, payoff_fen(bill, day(on)), at=moment(day(on)), key=str(on))
    assert reread(bill).state == "paid"


def line_state() -> str:
    return CreditLine.objects.get().state


@pytest.mark.parametrize(("paid_on", "state"), [(30, "active"), (31, "suspended")])
def test_up_to_thirty_days_past_due(make_bill, channel, paid_on, state):
    bill = make_bill(mode="off")
    days_pass(1, 4)
    assert line_state() == "suspended"

    pay_off(bill, channel, on=paid_on)

    assert line_state() == state


def test_a_short_arrears_does_not_make_a_long_one_good(make_bill, channel):
    long = make_bill(mode="off")
    short = make_bill(mode="off", customer=long.customer, due_on=day(31))
    days_pass(1, 40)
    pay_off(long, channel, on=40)

    pay_off(short, channel, on=41)

    assert (reread(short).overdue_on, line_state()) == (day(35), "suspended")


def test_a_long_arrears_of_an_earlier_time_is_forgiven(make_bill, channel):
    long = make_bill(mode="off")
    short = make_bill(mode="off", customer=long.customer, due_on=day(60))
    days_pass(1, 40)
    pay_off(long, channel, on=40)
    lines.resume([long.customer_id], by="manager", reason="looked at", at=moment(day(50)))
    days_pass(61, 65)
    assert line_state() == "suspended"

    pay_off(short, channel, on=70)

    assert line_state() == "active"


def test_while_another_bill_is_overdue_it_stays_suspended(make_bill, channel):
    paid = make_bill(mode="off")
    make_bill(mode="off", customer=paid.customer, due_on=day(1))
    days_pass(1, 5)

    pay_off(paid, channel, on=6)

    assert line_state() == "suspended"


def test_a_record_taken_back_does_not_make_a_long_arrears_good(make_bill, channel):
    long = make_bill(mode="off")
    short = make_bill(mode="off", customer=long.customer, due_on=day(31))
    lost = unheard_of(short, channel, short.total_fen, at=moment(day(31)), key="lost")
    days_pass(1, 40)
    pay_off(long, channel, on=40)

    results.record(
        [late_success(lost, succeeded_at=moment(day(31)))],
        by="system:debit-channel",
        at=moment(day(41)),
    )

    assert (reread(short).state, reread(short).overdue_on) == ("paid", None)
    assert line_state() == "suspended"
