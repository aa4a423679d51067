"""A refusal that is heard of when its bill is collected no more."""

import pytest

from loans.collection.operations import results
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, DebitOrder
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay, payoff_fen, reread

pytestmark = pytest.mark.usefixtures("committed_db")


def refuse(order, *, on):
    answer = Answer(order.number, Outcome.FAILED, "NOTENOUGH", 0, "", moment(on))
    return results.record([answer], by="system:debit-channel", at=moment(on))


def counters(bill):
    return Bill.objects.values_list("state", "refusals", "tries", "debit_on").get(pk=bill.pk)


def test_a_refusal_after_the_rest_was_carried_counts_for_nothing(make_bill, channel):
    bill = make_bill(principal_fen=900)
    channel.will_answer("acct-1", "NOTENOUGH", "NOTENOUGH", "ORDER_ACCEPTED")
    live(bill, channel, until=4)
    assert counters(bill) == ("carried", 2, 0, None)

    recorded = refuse(DebitOrder.objects.get(state="unknown"), on=day(5))

    assert recorded.failed == 1
    assert counters(bill) == ("carried", 2, 0, None)


def test_a_refusal_after_the_customer_paid_counts_for_nothing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "ORDER_ACCEPTED")
    live(bill, channel, until=1)
    pay(bill, channel, payoff_fen(bill, day(1)), at=moment(day(1)))
    before = counters(bill)
    assert before[0] == "paid"

    refuse(DebitOrder.objects.get(state="unknown"), on=day(2))

    assert counters(bill) == before
    assert reread(bill).refused_on is None
