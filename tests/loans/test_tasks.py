"""The table of jobs: the debits run at the hours that the policy of the day sets (REPAY-11)."""

import pytest
from django.test import Client

from accounts.models import Staff
from backoffice.core.models import JobChunk, JobRun
from backoffice.platform import job_control, jobs
from backoffice.platform.job_control import AlreadyPausedError
from loans.business_day import FIRST_DEBITS
from loans.collection.queries import debit_day, due
from loans.models import Bill
from loans.tasks import debit_jobs
from tests.loans.conftest import day, moment
from tests.loans.days import live, set_clock, work
from tests.policies import put_in_force

pytestmark = pytest.mark.usefixtures("committed_db")

EARLIER = {"debit_at": "08:30", "debit_retry_until": "10:30"}


def names(on):
    return [job.name for job in debit_jobs(on)]


def test_the_debits_of_a_day_run_at_nine_and_hourly_until_nine_in_the_evening():
    assert names(day(0)) == ["09:00", *(f"{hour}:00" for hour in range(10, 22))]


def test_a_policy_sets_the_hours_from_its_day_on():
    put_in_force("loan_operations", EARLIER, on=day(1))

    assert names(day(0))[0] == "09:00"
    assert names(day(1)) == ["08:30", "09:30", "10:30"]
    assert [job.name for job in jobs.in_order(on=day(1))][-4:] == [*names(day(1)), "11:00"]


def test_a_bill_is_debited_at_the_hour_of_the_policy(make_bill, channel, monkeypatch):
    bill = make_bill()
    put_in_force("loan_operations", EARLIER, on=day(0))
    monkeypatch.setattr("loans.tasks.debit_channel", lambda: channel)

    work("08:30", day(0))

    assert Bill.objects.get(pk=bill.pk).state == "paid"


def test_a_day_with_other_hours_is_finished_by_its_own_last_job():
    put_in_force("loan_operations", EARLIER, on=day(1))
    finish(day(0), until="21:30")
    finish(day(1), until="11:00")

    missing = jobs.due(now=moment(day(2)))

    assert {on for on, _job in missing} == {day(2)}
    assert missing[-1][1].name == "08:30"


def finish(on, *, until):
    for job in jobs.in_order(on=on):
        if job.name <= until:
            JobRun.objects.create(
                business_date=on, job=job.name, started_by="test", started_at=moment(on),
                heartbeat_at=moment(on), finished_at=moment(on),
            )  # fmt: skip


def test_a_pause_holds_the_debits_at_their_new_hour():
    person = Staff.objects.create_user("manager")
    put_in_force("loan_operations", EARLIER, on=day(1))
    job_control.pause("09:00", by=person, reason="bank is down", at=moment(day(0)))

    assert jobs.is_paused(FIRST_DEBITS)
    with pytest.raises(AlreadyPausedError):
        job_control.pause("08:30", by=person, reason="again", at=moment(day(1)))


def test_a_run_is_compared_with_first_debits_of_any_hour():
    put_in_force("loan_operations", EARLIER, on=day(1))
    for on, job, planned in ((day(0), "09:00", 70), (day(0), "10:00", 90), (day(1), "08:30", 50),
                             (day(1), "09:00", 99)):  # fmt: skip
        JobRun.objects.create(
            business_date=on, job=job, planned=planned, started_by="test",
            started_at=moment(on), heartbeat_at=moment(on), finished_at=moment(on),
        )  # fmt: skip

    assert due.comparable_orders(on=day(2)) == 70
    assert due.comparable_orders(on=day(1)) == 70
    assert [run.job for run in debit_day.runs_before(day(2))] == ["08:30", "09:00"]
    assert debit_day.days_with_runs() == [day(1), day(0)]


def test_the_page_shows_the_debits_at_their_hour(make_bill, channel, monkeypatch):
    make_bill()
    client = Client()
    client.force_login(Staff.objects.create_superuser("boss"))
    put_in_force("loan_operations", EARLIER, on=day(0))
    live(channel, monkeypatch, day(0), until="08:30", only=("08:30",))
    set_clock(day(0), "08:30")

    page = client.get(
        "/admin/loans/debitorder/run/", headers={"accept-language": "en"}
    ).content.decode()

    assert "Today&#x27;s 08:30 run" in page
    assert JobRun.objects.get(job="08:30").planned == 1


def test_a_start_by_hand_leaves_the_name_of_who_pressed(make_bill):
    make_bill()
    person = Staff.objects.create_user("finance")

    [chunk_id] = job_control.start(by=person, at=moment(day(0)))

    chunk = JobChunk.objects.select_related("run").get(pk=chunk_id)
    assert (chunk.sent_by, chunk.run.started_by) == ("finance", "finance")


def test_the_name_of_a_press_stands_beside_that_of_the_tick(make_bill):
    make_bill()
    [chunk_id] = jobs.next_chunks(by="system:tick", now=moment(day(0)))

    job_control.start(by=Staff.objects.create_user("finance"), at=moment(day(0)))

    chunk = JobChunk.objects.select_related("run").get(pk=chunk_id)
    assert (chunk.sent_by, chunk.run.started_by) == ("finance", "system:tick")
