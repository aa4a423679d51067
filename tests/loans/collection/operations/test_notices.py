"""Notices of debits: once per window, for those who are debited, and the most that is taken."""

from datetime import time, timedelta

import pytest

from backoffice.core import clock
from loans import business_day
from loans.collection.operations import notices, orders
from loans.collection.operations.orders import CollectionRequest
from loans.models import DebitNotice, Mandate
from tests.loans.conftest import DUE_ON, day, moment
from tests.loans.days import live
from tests.loans.delinquency.test_overdue_life import pay

pytestmark = pytest.mark.usefixtures("committed_db")

NIGHT = ("00:05", "00:15", "09:00", "21:30")


def notify(bill, *, on, until=None):
    return notices.notify(
        [bill.pk], until=until or on + timedelta(days=2), by="test", on=on,
        at=moment(on, time(0, 15)),
    )  # fmt: skip


def shown():
    rows = DebitNotice.objects.order_by("pk")
    return [(row.notified_on, row.first_on, row.last_on, row.maximum_fen) for row in rows]


def test_a_bill_is_notified_two_days_ahead_of_its_payoff_on_the_last_day(make_bill):
    bill = make_bill()

    assert notify(bill, on=day(-2)) == 1

    assert shown() == [(day(-2), DUE_ON, day(2), 1_016_508)]
    notice = DebitNotice.objects.get()
    assert (notice.bill_id, notice.customer_id, notice.cycle) == (bill.pk, bill.customer_id, 1)


def test_a_window_is_notified_of_once(make_bill):
    bill = make_bill()
    notify(bill, on=day(-2))

    assert notify(bill, on=day(-2)) == notify(bill, on=day(-1)) == 0
    assert len(shown()) == 1


def test_nobody_is_notified_before_the_window_is_near(make_bill):
    assert notify(make_bill(), on=day(-3)) == 0
    assert shown() == []


def test_what_is_paid_or_left_small_is_not_notified_of(make_bill, channel):
    paid, small = make_bill(), make_bill()
    pay(paid, channel, 1_015_000, at=moment(day(0)))
    pay(small, channel, 1_014_500, at=moment(day(0)))

    assert notify(paid, on=day(0)) == notify(small, on=day(0)) == 0
    assert shown() == []


def test_the_jobs_notify_of_each_window_of_a_bill_that_is_never_paid(
    make_bill, channel, monkeypatch
):
    """Refused on D and D+2, technical on D+1: a second window, then recovery from D+6."""
    bill = make_bill()
    account = Mandate.objects.get(customer=bill.customer).card.account
    channel.will_answer(account, "NOTENOUGH", "BANKERROR", "NOTENOUGH")

    live(channel, monkeypatch, *(day(n) for n in range(-2, 6)), until="21:30", only=NIGHT)

    assert shown() == [
        (day(-2), day(0), day(2), 1_016_508),
        (day(2), day(4), day(6), 1_018_508),
        (day(5), day(7), day(9), 1_015_000 + 5 * 500 + 508 + 4_006),
    ]


@pytest.mark.parametrize(("mode", "with_mandate"), [("off", True), ("full", False)])
def test_who_is_not_debited_is_not_in_the_plan(make_bill, mode, with_mandate):
    make_bill(mode=mode, with_mandate=with_mandate)

    at = clock.moment_of(day(-2), time(0, 15))
    assert list(business_day.plan_notices(on=day(-2), at=at).ids) == []


def test_a_debit_asks_no_more_than_was_notified(make_bill):
    bill = make_bill()
    notify(bill, on=day(-2))
    other = make_bill()
    DebitNotice.objects.create(
        bill=other, customer=other.customer, cycle=1, first_on=day(0), last_on=day(2),
        maximum_fen=1_000_000, notified_on=day(-2), notified_by="test", notified_at=moment(day(-2)),
    )  # fmt: skip

    made = orders.prepare(
        [CollectionRequest(bill.pk), CollectionRequest(other.pk)],
        by="test", on=day(0), at=moment(day(0)),
    )  # fmt: skip

    assert [one.order.amount_fen for one in made] == [1_015_000, 1_000_000]
