"""One person pauses a job, two resume it; a held run is released once."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission

from backoffice.core.models import Approval, JobPause, JobRun, StateChange
from backoffice.platform import approvals, job_control, jobs
from backoffice.platform.approvals import ExpiredError, NotPermittedError, SamePersonError
from backoffice.platform.job_control import AlreadyPausedError, NotHeldError, NotPausedError
from backoffice.platform.jobs import Job, Tally, UnknownJobError

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


@pytest.fixture(autouse=True)
def two_jobs(monkeypatch):
    monkeypatch.setattr(jobs, "_jobs", {})
    monkeypatch.setattr(jobs, "_tables", [])
    for name in ("09:00", "10:00"):
        at = time.fromisoformat(name)
        jobs.register(Job(name=name, at=at, title=name, work=lambda *_a, **_k: Tally()))


def staff(name, *rights):
    person = get_user_model().objects.create_user(username=name)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return person


@pytest.fixture
def maker(db):
    return staff("maker", "request_resume", "resume_job")


@pytest.fixture
def checker(db):
    return staff("checker", "resume_job")


def pause(by, job="09:00"):
    return job_control.pause(job, by=by, reason="the bank is down", at=AT)


def request(by, job="09:00"):
    job_control.request_resume(job, by=by, reason="the bank is up", at=AT)


def states():
    pauses = JobPause.objects.order_by("pk").values_list("job", "state")
    return list(pauses), list(Approval.objects.order_by("pk").values_list("state", flat=True))


def is_paused(name):
    return jobs.is_paused(jobs.job_named(name, on=AT.date()).code)


def test_a_pause_keeps_its_person_reason_and_moment(maker):
    made = pause(maker)

    made = JobPause.objects.get(pk=made.pk)
    assert (made.job, made.state, made.paused_by) == ("09:00", "paused", maker)
    assert (made.reason, made.paused_at) == ("the bank is down", AT)
    assert (made.approval, made.resumed_at) == (None, None)
    assert (is_paused("09:00"), is_paused("10:00")) == (True, False)


def test_a_paused_job_is_not_paused_again(maker, checker):
    pause(maker)

    with pytest.raises(AlreadyPausedError):
        pause(checker)

    assert JobPause.objects.get().paused_by == maker


def test_many_who_pause_at_once_make_one_pause(together):
    maker = staff("maker")

    def try_pause(_n):
        try:
            pause(maker)
        except AlreadyPausedError:
            return "refused"
        return "paused"

    assert sorted(together(4, try_pause)) == ["paused", "refused", "refused", "refused"]
    assert JobPause.objects.count() == 1


def test_a_job_that_does_not_exist_is_not_paused(maker):
    with pytest.raises(UnknownJobError):
        pause(maker, "11:00")

    assert not JobPause.objects.exists()


def test_a_request_leaves_the_job_paused(maker):
    made = pause(maker)

    request(maker)

    asked = Approval.objects.get()
    assert (asked.kind, asked.subject_id, asked.state) == ("job-resumption", made.pk, "proposed")
    assert (asked.proposed_by, asked.reason, asked.proposed_at) == (maker, "the bank is up", AT)
    assert is_paused("09:00")


def test_open_requests_are_found_by_their_pause(maker, checker):
    nine, ten = pause(maker), pause(maker, "10:00")
    request(maker)
    request(maker, "10:00")
    job_control.keep_paused("10:00", by=checker, reason="not yet", at=LATER)

    found = job_control.requests()

    assert found == {nine.pk: Approval.objects.get(subject_id=nine.pk)}
    assert ten.pk not in found


@pytest.mark.parametrize("paused", [[], ["10:00"]])
def test_the_resumption_of_a_job_that_runs_cannot_be_requested(maker, paused):
    for name in paused:
        pause(maker, name)

    with pytest.raises(NotPausedError):
        request(maker)

    assert not Approval.objects.exists()


def test_one_request_is_open_at_a_time(maker):
    pause(maker)
    request(maker)

    with pytest.raises(NotPausedError):
        request(maker)

    assert states() == ([("09:00", "paused")], ["proposed"])


def test_who_lacks_the_right_requests_nothing(maker, checker):
    pause(maker)

    with pytest.raises(NotPermittedError):
        request(checker)

    assert states() == ([("09:00", "paused")], [])


def test_a_second_person_resumes_the_job(maker, checker):
    made, other = pause(maker), pause(maker, "10:00")
    request(maker)
    request(maker, "10:00")

    job_control.resume("09:00", by=checker, reason="agreed", at=LATER)

    made = JobPause.objects.get(pk=made.pk)
    assert (made.state, made.resumed_at) == ("resumed", LATER)
    assert made.approval == Approval.objects.get(subject_id=made.pk, state="approved")
    assert JobPause.objects.get(pk=other.pk).state == "paused"
    assert (is_paused("09:00"), is_paused("10:00")) == (False, True)
    change = StateChange.objects.get(transition="resume")
    assert (change.subject_id, change.actor, change.facts["text"]) == (made.pk, "checker", "agreed")


def test_a_rejected_request_leaves_the_job_paused_and_another_may_follow(maker, checker):
    pause(maker)
    request(maker)

    job_control.keep_paused("09:00", by=checker, reason="not yet", at=LATER)
    request(maker)

    assert states() == ([("09:00", "paused")], ["rejected", "proposed"])


@pytest.mark.parametrize("decide", [job_control.resume, job_control.keep_paused])
def test_the_requester_does_not_decide(maker, decide):
    pause(maker)
    request(maker)

    with pytest.raises(SamePersonError):
        decide("09:00", by=maker, reason="agreed", at=LATER)

    assert states() == ([("09:00", "paused")], ["proposed"])


@pytest.mark.parametrize("decide", [job_control.resume, job_control.keep_paused])
def test_who_lacks_the_right_does_not_decide(maker, decide):
    pause(maker)
    request(maker)

    with pytest.raises(NotPermittedError):
        decide("09:00", by=staff("clerk", "request_resume"), reason="agreed", at=LATER)

    assert states() == ([("09:00", "paused")], ["proposed"])


@pytest.mark.parametrize("decide", [job_control.resume, job_control.keep_paused])
def test_an_expired_request_is_not_decided(maker, checker, decide):
    pause(maker)
    request(maker)
    end = Approval.objects.get().expires_at

    with pytest.raises(ExpiredError):
        decide("09:00", by=checker, reason="agreed", at=end)

    assert states()[0] == [("09:00", "paused")]


@pytest.mark.parametrize("decide", [job_control.resume, job_control.keep_paused])
def test_without_an_open_request_nothing_is_decided(maker, checker, decide):
    pause(maker)
    pause(maker, "10:00")
    request(maker, "10:00")

    with pytest.raises(NotPausedError):
        decide("09:00", by=checker, reason="agreed", at=LATER)

    assert states() == ([("09:00", "paused"), ("10:00", "paused")], ["proposed"])


def test_a_resumed_job_can_be_paused_and_resumed_again(maker, checker):
    for _ in "12":
        pause(maker)
        request(maker)
        job_control.resume("09:00", by=checker, reason="agreed", at=LATER)

    assert states() == ([("09:00", "resumed")] * 2, ["approved"] * 2)
    with pytest.raises(NotPausedError):
        job_control.resume("09:00", by=checker, reason="agreed", at=LATER)


def test_the_kind_of_request_needs_both_rights():
    kind = approvals.kind_named(job_control.KIND)

    assert kind.permission == "backoffice.resume_job"
    assert kind.propose_permission == "backoffice.request_resume"


def held_run(job="09:00", **more):
    values = {"held_reason": "twice as many as usual", "started_at": AT, "heartbeat_at": AT}
    return JobRun.objects.create(business_date=date(2026, 10, 1), job=job, **values | more)


def test_a_held_run_is_released_by_one_person(maker):
    run, other = held_run(), held_run("10:00")

    released = job_control.release(run.pk, by=maker)

    assert (released.pk, released.released_by) == (run.pk, "maker")
    assert not jobs.is_held(JobRun.objects.get(pk=run.pk))
    assert jobs.is_held(JobRun.objects.get(pk=other.pk))


def test_a_run_that_is_released_keeps_who_did_it(maker, checker):
    run = held_run()
    job_control.release(run.pk, by=maker)

    with pytest.raises(NotHeldError):
        job_control.release(run.pk, by=checker)

    assert JobRun.objects.get(pk=run.pk).released_by == "maker"


def test_a_run_that_is_not_held_is_not_released(maker):
    run = held_run(held_reason="")

    with pytest.raises(NotHeldError):
        job_control.release(run.pk, by=maker)

    assert JobRun.objects.get(pk=run.pk).released_by == ""
