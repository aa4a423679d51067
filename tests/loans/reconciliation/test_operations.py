"""Reconciliation of the whole: one moment of the portfolio, the bank never asked inside."""

from collections.abc import Callable
from datetime import date, time
from threading import Thread

import pytest
from django.db import connection
from django.db.models import F

from backoffice.core import clock
from backoffice.core.models import JobRun
from backoffice.platform import jobs
from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, ChannelError, ChannelFault, Outcome
from loans.models import Bill, DebitOrder, LedgerCheckpoint, Loan, Repayment, Transfer
from loans.reconciliation import operations as reconciling
from loans.reconciliation import queries as reconciliation
from loans.tasks import JOBS
from tests import raw
from tests.loans import days
from tests.loans.conftest import FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import live
from tests.loans.repayment.operations.test_reprocess import late_success

pytestmark = pytest.mark.usefixtures("committed_db")


def reconcile(channel, *of: date) -> list[reconciliation.Difference]:
    return reconciling.reconcile(days=of, on=day(1), channel=channel)


class Meanwhile:
    """Does something once, in another transaction, between loans and lines."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work, self.is_done = work, False

    def __call__(self, execute, sql, params, many, context):
        if not self.is_done and "drawn on the line" in sql:
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


def test_each_night_adds_up_what_came_and_compares_a_thirtieth_of_the_totals(make_bill, channel):
    live(make_bill(), channel, until=0)
    end_of_day.accrue_night(on=day(1), at=moment(day(1), time(0, 30)))
    assert nightly(channel, 1) == (1, 0, 0)
    last = Transfer.objects.latest("pk").pk
    assert LedgerCheckpoint.objects.get().through == last

    # The sums of the accounts stay: only the transfers tell that the day is wrong.
    raw.execute("UPDATE loans_ledgertotal SET booked_on = booked_on - 1 WHERE kind = 'repayment'")
    end_of_day.accrue_night(on=day(2), at=moment(day(2), time(0, 30)))

    assert nightly(channel, 2) == (1, 0, 0)
    assert list(reconciliation.totals(on=day(2))) == []
    assert nightly(channel, 1).failed == len(list(reconciliation.totals(on=day(1)))) > 0


def check(ids, n: int):
    """A chunk of the 02:30 run of D+n."""
    at = moment(day(n), time(2, 30))
    return reconciling.check_loans(ids, run_id=0, on=day(n), at=at)


def test_every_loan_is_planned_with_its_customer(make_bill):
    first, other = make_bill(), make_bill()
    make_bill(customer=first.customer, due_on=day(30))

    plan = reconciling.plan_loans(on=day(0), at=moment(day(0)))

    loans = dict(Loan.objects.values_list("pk", "customer_id"))
    assert [loans[loan_id] for loan_id in plan.ids] == plan.owners
    assert plan.owners == [first.customer_id, first.customer_id, other.customer_id]


def test_a_chunk_counts_its_loans_and_what_differs_of_them(make_bill, channel):
    good, bad = make_bill(), make_bill()
    Bill.objects.filter(pk=bad.pk).update(paid_fen=1)
    [sound], [faulty] = (list(bill.instalments.values_list("loan", flat=True))
                         for bill in (good, bad))  # fmt: skip

    assert check([sound], 0) == (1, 0, 0)
    assert check([faulty], 0) == (1, 1, 0)
    assert check([sound, faulty], 0) == (2, 1, 0)


def test_the_job_of_the_bank_sees_an_account_that_its_records_do_not_explain(make_bill, channel):
    live(make_bill(), channel, until=0)
    end_of_day.accrue_night(on=day(1), at=moment(day(1), time(0, 30)))
    assert nightly(channel, 1) == (1, 0, 0)

    Loan.objects.update(principal_fen=F("principal_fen") + 5)

    assert nightly(channel, 1) == (0, 1, 0)


def test_no_check_stands_before_the_earliest_debits():
    checks = [job for job in JOBS if job.limit]

    assert [job.name for job in checks] == ["02:00", "02:30"]
    for job in checks:
        assert clock.moment_of(day(0), job.at) + job.limit <= moment(day(0), time(7)), job.name


def test_the_debits_begin_while_a_reconciliation_is_unfinished(make_bill, channel, monkeypatch):
    bill = make_bill()
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 1)
    make_bill()
    before = ("00:05", "00:06", "00:15", "00:20", "00:30", "02:00")
    days.live(channel, monkeypatch, day(0), until="02:00", only=before)
    started = jobs.next_chunks(by="test", now=moment(day(0), time(2, 30)))
    assert [JobRun.objects.get(chunks=one).job for one in started] == ["02:30", "02:30"]
    jobs.run_chunk(started[0], at=moment(day(0), time(2, 30)))
    days.live(channel, monkeypatch, day(0), until="03:30", only=("03:00", "03:30"))

    for chunk in jobs.next_chunks(by="test", now=moment(day(0))):
        jobs.run_chunk(chunk, at=moment(day(0)))

    assert Bill.objects.get(pk=bill.pk).state == "paid"
    assert JobRun.objects.get(job="09:00").finished_at
    assert JobRun.objects.get(job="02:30").finished_at is None
