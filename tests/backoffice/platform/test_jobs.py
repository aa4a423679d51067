"""The business day as rows: planned once, in order, by whoever comes first, to its end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from django.contrib.auth import get_user_model

from backoffice.core import clock
from backoffice.core.models import JobChunk, JobPause, JobRun
from backoffice.management import day
from backoffice.platform import jobs
from backoffice.platform.jobs import ChunkFailedError, Job, RunPlan, Tally, UnknownJobError

DAY = date(2026, 10, 1)
NOON = clock.moment_of(DAY, time(12))


class Work:
    """Notes what it was given; fails as often as shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[int], date]] = []
        self.failures = 0

    def job(
        self, name: str, *, ids=None, held: str = "", optional: bool = False, limit=None
    ) -> Job:
        def plan(*, on, at):
            return RunPlan(ids, amount_fen=100 * len(ids), held_because=held)

        def work(chunk_ids, *, run_id, on, at):
            if self.failures:
                self.failures -= 1
                raise ValueError("the disk is full")
            self.seen.append((name, list(chunk_ids), on))
            return Tally(done=len(chunk_ids))

        return Job(
            name=name,
            at=time.fromisoformat(name),
            title=name,
            work=work,
            plan=None if ids is None else plan,
            optional=optional,
            limit=limit,
        )


@pytest.fixture
def work(monkeypatch) -> Work:
    monkeypatch.setattr(jobs, "_jobs", {})
    monkeypatch.setattr(jobs, "_tables", [])
    return Work()


def run_day(now: datetime) -> list[JobRun]:
    runs = []
    for on, job in jobs.due(now=now):
        runs.append(day.finish(jobs.claim(job, on=on, by="test", at=now)))
    return runs


def test_two_schedulers_plan_a_run_once(work, together):
    jobs.register(work.job("09:00", ids=[1, 2, 3]))

    runs = together(
        8, lambda _n: jobs.claim(jobs.in_order(on=DAY)[0], on=DAY, by="test", at=NOON).pk
    )

    assert len(set(runs)) == 1
    assert JobChunk.objects.count() == 1


def test_a_run_is_worked_through_in_chunks(work, committed_db, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 2)
    jobs.register(work.job("09:00", ids=[1, 2, 3]))

    [run] = run_day(NOON)

    assert [ids for _name, ids, _on in work.seen] == [[1, 2], [3]]
    assert (run.planned, run.planned_fen, run.done) == (3, 300, 3)
    assert run.finished_at is not None


@pytest.mark.parametrize(
    ("owners", "parts"),
    [
        (None, [[1, 2], [3, 4], [5]]),
        ([7, 7, 7, 8, 9], [[1, 2, 3], [4, 5]]),
        ([7, 8, 8, 9, 9], [[1], [2, 3], [4, 5]]),
        ([7, 8, 9, 9, 9], [[1, 2], [3, 4, 5]]),
    ],
)
def test_ids_of_one_owner_are_in_one_chunk(work, committed_db, monkeypatch, owners, parts):
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 2)
    plan = RunPlan([1, 2, 3, 4, 5], owners=owners)
    jobs.register(replace(work.job("09:00"), plan=lambda **_facts: plan))

    [run] = run_day(NOON)

    assert [ids for _name, ids, _on in work.seen] == parts
    assert run.planned == 5


def test_missed_days_are_caught_up_oldest_first(work, committed_db):
    jobs.register(work.job("00:05"))
    jobs.register(work.job("09:00", ids=[7]))
    run_day(NOON)
    work.seen.clear()

    run_day(NOON + timedelta(days=2))

    second, third = DAY + timedelta(days=1), DAY + timedelta(days=2)
    assert [(name, on) for name, _ids, on in work.seen] == [
        ("00:05", second),
        ("09:00", second),
        ("00:05", third),
        ("09:00", third),
    ]


def test_a_day_run_again_changes_nothing(work, committed_db):
    jobs.register(work.job("09:00", ids=[1]))
    run_day(NOON)

    assert run_day(NOON) == []
    assert len(work.seen) == 1


def test_a_later_run_waits_for_an_unfinished_one(work, committed_db):
    jobs.register(work.job("00:05", ids=[1]))
    jobs.register(work.job("09:00", ids=[2]))

    [chunk] = jobs.next_chunks(by="test", now=NOON)
    assert jobs.next_chunks(by="test", now=NOON) == [chunk]
    jobs.run_chunk(chunk, at=NOON)

    assert JobChunk.objects.get(pk=jobs.next_chunks(by="test", now=NOON)[0]).run.job == "09:00"


def test_a_failed_chunk_keeps_its_error_and_is_tried_again(work, committed_db):
    jobs.register(work.job("09:00", ids=[1]))
    work.failures = 1
    [chunk] = jobs.next_chunks(by="test", now=NOON)

    with pytest.raises(ChunkFailedError, match="the disk is full"):
        jobs.run_chunk(chunk, at=NOON)
    assert JobChunk.objects.get(pk=chunk).error == "ValueError: the disk is full"
    assert JobRun.objects.get().finished_at is None
    assert jobs.run_chunk(chunk, at=NOON)

    assert (JobChunk.objects.get(pk=chunk).error, JobChunk.objects.get(pk=chunk).tries) == ("", 2)


def test_a_chunk_sent_twice_is_done_once(work, committed_db):
    jobs.register(work.job("09:00", ids=[1]))
    [chunk] = jobs.next_chunks(by="test", now=NOON)

    assert jobs.run_chunk(chunk, at=NOON)
    assert not jobs.run_chunk(chunk, at=NOON)

    assert len(work.seen) == 1


def test_a_chunk_that_is_no_more_is_passed_over(work, committed_db):
    assert not jobs.run_chunk(404, at=NOON)


def test_a_held_run_waits_for_a_person_and_lets_later_ones_pass(work, committed_db):
    jobs.register(work.job("09:00", ids=[1], held="twice as many as ever"))
    jobs.register(work.job("10:00", ids=[2]))

    [chunk] = jobs.next_chunks(by="test", now=NOON)
    assert JobChunk.objects.get(pk=chunk).run.job == "10:00"
    held = JobChunk.objects.get(run__job="09:00")
    assert not jobs.run_chunk(held.pk, at=NOON)

    JobRun.objects.filter(job="09:00").update(released_by="manager")
    assert jobs.run_chunk(held.pk, at=NOON)


def test_a_pause_stops_what_was_already_sent(work, committed_db):
    jobs.register(work.job("09:00", ids=[1], optional=True))
    [chunk] = jobs.next_chunks(by="test", now=NOON)
    pause("09:00")

    assert not jobs.run_chunk(chunk, at=NOON)
    assert jobs.next_chunks(by="test", now=NOON) == []
    assert work.seen == []


def test_the_day_stands_still_before_a_paused_job_it_needs(work, committed_db):
    jobs.register(work.job("00:05", ids=[1]))
    jobs.register(work.job("09:00", ids=[2]))
    pause("00:05")

    assert jobs.next_chunks(by="test", now=NOON) == []
    assert not JobRun.objects.exists()


@pytest.fixture
def check(work, committed_db, monkeypatch) -> Callable[[], list[int]]:
    """A check in two chunks with two hours' time, before a job of 09:00."""
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 1)
    jobs.register(work.job("02:00", ids=[1, 2], optional=True, limit=timedelta(hours=2)))
    jobs.register(work.job("09:00", ids=[3]))
    jobs.register(work.job("21:00", ids=[4]))
    return lambda: jobs.next_chunks(by="test", now=clock.moment_of(DAY, time(2)))


def jobs_of(chunks: list[int]) -> list[str]:
    return [JobChunk.objects.get(pk=chunk).run.job for chunk in chunks]


def test_a_check_blocks_the_later_jobs_until_its_time_limit(work, check):
    jobs.register(work.job("03:00", ids=[4]))
    check()

    assert jobs_of(jobs.next_chunks(by="test", now=at("03:59"))) == ["02:00", "02:00"]
    assert jobs_of(jobs.next_chunks(by="test", now=at("04:00"))) == ["03:00"]


def test_nine_begins_while_a_check_is_unfinished(work, check):
    jobs.run_chunk(check()[0], at=at("02:00"))

    [nine] = jobs.next_chunks(by="test", now=at("09:00"))
    assert jobs.run_chunk(nine, at=at("09:00"))

    assert [(name, ids) for name, ids, _on in work.seen] == [("02:00", [1]), ("09:00", [3])]
    assert JobRun.objects.get(job="02:00").finished_at is None


def test_a_chunk_of_a_check_that_was_sent_gives_way_to_nine_and_ends_after_it(work, check):
    first, second = check()
    jobs.run_chunk(first, at=at("02:00"))

    assert not jobs.run_chunk(second, at=at("09:00"))
    assert [name for name, *_facts in work.seen] == ["02:00"]
    jobs.run_chunk(*jobs.next_chunks(by="test", now=at("09:00")), at=at("09:00"))

    assert jobs.next_chunks(by="test", now=at("09:00")) == [second]
    assert jobs.run_chunk(second, at=at("09:00"))
    assert JobRun.objects.get(job="02:00").finished_at


def test_a_check_that_fails_holds_back_nothing_after_its_limit(work, check):
    work.failures = 1
    with pytest.raises(ChunkFailedError):
        jobs.run_chunk(check()[0], at=at("02:00"))

    assert jobs_of(jobs.next_chunks(by="test", now=at("09:00"))) == ["09:00"]


def test_a_check_does_not_wait_for_what_is_held_or_paused(work, check):
    [_first, second] = check()
    [nine] = jobs.next_chunks(by="test", now=at("09:00"))
    JobRun.objects.filter(job="09:00").update(held_reason="too many")
    assert jobs.run_chunk(second, at=at("09:00")) is False
    assert JobChunk.objects.get(pk=second).done_at

    assert jobs.run_chunk(nine, at=at("09:00")) is False


def test_the_command_runs_what_a_check_would_hold_back_first(work, check, monkeypatch):
    check()
    monkeypatch.setattr(clock, "now", lambda: at("09:00"))

    runs = [(run.job, bool(run.finished_at)) for run in day.run_due()]

    assert runs == [("09:00", True), ("02:00", True)]
    assert [ids for _name, ids, _on in work.seen] == [[3], [1], [2]]


def test_the_command_leaves_a_check_when_something_else_falls_due(work, check, monkeypatch):
    check()
    monkeypatch.setattr(clock, "now", lambda: at("09:00"))

    run = day.finish(JobRun.objects.get(job="02:00"))

    assert (run.finished_at, work.seen, day.as_dict(run)["state"]) == (None, [], "passed-over")


def test_only_a_job_that_the_day_can_miss_is_passed_over(work):
    with pytest.raises(AssertionError):
        work.job("00:05", limit=timedelta(hours=1))


def at(text: str) -> datetime:
    return clock.moment_of(DAY, time.fromisoformat(text))


def test_an_unknown_job_is_named(work):
    jobs.register(work.job("09:00"))

    with pytest.raises(UnknownJobError, match=r"08:00.*09:00"):
        jobs.job_named("08:00", on=DAY)


def pause(job: str) -> None:
    by = get_user_model().objects.create_user(username="stopper")
    JobPause.objects.create(job=job, reason="a test", paused_by=by, paused_at=NOON)
