"""An order that was written down and never left: its worker died before the channel heard of it."""

from datetime import time

import pytest

from backoffice.platform import jobs
from loans import business_day
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.delinquency.operations import end_of_day
from loans.models import Bill, DebitOrder, UnappliedFunds
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, live, pay, payoff_fen, reread

pytestmark = pytest.mark.usefixtures("committed_db")


def die_after_prepare(bill: Bill, *, on, amount_fen: int | None = None) -> DebitOrder:
    origin = "auto" if amount_fen is None else "customer"
    [made] = orders.prepare(
        [CollectionRequest(bill.pk, amount_fen, origin)], by="test", on=on, at=moment(on)
    )
    return made.order


def work(job: str, channel, *, on) -> None:
    at = moment(on, jobs.job_named(job, on=on).at)
    run = jobs.claim(jobs.job_named(job, on=on), on=on, by="test", at=at)
    for chunk in run.chunks.all():
        business_day.debit(chunk.ids, run_id=run.pk, on=on, at=at, channel=channel)


def ends(order: DebitOrder) -> tuple[str, str]:
    return DebitOrder.objects.values_list("state", "code").get(pk=order.pk)


def test_it_leaves_an_hour_later_under_its_number(make_bill, channel):
    order = die_after_prepare(make_bill(), on=day(0))

    work("10:00", channel, on=day(0))

    assert ends(order) == ("succeeded", "SUCCESS")
    assert [request.number for request in channel.submitted] == [order.number]


def test_it_never_leaves_for_a_bill_paid_by_hand(make_bill, channel):
    bill = make_bill()
    order = die_after_prepare(bill, on=day(0))
    pay(bill, channel, bill.total_fen, at=moment(day(0), time(9, 30)))
    sent = len(channel.submitted)

    work("10:00", channel, on=day(0))

    assert ends(order) == ("failed", "NEVER_SENT")
    assert len(channel.submitted) == sent
    assert UnappliedFunds.objects.count() == 0


def test_a_fresh_order_asks_what_a_payment_by_hand_has_left(make_bill, channel):
    bill = make_bill()
    order = die_after_prepare(bill, on=day(0))
    pay(bill, channel, 50_000, at=moment(day(0), time(9, 30)))

    work("10:00", channel, on=day(0))

    assert ends(order) == ("failed", "NEVER_SENT")
    fresh = DebitOrder.objects.get(number=f"{bill.pk}-1-1-2")
    assert (fresh.state, fresh.amount_fen) == ("succeeded", 965_000)
    assert reread(bill).refusals == 0


def test_it_does_not_leave_on_a_later_day(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=1)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(2), at=moment(day(2), time(0, 5)))
    order = die_after_prepare(bill, on=day(2))
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(3), at=moment(day(3), time(0, 5)))
    sent = len(channel.submitted)

    work("09:00", channel, on=day(3))

    assert ends(order) == ("failed", "NEVER_SENT")
    assert len(channel.submitted) == sent
    assert (reread(bill).refusals, reread(bill).tries) == (2, 1)


def test_its_number_is_not_given_up_while_it_may_be_on_its_way(make_bill, channel):
    bill = make_bill()
    order = die_after_prepare(bill, on=day(0))
    pay(bill, channel, 500_000, at=moment(day(0), time(9, 1)))
    sent = len(channel.submitted)

    prepared = orders.prepare(
        [CollectionRequest(bill.pk)], by="test", on=day(0), at=moment(day(0), time(9, 2))
    )
    at = moment(day(0), time(9, 2))
    results.record(orders.ask(prepared, channel=channel, at=at), by="system:debit-channel", at=at)

    assert ends(order) == ("unknown", "NO_ANSWER")
    assert len(channel.submitted) == sent


def test_a_request_of_yesterday_is_not_carried_out_today(make_bill, channel):
    bill = make_bill()
    order = die_after_prepare(bill, on=day(0), amount_fen=100_000)
    before = payoff_fen(bill, day(1))

    work("21:00", channel, on=day(1))

    assert ends(order) == ("failed", "NEVER_SENT")
    assert [request.amount_fen for request in channel.submitted] == [before]


def test_a_request_that_was_given_up_is_not_carried_out_when_it_comes_again(make_bill, channel):
    bill = make_bill(mode="off")
    order = die_after_prepare(bill, on=day(0), amount_fen=100_000)
    debit(bill, channel, on=day(0))
    work("09:00", channel, on=day(1))
    assert ends(order) == ("failed", "NEVER_SENT")

    again = orders.prepare(
        [CollectionRequest(bill.pk, 100_000, "customer")], by="test", on=day(1), at=moment(day(1))
    )
    answers = orders.ask(again, channel=channel, at=moment(day(1)))
    results.record(answers, by="system:debit-channel", at=moment(day(1)))

    assert ends(order) == ("failed", "NEVER_SENT")
    assert channel.submitted == []
