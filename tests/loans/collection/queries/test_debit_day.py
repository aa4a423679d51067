"""The direct debits of one business date in numbers."""

from dataclasses import replace
from datetime import time

import pytest

from backoffice.core.models import JobChunk, JobRun
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import debit_day as queries
from loans.collection.queries.debit_day import EXPORT, DebitDay, Ends, Sums
from loans.models import DebitOrder
from tests.loans.conftest import day, moment
from tests.loans.days import live
from tests.loans.delinquency.test_overdue_life import pay

pytestmark = pytest.mark.usefixtures("committed_db")

WHOLE_FEN = 1_015_000
SECOND_FEN = 1_016_008  # a day later, with a night and the late fee


def run_of(n, *, job="09:00", is_finished=True, **more):
    at = moment(day(n))
    return JobRun.objects.create(
        business_date=day(n), job=job, started_at=at, heartbeat_at=at,
        finished_at=at if is_finished else None, **more,
    )  # fmt: skip


@pytest.fixture
def bills(make_bill, channel, monkeypatch):
    """Four bills after 9:00 of their due date: paid, refused, refused for us, no answer."""
    made = [make_bill() for _ in range(4)]
    for n, code in enumerate(("SUCCESS", "NOTENOUGH", "BANKERROR", "TIMEOUT"), 1):
        channel.will_answer(f"acct-{n}", code)
    live(channel, monkeypatch, day(0), until="09:00")
    return made


def test_the_orders_of_a_run_are_summed_by_how_they_ended(bills):
    found = queries.debit_day(on=day(0), job="09:00")

    one = Sums(1, WHOLE_FEN)
    assert found.run == JobRun.objects.get(job="09:00")
    assert found.whole == Ends(
        sent=Sums(4, 4 * WHOLE_FEN), paid=one, refused=Sums(2, 2 * WHOLE_FEN), unknown=one,
        by_code={"NOTENOUGH": one, "BANKERROR": one},
    )  # fmt: skip
    assert found.attempts == {1: found.whole, 2: Ends(), 3: Ends()}
    assert (found.worked, found.progress_percent) == (4, 100)


def test_attempts_of_a_later_day_are_counted_apart(bills, channel, monkeypatch):
    channel.will_answer("acct-2", "SUCCESS")
    channel.will_answer("acct-3", "NOTENOUGH")

    live(channel, monkeypatch, day(1), until="09:00")

    found = queries.debit_day(on=day(1), job="09:00")
    assert found.attempts[2].paid == Sums(1, SECOND_FEN)
    assert (found.attempts[1].sent.orders, found.attempts[2].sent.orders) == (2, 1)
    assert found.whole.sent.orders == 3
    assert queries.debit_day(on=day(0), job="09:00").whole.sent.orders == 4


def test_what_was_taken_counts_as_paid_and_not_what_was_asked(bills):
    DebitOrder.objects.filter(state="succeeded").update(taken_fen=700)

    found = queries.debit_day(on=day(0), job="09:00")

    assert (found.whole.paid, found.whole.sent) == (Sums(1, 700), Sums(4, 4 * WHOLE_FEN))


def test_a_day_without_a_run_has_no_numbers(bills):
    empty = DebitDay("09:00", None, Ends(), {1: Ends(), 2: Ends(), 3: Ends()}, 0)

    assert queries.debit_day(on=day(1), job="09:00") == empty
    assert queries.debit_day(on=day(0), job="10:00") == replace(empty, job="10:00")
    assert empty.progress_percent == 0


def test_payments_by_hand_are_no_orders_of_the_run(bills, channel):
    pay(bills[1], channel, 700, at=moment(day(0), time(10)))

    assert queries.debit_day(on=day(0), job="09:00").whole.sent.orders == 4


def test_orders_of_another_run_of_the_day_are_left_out(make_bill):
    first, second = run_of(0, planned=1), run_of(0, job="10:00", planned=1)
    for run in (first, second):
        asks = [CollectionRequest(make_bill().pk)]
        orders.prepare(asks, by="test", on=day(0), at=moment(day(0)), run_id=run.pk)

    found = queries.debit_day(on=day(0), job="10:00")

    assert found.whole == Ends(sent=Sums(1, WHOLE_FEN), unknown=Sums(1, WHOLE_FEN))


@pytest.mark.parametrize(
    ("done", "planned", "percent"), [(0, 3, 0), (1, 3, 33), (2, 3, 66), (3, 3, 99), (0, 0, 0)]
)
def test_progress_is_the_share_of_the_plan_that_is_through(done, planned, percent):
    run = run_of(0, is_finished=False, planned=planned)
    at = moment(day(0))
    JobChunk.objects.create(run=run, number=1, ids=list(range(done)), done_at=at)
    JobChunk.objects.create(run=run, number=2, ids=[7, 8, 9])

    found = queries.debit_day(on=day(0), job="09:00")

    assert (found.worked, found.progress_percent) == (done, percent)


def test_answered_orders_are_progress_before_their_part_is_done(make_bill, channel):
    run = run_of(0, is_finished=False, planned=4)
    asks = [CollectionRequest(make_bill().pk) for _ in range(2)]
    made = orders.prepare(asks, by="test", on=day(0), at=moment(day(0)), run_id=run.pk)

    results.record(
        orders.ask(made[:1], channel=channel, at=moment(day(0))),
        by="system:debit-channel",
        at=moment(day(0)),
    )

    found = queries.debit_day(on=day(0), job="09:00")
    assert (found.worked, found.progress_percent) == (1, 25)


def test_sums_are_shown_in_yuan_and_added():
    both = Sums(1, 100).plus(Sums(2, 123_456))

    assert both == Sums(3, 123_556)
    assert both.yuan == "1,235.56"


def test_the_runs_of_a_day_are_found_by_job():
    nine, ten, _other = run_of(0), run_of(0, job="10:00"), run_of(1)

    assert queries.runs_of(on=day(0)) == {"09:00": nine, "10:00": ten}


def test_the_latest_days_come_first_and_no_more_than_asked():
    for n in range(9):
        run_of(n, is_finished=False)
    run_of(20, job="10:00")

    assert queries.days_with_runs() == [day(n) for n in range(8, 1, -1)]
    assert queries.days_with_runs(count=1) == [day(8)]


def test_only_finished_runs_before_the_day_are_compared_with_it():
    first, second = run_of(0), run_of(1)
    run_of(2, is_finished=False)
    run_of(1, job="10:00")
    run_of(3)

    assert queries.runs_before(day(3)) == [second, first]
    assert queries.runs_before(day(3), count=1) == [second]


def test_the_export_takes_every_order_of_its_day(bills, channel, monkeypatch):
    live(channel, monkeypatch, day(1), until="09:00")

    found = list(EXPORT.rows({"business_date": day(1).isoformat()}))

    assert [order.business_date for order in found] == [day(1)] * len(found)
    assert [order.pk for order in found] == sorted(order.pk for order in found)
    assert len(found) == 3


def test_what_is_no_day_is_not_exported():
    with pytest.raises(ValueError, match="Invalid isoformat"):
        EXPORT.rows({"business_date": "yesterday"})
