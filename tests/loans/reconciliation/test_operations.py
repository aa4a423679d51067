"""Reconciliation of the whole: one moment of the portfolio, the bank never asked inside."""

from collections.abc import Callable
from datetime import date, time
from threading import Thread

import pytest
from django.db import connection

from loans.collection.operations import results
from loans.gateways.channel import Answer, ChannelError, ChannelFault, Outcome
from loans.models import Bill, DebitOrder, Repayment
from loans.reconciliation import operations as reconciling
from loans.reconciliation import queries as reconciliation
from tests.loans.conftest import FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.repayment.operations.test_reprocess import late_success

pytestmark = pytest.mark.usefixtures("committed_db")


def reconcile(channel, *days: date) -> list[reconciliation.Difference]:
    return reconciling.reconcile(days=days, on=day(1), channel=channel)


class Meanwhile:
    """Does something once, in another transaction, when the second balance is about to be read."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work, self.is_done = work, False

    def __call__(self, execute, sql, params, many, context):
        if not self.is_done and sql.startswith("SELECT COALESCE") and "loan_principal" in params:
            self.is_done = True
            thread = Thread(target=self.elsewhere)
            thread.start()
            thread.join()
        return execute(sql, params, many, context)

    def elsewhere(self) -> None:
        try:
            self.work()
        finally:
            connection.close()


def test_an_answer_that_comes_meanwhile_is_no_difference(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "TIMEOUT")
    live(bill, channel, until=0)
    answer = late_success(DebitOrder.objects.get(), succeeded_at=moment(day(0)))
    meanwhile = Meanwhile(
        lambda: results.record([answer], by="system:debit-channel", at=moment(day(0)))
    )

    with connection.execute_wrapper(meanwhile):
        assert reconcile(channel) == []

    assert DebitOrder.objects.get().state == "succeeded"


class WatchedChannel(FakeChannel):
    """Notes whether it was asked inside a transaction."""

    def statement(self, on):
        self.asked_inside = connection.in_atomic_block
        return super().statement(on)


def test_the_bank_is_not_asked_inside_a_transaction(make_bill):
    channel = WatchedChannel()
    live(make_bill(), channel, until=0)

    assert reconcile(channel, day(0)) == []
    assert channel.asked_inside is False


class DeafChannel(FakeChannel):
    def statement(self, on):
        raise ChannelError(ChannelFault.TIMEOUT, "no reply")


def test_a_bank_that_cannot_be_read_is_a_difference():
    [difference] = reconcile(DeafChannel(), day(0))

    assert difference.check == "bank statement"


def test_money_at_the_bank_that_we_do_not_know_of_is_a_difference(make_bill, channel):
    channel.will_answer("acct-1", "LOST")
    live(make_bill(), channel, until=0)
    [order] = DebitOrder.objects.all()

    assert reconcile(channel, day(0)) == [
        ("bank = orders", f"order {order.number}", 1_015_000, 0),
    ]


def nightly(channel, n: int):
    """The 02:00 run of D+n."""
    at = moment(day(n), time(2))
    return reconciling.nightly([], run_id=0, on=day(n), at=at, channel=channel)


def take_after_all(channel, order: DebitOrder) -> None:
    """Let the bank's statement say that it took the money of an order it had refused."""
    at = moment(order.business_date)
    channel.taken[order.number] = Answer(
        order.number, Outcome.SUCCEEDED, "SUCCESS", order.amount_fen, "ref-1", at
    )


def test_the_statement_turns_a_refusal_into_the_success_it_was(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)
    [order] = DebitOrder.objects.all()
    take_after_all(channel, order)

    tally = nightly(channel, 1)

    assert DebitOrder.objects.get().state == "succeeded"
    assert (Bill.objects.get().state, Bill.objects.get().paid_on) == ("paid", day(0))
    assert (tally.done, tally.failed) == (1, 0)


def test_a_statement_taken_twice_changes_nothing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)
    take_after_all(channel, DebitOrder.objects.get())

    assert (
        reconciling.take_statement(
            day(0), by="system:reconciliation", at=moment(day(1)), channel=channel
        )
        == 1
    )
    assert (
        reconciling.take_statement(
            day(0), by="system:reconciliation", at=moment(day(1)), channel=channel
        )
        == 0
    )
    assert Repayment.objects.count() == 1


def test_a_statement_that_cannot_be_read_is_counted_and_changes_nothing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)

    tally = nightly(DeafChannel(), 1)

    assert (tally.done, tally.failed) == (0, 1)
    assert DebitOrder.objects.get().state == "failed"
