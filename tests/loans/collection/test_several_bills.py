"""Several bills of one customer on one day: one after another, oldest first (REPAY-10)."""

import pytest

from backoffice.core.models import JobRun
from backoffice.platform import jobs
from loans.collection.operations import orders
from loans.collection.operations.orders import CollectionRequest
from loans.models import Bill, DebitOrder
from tests.loans.conftest import day, moment
from tests.loans.days import work

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def nine(channel, monkeypatch):
    """Return what runs the debits of D; later hours by their name."""
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)
    return lambda job="09:00", on=None: work(job, on or day(0))


@pytest.fixture
def bills(make_bill):
    """Return three bills of one customer, made youngest first; all are up on D."""
    youngest = make_bill(due_on=day(0))
    middle = make_bill(due_on=day(-1), customer=youngest.customer)
    oldest = make_bill(due_on=day(-2), customer=youngest.customer)
    return oldest, middle, youngest


def asked(bills):
    """Return (place of the bill by age, state, run) of each order as it was made."""
    places = {bill.pk: place for place, bill in enumerate(bills, 1)}
    rows = DebitOrder.objects.order_by("pk").values_list("bill_id", "state", "run__job")
    return [(places[bill_id], state, job) for bill_id, state, job in rows]


def refusals(bills):
    return [Bill.objects.get(pk=bill.pk).refusals for bill in bills]


@pytest.mark.parametrize("code", ["NOTENOUGH", "BANKERROR"])
def test_after_a_failure_the_next_is_asked_in_the_same_run(bills, channel, nine, code):
    channel.will_answer("acct-1", code)

    run = nine()

    assert asked(bills) == [(place, "failed", "09:00") for place in (1, 2, 3)]
    assert refusals(bills) == ([1, 1, 1] if code == "NOTENOUGH" else [0, 0, 0])
    assert (run.planned, run.failed, run.done) == (3, 3, 0)


def test_after_a_success_the_others_are_neither_sent_nor_counted(bills, channel, nine):
    nine()
    nine("10:00")

    assert asked(bills) == [(1, "succeeded", "09:00")]
    assert refusals(bills) == [0, 0, 0]
    assert [Bill.objects.get(pk=bill.pk).state for bill in bills] == ["paid", "billed", "billed"]


def test_they_are_up_again_the_next_day(bills, nine):
    nine()

    nine(on=day(1))

    assert asked(bills) == [(1, "succeeded", "09:00"), (2, "succeeded", "09:00")]


def test_a_success_of_the_second_spares_the_third(bills, channel, nine):
    channel.will_answer("acct-1", "NOTENOUGH", "SUCCESS")

    nine()

    assert asked(bills) == [(1, "failed", "09:00"), (2, "succeeded", "09:00")]


def test_while_an_answer_is_unknown_the_others_wait(bills, channel, nine):
    channel.will_answer("acct-1", "ORDER_ACCEPTED")

    nine()
    nine("10:00")

    assert asked(bills) == [(1, "unknown", "09:00")]
    assert len(channel.submitted) == 1


def test_an_hour_later_the_older_is_asked_first_again(bills, channel, nine):
    channel.will_answer("acct-1", "BANKERROR", "BANKERROR", "BANKERROR", "SUCCESS")

    nine()
    nine("10:00")

    assert asked(bills)[3:] == [(1, "succeeded", "10:00")]


def test_a_refused_older_bill_does_not_hold_the_younger_one_of_another_day(
    make_bill, nine, channel
):
    """The older is refused at 9:00 of D, so at 10:00 only the younger may be asked."""
    older = make_bill(due_on=day(-1))
    younger = make_bill(due_on=day(0), customer=older.customer)
    channel.will_answer("acct-1", "NOTENOUGH", "SYSTEMERROR", "SUCCESS")

    nine()
    nine("10:00")

    assert asked((older, younger)) == [
        (1, "failed", "09:00"), (2, "failed", "09:00"), (2, "succeeded", "10:00"),
    ]  # fmt: skip


def test_a_run_that_is_repeated_goes_on_where_it_died(bills, channel, nine):
    """The worker died after the oldest was refused: the run asks the next ones, not that again."""
    channel.will_answer("acct-1", "NOTENOUGH", "SUCCESS")
    run = jobs.claim(jobs.job_named("09:00", on=day(0)), on=day(0), by="test", at=moment(day(0)))
    [oldest, *_] = bills
    orders.prepare(
        [CollectionRequest(oldest.pk)], by="test", on=day(0), at=moment(day(0)), run_id=run.pk
    )

    nine()

    # The order that died unsent is sent first under its number, and refused.
    assert asked(bills) == [(1, "failed", "09:00"), (2, "succeeded", "09:00")]


def test_other_customers_are_asked_in_the_same_turn(bills, make_bill, channel, nine):
    channel.will_answer("acct-1", "NOTENOUGH")
    other = make_bill()

    nine()

    turns = [request.number.split("-")[0] for request in channel.submitted]
    oldest, middle, youngest = (str(bill.pk) for bill in bills)
    assert turns == [oldest, str(other.pk), middle, youngest]


def test_one_batch_asks_a_customer_for_one_bill(bills):
    made = orders.prepare(
        [CollectionRequest(bill.pk) for bill in bills], by="test", on=day(0), at=moment(day(0))
    )

    assert [one.order.bill_id for one in made] == [bills[0].pk]


def test_a_customer_s_bills_stay_in_one_chunk(bills, make_bill, monkeypatch, nine):
    make_bill(), make_bill()
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 2)

    run = nine()

    chunks = JobRun.objects.get(pk=run.pk).chunks.order_by("number")
    assert [len(chunk.ids) for chunk in chunks] == [3, 2]
    assert list(chunks[0].ids) == [bill.pk for bill in bills]
