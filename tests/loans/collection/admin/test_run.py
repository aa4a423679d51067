"""The page of the 9:00 run: every number, the list behind it, and who may step in."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import Staff
from backoffice.core.models import Approval, JobChunk, JobPause, JobRun, StateChange
from backoffice.platform import jobs
from loans.collection.queries.debit_day import debit_day
from loans.models import DebitOrder
from tests.loans.conftest import day, moment
from tests.loans.days import live, set_clock, work

pytestmark = pytest.mark.usefixtures("committed_db")

PAGE = "/admin/loans/debitorder/run/"
CODES = ("SUCCESS", "NOTENOUGH", "NOTENOUGH", "BANKERROR", "TIMEOUT")


def person(group: str) -> Client:
    staff = Staff.objects.create_user(f"{group}{Staff.objects.count()}", is_staff=True)
    staff.groups.add(Group.objects.get(name=group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(staff)
    return client


@pytest.fixture
def nine(make_bill, channel, monkeypatch):
    """Five bills after 9:00 of their due date: paid, refused twice, maintenance, no answer."""
    for n, code in enumerate(CODES, 1):
        make_bill()
        channel.will_answer(f"acct-{n}", code)
    live(channel, monkeypatch, day(0), until="09:00")
    set_clock(day(0), "09:00")


def shown(client, **query):
    page = client.get(PAGE, query)
    assert page.status_code == 200
    return page


def numbers(page):
    return {str(card.title): card.sums.orders for card in page.context["cards"]}


def test_the_page_shows_the_run_in_numbers(nine):
    page = shown(person("finance"))

    assert numbers(page) == {
        "Planned": 5,
        "Sent": 5,
        "Paid": 1,
        "Failed": 3,
        "Unknown": 1,
        "Retry 2": 0,
        "Retry 3": 0,
    }
    assert [(words, sums.orders) for words, sums, _list in page.context["refusals"]] == [
        ("Balance too low (NOTENOUGH)", 2),
        ("Bank under maintenance (BANKERROR)", 1),
    ]
    assert "10,150.00 yuan" in page.content.decode()


def test_every_number_opens_the_list_behind_it(nine):
    client = person("finance")
    page = shown(client)

    for card in page.context["cards"][1:]:
        listed = client.get(card.address).context["cl"].result_list
        assert len(listed) == card.sums.orders, card.title
    for _words, sums, address in page.context["refusals"]:
        assert len(client.get(address).context["cl"].result_list) == sums.orders


def test_the_overview_shows_the_same_figures_under_the_same_words(nine):
    client = person("finance")

    overview = client.get("/admin/")

    assert numbers(overview) == numbers(shown(client))
    page = overview.content.decode()
    assert [title for title in numbers(overview) if f"<h3>{title}</h3>" not in page] == []


def test_retries_are_shown_with_how_they_ended(nine, channel, monkeypatch):
    channel.will_answer("acct-2", "SUCCESS")
    live(channel, monkeypatch, day(1), until="09:00")
    set_clock(day(1), "09:00")

    page = shown(person("finance"))

    second = page.context["attempts"][1]
    ends = second.ends
    assert (ends.sent.orders, ends.paid.orders, ends.refused.orders) == (2, 1, 1)
    assert numbers(page)["Retry 2"] == 2


def test_another_day_can_be_chosen(nine):
    set_clock(day(1), "09:00")
    client = person("finance")

    assert numbers(shown(client)) == {}
    assert numbers(shown(client, on=day(0)))["Paid"] == 1
    assert numbers(shown(client, on="nonsense", job="nonsense")) == {}


def test_before_the_run_the_page_says_what_is_up(make_bill):
    make_bill()
    set_clock(day(0), "00:30")

    page = shown(person("finance"))

    assert "Due for debit today: 1 bills, statement amount 10,150.00 yuan." in page.content.decode()


def test_a_running_run_is_polled_and_a_finished_one_is_not(nine):
    client = person("finance")
    finished = client.get(PAGE, headers={"hx-request": "true"}).content.decode()
    JobRun.objects.filter(job="09:00").update(finished_at=None)
    running = client.get(PAGE, headers={"hx-request": "true"}).content.decode()

    assert 'hx-trigger="every 2s' in running
    assert "hx-trigger" not in finished
    assert "<html" not in running


def test_progress_follows_the_orders_and_ends_at_the_end(nine):
    JobRun.objects.filter(job="09:00").update(finished_at=None, planned=8)
    JobChunk.objects.filter(run__job="09:00").update(done_at=None)

    assert debit_day(on=day(0), job="09:00").progress_percent == 50
    JobRun.objects.filter(job="09:00").update(planned=2)
    assert debit_day(on=day(0), job="09:00").progress_percent == 99


def perform(client, action, **more):
    return client.post(f"{PAGE}action/", {"action": action, "job": "09:00", **more}, follow=True)


def messages_of(page):
    return [str(message) for message in page.context["messages"]]


EVERY = ("00:05", "00:15", "00:30", "02:00", "02:30", "03:00", "03:30", "09:00")


def test_run_now_does_what_the_tick_does_and_a_second_press_nothing(
    make_bill, channel, monkeypatch
):
    make_bill()
    live(channel, monkeypatch, day(0), until="03:30", only=EVERY)
    set_clock(day(0), "09:00")
    client = person("finance")

    first, second = perform(client, "start"), perform(client, "start")

    assert messages_of(first) == messages_of(second) == ["1 part was sent to the workers."]
    assert JobChunk.objects.get(run__job="09:00").tries == 0


def test_run_now_says_when_nothing_is_due(make_bill, channel, monkeypatch):
    make_bill()
    live(channel, monkeypatch, day(0), until="09:00", only=EVERY)
    set_clock(day(0), "09:00")

    assert messages_of(perform(person("finance"), "start")) == ["Nothing is due now."]


def test_a_held_run_goes_on_when_a_manager_releases_it(nine):
    run = JobRun.objects.get(job="09:00")
    JobRun.objects.filter(pk=run.pk).update(held_reason="too many", finished_at=None)
    assert "This run is held: too many" in shown(person("finance")).content.decode()
    manager = person("manager")

    first, second = perform(manager, "release", run=run.pk), perform(manager, "release", run=run.pk)

    assert JobRun.objects.get(pk=run.pk).released_by.startswith("manager")
    assert messages_of(first) == [f"The run {run} goes on."]
    assert "is not held" in messages_of(second)[0]


@pytest.mark.parametrize(
    ("group", "action"),
    [("support", "start"), ("finance", "release"), ("finance", "resume"), ("auditor", "pause"),
     ("support", "pause"), ("collections", "keep"), ("manager", "nonsense")],
)  # fmt: skip
def test_nobody_steps_in_without_the_right(nine, group, action):
    page = perform(person(group), action, reason="why", run=JobRun.objects.get(job="09:00").pk)

    assert page.status_code == 403
    assert not JobPause.objects.exists()


def test_a_step_needs_a_post_and_its_token(nine):
    client = person("manager")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies

    assert client.get(f"{PAGE}action/").status_code == 405
    assert strict.post(f"{PAGE}action/", {"action": "pause"}).status_code == 403


def test_a_job_stops_at_once_and_two_people_resume_it(nine):
    one, other = person("manager"), person("manager")

    assert messages_of(perform(one, "pause", reason="bank is down")) == [
        "The job 09:00 is stopped."
    ]
    assert "is paused already" in messages_of(perform(other, "pause", reason="again"))[0]
    perform(one, "request", reason="bank is back")
    assert messages_of(perform(one, "resume", reason="bank is back"))[0].startswith(
        "You proposed this request yourself."
    )
    assert (JobPause.objects.get().state, Approval.objects.get().state) == ("paused", "proposed")
    resumed = perform(other, "resume", reason="bank is back")
    assert messages_of(resumed) == ["The job 09:00 runs again."]

    pause = JobPause.objects.get()
    asked = pause.approval
    assert (pause.state, asked.proposed_by.username, asked.decided_by.username) == (
        "resumed", "manager0", "manager1",
    )  # fmt: skip
    assert asked.reason == "bank is back"
    assert list(StateChange.objects.order_by("pk")
                .filter(subject_type__in=["backoffice.jobpause", "backoffice.approval"])
                .values_list("subject_type", "transition", "actor", "facts__text")) == [
        ("backoffice.approval", "approve", "manager1", "bank is back"),
        ("backoffice.jobpause", "resume", "manager1", "bank is back"),
    ]  # fmt: skip


def test_a_declined_request_leaves_the_job_paused(nine):
    one, other = person("manager"), person("manager")
    perform(one, "pause", reason="bank is down")
    perform(one, "request", reason="bank is back")

    perform(other, "keep", reason="not yet")

    assert JobPause.objects.get().state == "paused"
    assert "not in the required state" in messages_of(perform(other, "keep", reason="again"))[0]


@pytest.mark.parametrize("run", ["abc", "", "0", "9" * 30])
def test_a_run_that_is_none_is_not_found(nine, run):
    assert perform(person("manager"), "release", run=run).status_code == 404
    assert not JobRun.objects.exclude(released_by="").exists()


def test_a_pause_without_words_is_refused(nine):
    assert messages_of(perform(person("manager"), "pause", reason=" "))[0].startswith(
        "Enter a reason"
    )
    assert not JobPause.objects.exists()


def test_a_refused_step_is_open_with_what_was_typed(nine):
    page = perform(person("manager"), "pause", on=day(0), reason=" no ")

    text = page.content.decode()
    assert (page.status_code, page.redirect_chain) == (200, [])
    assert text.count("\n no </textarea>") == text.count("showModal();") == 1
    assert page.context["refused"]["job"] == "09:00"
    assert not JobPause.objects.exists()


def test_a_paused_job_and_its_reason_are_shown(nine):
    client = person("manager")
    perform(client, "pause", reason="bank is down")

    assert "bank is down" in shown(client).content.decode()


def test_the_page_is_not_for_everybody(nine):
    assert person("credit").get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_a_success_that_comes_later_counts_for_the_run(nine, channel, monkeypatch):
    channel.will_answer("acct-5", "SUCCESS")
    work("10:00", day(0))

    day_ = debit_day(on=day(0), job="09:00")
    assert (day_.whole.paid.orders, day_.whole.unknown.orders) == (2, 0)
    assert DebitOrder.objects.filter(run__job="09:00", state="succeeded").count() == 2


def test_work_of_one_piece_counts_no_items(nine):
    rows = {row.job.name: row for row in shown(person("finance")).context["jobs"]}

    assert rows["09:00"].is_counted
    assert not rows["00:30"].is_counted


@pytest.mark.parametrize(("language", "words"), [("en", "passed over"), ("zh-hans", "超时跳过")])
def test_a_check_beyond_its_time_is_passed_over(nine, language, words):
    run = jobs.claim(jobs.job_named("02:30", on=day(0)), on=day(0), by="test", at=moment(day(0)))
    client = person("finance")

    client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    page = shown(client, on=day(0), job="02:30")

    assert run.finished_at is None
    assert page.content.decode().count(words) == 2  # of the run, and in the table of jobs
    JobRun.objects.filter(pk=run.pk).update(finished_at=moment(day(0)))
    assert words not in shown(client, on=day(0), job="02:30").content.decode()
