"""The guard of the debit run: a plan out of all proportion waits for a person."""

import pytest

from backoffice.core.models import JobRun
from loans import business_day
from tests.loans.conftest import day, moment
from tests.loans.days import work
from tests.policies import put_in_force

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def usual():
    """Let the day before have planned two debits; small days are guarded too."""
    put_in_force("loan_operations", {"runaway_orders_min": 2}, on=day(-1))
    return earlier(day(-1), planned=2)


def earlier(on, *, planned, job="09:00", is_finished=True):
    return JobRun.objects.create(
        business_date=on, job=job, planned=planned, started_by="test", started_at=moment(on),
        heartbeat_at=moment(on), finished_at=moment(on) if is_finished else None,
    )  # fmt: skip


def held(make_bill, bills):
    for _number in range(bills):
        make_bill()
    return business_day.plan_debits(on=day(0), at=moment(day(0))).held_because


@pytest.mark.parametrize(("bills", "is_held"), [(2, False), (3, False), (4, True)])
def test_more_than_one_and_a_half_times_the_usual_plan_is_held(make_bill, usual, bills, is_held):
    why = held(make_bill, bills)

    assert (why is not None) == is_held
    assert why is None or dict(why.facts) == {"planned": bills, "usual": 2}


def test_a_held_run_sends_nothing_until_a_person_releases_it(
    make_bill, usual, channel, monkeypatch
):
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)
    for _number in range(4):
        make_bill()

    run = work("09:00", day(0))

    assert (run.planned, run.finished_at, channel.submitted) == (4, None, [])
    JobRun.objects.filter(pk=run.pk).update(released_by="ann")
    assert work("09:00", day(0)).done == len(channel.submitted) == 4


def test_a_small_day_is_never_held(make_bill, usual):
    put_in_force("loan_operations", {"runaway_orders_min": 5}, on=day(0))

    assert held(make_bill, 4) is None


def test_the_largest_of_the_last_month_is_the_usual_plan(make_bill, usual):
    earlier(day(-31), planned=3)

    assert held(make_bill, 4) is None


@pytest.mark.parametrize(
    "other",
    [
        {"on": day(-32)},
        {"on": day(-2), "is_finished": False},
        {"on": day(-2), "job": "10:00"},
    ],
    ids=["too long ago", "not finished", "a retry"],
)
def test_what_is_no_first_run_of_the_last_month_does_not_count(make_bill, usual, other):
    earlier(planned=100, **other)

    assert held(make_bill, 4) is not None


def test_without_an_earlier_run_nothing_is_out_of_proportion(make_bill):
    put_in_force("loan_operations", {"runaway_orders_min": 2}, on=day(-1))

    assert held(make_bill, 4) is None
