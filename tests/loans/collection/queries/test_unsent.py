"""Which orders that never reached the channel may still leave."""

from datetime import time, timedelta

import pytest

from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import unsent
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, Repayment
from tests.loans.conftest import DUE_ON, FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import live, pay

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0))


@pytest.fixture
def bill(make_bill):
    return make_bill()


def prepare(bill, amount_fen=None, *, on=DUE_ON, at=AT):
    origin = "customer" if amount_fen else "auto"
    request = CollectionRequest(bill.pk, amount_fen, origin, "mine" if amount_fen else "")
    [made] = orders.prepare([request], by="test", on=on, at=at)
    return made.order


def wanted(*found, on=DUE_ON):
    return unsent.still_wanted((order.pk for order in found), on=on)


def test_an_order_whose_money_is_owed_may_leave_on_its_day_alone(bill, make_bill):
    order, other = prepare(bill), prepare(make_bill(), 700)

    assert wanted(order, other) == {order.pk, other.pk}
    assert wanted(order, other, on=day(1)) == set()
    assert wanted(order, other, on=day(-1)) == set()
    assert wanted(order) == {order.pk}
    assert wanted() == set()


@pytest.mark.parametrize(
    ("outcome", "is_wanted"),
    [(Outcome.SUCCEEDED, False), (Outcome.FAILED, False), (Outcome.UNKNOWN, True)],
)
def test_only_an_open_order_may_leave(bill, outcome, is_wanted):
    order = prepare(bill)
    taken_fen = 100 if outcome == Outcome.SUCCEEDED else 0
    answer = Answer(order.number, outcome, "BANKERROR", taken_fen, "ref", AT)

    results.record([answer], by="system:debit-channel", at=AT)

    assert (wanted(order) == {order.pk}) == is_wanted


@pytest.mark.parametrize(("seconds", "is_wanted"), [(-1, True), (0, False), (1, False)])
def test_money_recorded_since_it_was_asked_makes_the_amount_stale(bill, seconds, is_wanted):
    pay(bill, FakeChannel(), 100, at=AT + timedelta(seconds=seconds))

    order = prepare(bill)

    assert Repayment.objects.count() == 1
    assert (wanted(order) == {order.pk}) == is_wanted


def test_money_of_another_bill_makes_nothing_stale(bill, make_bill):
    order = prepare(bill)

    pay(make_bill(), FakeChannel(), 100, at=moment(day(0), time(10)))

    assert wanted(order) == {order.pk}


@pytest.mark.parametrize("state", ["grace", "overdue"])
def test_an_order_of_a_late_bill_may_leave(bill, channel, state):
    channel.will_answer("acct-1", "NOTENOUGH")
    last = {"grace": 1, "overdue": 5}[state]
    live(bill, channel, until=last)
    on = day(last + 1)

    order = prepare(bill, on=on, at=moment(on))

    assert Bill.objects.get(pk=bill.pk).state == state
    assert wanted(order, on=on) == {order.pk}


def test_of_a_met_minimum_only_what_the_customer_offers_may_leave(bill):
    pay(bill, FakeChannel(), 101_500, at=AT)
    at = moment(day(1), time(0, 1))
    order, offered = prepare(bill, on=day(1), at=at), prepare(bill, 700, on=day(1), at=at)
    assert wanted(order, offered, on=day(1)) == {order.pk, offered.pk}

    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))

    assert Bill.objects.get(pk=bill.pk).state == "min_paid"
    assert wanted(order, offered, on=day(1)) == {offered.pk}
