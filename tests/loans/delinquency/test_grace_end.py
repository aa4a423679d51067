"""The bounds at the end of grace: small balance (REPAY-16) and cure (REPAY-15)."""

from datetime import time

import pytest

from loans.delinquency.operations import end_of_day
from loans.models import Instalment
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay, payoff_fen, reread

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.mark.parametrize(
    ("principal_fen", "at_due_fen", "at_grace_end_fen", "state"),
    [(983, 998, 1_000, "carried"), (984, 999, 1_001, "overdue")],
)
def test_a_bill_never_paid_is_carried_up_to_ten_yuan_at_grace_end(
    make_bill, channel, principal_fen, at_due_fen, at_grace_end_fen, state
):
    bill = make_bill(principal_fen=principal_fen)
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)
    assert (bill.total_fen, payoff_fen(bill, day(4))) == (at_due_fen, at_grace_end_fen)

    end_of_day.close([bill.pk], by="system:end-of-day", on=day(4), at=moment(day(4), time(0, 5)))

    assert reread(bill).state == state


@pytest.mark.parametrize(("left_fen", "state"), [(1_000, "carried"), (1_001, "min_paid")])
def test_a_rest_counts_as_the_payment_left_it(make_bill, channel, left_fen, state):
    bill = make_bill(mode="off")
    live(bill, channel, until=1)
    pay(bill, channel, payoff_fen(bill, day(1)) - left_fen, at=moment(day(1), time(10)))

    live(bill, channel, first=2, until=4)

    assert reread(bill).state == state


@pytest.mark.parametrize(("paid_fen", "state"), [(102_007, "grace"), (102_008, "min_paid")])
def test_grace_is_cured_by_the_minimum_and_the_late_fee(make_bill, channel, paid_fen, state):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=1)
    assert (reread(bill).minimum_fen, reread(bill).late_fee_fen) == (101_500, 508)
    pay(bill, channel, paid_fen, at=moment(day(1), time(15)))

    end_of_day.close([bill.pk], by="system:end-of-day", on=day(2), at=moment(day(2), time(0, 5)))

    assert reread(bill).state == state


def test_the_bare_minimum_does_not_cure_grace(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=1)
    pay(bill, channel, 101_500, at=moment(day(1), time(15)))
    channel.will_answer("acct-1", "NOTENOUGH")

    live(bill, channel, first=2, until=4)

    assert reread(bill).state == "overdue"
    assert Instalment.objects.get().accrual == "penalty"
