"""The tick sends what the tables show as due; each task does its work and no more."""

from datetime import time, timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction

from accounts.models import Customer
from backoffice.core import clock
from backoffice.core.models import (
    Approval,
    Export,
    JobChunk,
    JobRun,
    OutboxMessage,
    SandboxClock,
    StateChange,
    WorkItem,
)
from backoffice.platform import approvals, export, jobs, outbox, tasks, work_queue
from backoffice.platform.approvals import Proposal
from backoffice.platform.export import Column, ExportSection, FileOptions
from backoffice.platform.jobs import ChunkFailedError, Job, RunPlan, Tally
from backoffice.platform.outbox import Message
from backoffice.platform.work_queue import Queue
from tests.accounts.people import AT

pytestmark = pytest.mark.usefixtures("committed_db")

TASKS = ("tick", "run_chunk", "deliver_messages", "end_overdue", "run_export")
ALWAYS = [("deliver_messages",), ("end_overdue",)]


@pytest.fixture(autouse=True)
def wall(committed_db):
    with time_machine.travel(AT, tick=False) as traveller:
        SandboxClock.objects.update(ahead=timedelta())
        yield traveller


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """What is sent to the broker, in order."""
    found = []
    for name in TASKS:
        monkeypatch.setattr(
            getattr(tasks, name), "delay", lambda *ids, name=name: found.append((name, *ids))
        )
    return found


@pytest.fixture(autouse=True)
def worked(monkeypatch):
    """A job of 9:00 with two parts, and one of 10:00; which ids were worked on at which moment."""
    monkeypatch.setattr(jobs, "_jobs", {})
    monkeypatch.setattr(jobs, "_tables", [])
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 2)
    found = []

    def work(ids, *, run_id, on, at):
        if 666 in ids:
            raise ValueError("the disk is full")
        found.append((list(ids), at))
        return Tally(done=len(ids))

    for name, ids in (("09:00", [1, 2, 3]), ("10:00", [7])):
        plan = RunPlan(ids)
        jobs.register(
            Job(name=name, at=time.fromisoformat(name), title=name, work=work,
                plan=lambda plan=plan, **_: plan)
        )  # fmt: skip
    return found


@pytest.fixture
def person():
    made = get_user_model().objects.create_user(username="one")
    rights = ("view_customer", "request_export", "add_export", "add_policyversion")
    made.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return get_user_model().objects.get(pk=made.pk)


@pytest.fixture
def exports(monkeypatch):
    monkeypatch.setattr(export, "_sections", {})
    export.register(
        ExportSection(name="customers", title="customers", permission="accounts.view_customer",
                      filters=(), rows=lambda _: Customer.objects.order_by("pk"),
                      columns=(Column("state", "state"),))
    )  # fmt: skip


def requested(person, at=AT):
    return export.request(
        "customers",
        by=person,
        reason="x",
        filters={},
        options=FileOptions("csv", is_masked=True, language="en"),
        at=at,
    )


def chunks(job):
    found = JobChunk.objects.filter(run__job=job).order_by("number")
    return [("run_chunk", pk) for pk in found.values_list("pk", flat=True)]


def test_a_tick_sends_every_part_of_the_first_run_that_is_due(sent):
    tasks.tick()

    assert len(chunks("09:00")) == 2
    assert sent == chunks("09:00") + ALWAYS
    assert not JobRun.objects.filter(job="10:00").exists()


def test_a_tick_that_comes_again_sends_the_same_parts(sent, worked):
    tasks.tick()
    sent.clear()

    tasks.tick()

    assert sent == chunks("09:00") + ALWAYS
    assert worked == []


def test_a_tick_before_the_first_job_sends_no_part(sent, wall):
    wall.move_to(clock.moment_of(AT.date(), time(8, 59)))

    tasks.tick()

    assert sent == ALWAYS


def test_a_part_is_worked_on_at_the_products_time(sent, worked):
    SandboxClock.objects.update(ahead=timedelta(days=3))
    tasks.tick()
    [(_name, first), _second] = chunks("09:00")

    tasks.run_chunk(first)

    assert worked == [([1, 2], AT + timedelta(days=3))]


def test_the_last_part_of_a_run_starts_the_next_one_at_once(sent, worked):
    tasks.tick()
    [(_name, first), (_name, second)] = chunks("09:00")
    sent.clear()

    tasks.run_chunk(first)
    assert sent == []
    tasks.run_chunk(second)

    assert sent == [("tick",)]
    assert [ids for ids, _at in worked] == [[1, 2], [3]]


def test_a_part_that_is_delivered_twice_is_worked_on_once(sent, worked):
    tasks.tick()
    [(_name, first), _second] = chunks("09:00")

    for _ in "12":
        tasks.run_chunk(first)

    assert len(worked) == 1
    assert ("tick",) not in sent


def test_a_part_that_fails_starts_nothing(sent):
    tasks.tick()
    [_first, (_name, second)] = chunks("09:00")
    JobChunk.objects.filter(pk=second).update(ids=[666])
    sent.clear()

    with pytest.raises(ChunkFailedError):
        tasks.run_chunk(second)

    assert sent == []


def test_waiting_messages_are_delivered(monkeypatch):
    given = []
    monkeypatch.setattr(outbox, "_handlers", {})
    outbox.register("notice", lambda payload, *, key: given.append((key, payload)))
    with transaction.atomic():
        outbox.post([Message("notice", "a", {"to": "a"})], at=AT)

    for _ in "12":
        tasks.deliver_messages()

    assert given == [("a", {"to": "a"})]
    assert OutboxMessage.objects.exclude(done_at=None).count() == 1


@pytest.mark.parametrize(("minutes", "is_sent"), [(4, False), (5, False), (6, True)])
def test_an_export_without_a_result_is_sent_again_after_five_minutes(
    exports, person, sent, wall, minutes, is_sent
):
    made = requested(person)
    wall.shift(timedelta(minutes=minutes))

    tasks.tick()

    assert (("run_export", made.pk) in sent) == is_sent


def test_an_export_is_written_once_at_the_products_time(exports, person, sent, wall):
    SandboxClock.objects.update(ahead=timedelta(days=3))
    made = requested(person)

    for _ in "12":
        tasks.run_export(made.pk)
        wall.shift(timedelta(hours=1))
    tasks.tick()

    made = Export.objects.get()
    assert (made.state, made.finished_at) == ("done", AT + timedelta(days=3))
    assert ("run_export", made.pk) not in sent


@pytest.fixture
def ending(exports, person, monkeypatch):
    """A request, an item of work and a file that end at the same moment."""
    monkeypatch.setattr(work_queue, "_queues", {})
    monkeypatch.setattr(approvals, "_kinds", {})
    work_queue.register(Queue(name="q", title="q", sla=export.KEPT_FOR, permission="x"))
    approvals.register(
        "paint", title="paint", apply=lambda *_a, **_k: None, permission="backoffice.x",
        propose_permission="backoffice.add_policyversion", valid_for=export.KEPT_FOR,
    )  # fmt: skip
    with transaction.atomic():
        work_queue.add([person], queue="q", at=AT)
    approvals.propose([Proposal("paint", 7)], by=person, reason="x", at=AT)
    tasks.run_export(requested(person).pk)


@pytest.mark.parametrize(
    ("seconds", "request_state", "is_escalated", "file_state"),
    [
        (-1, "proposed", False, "done"),
        (0, "expired", False, "expired"),
        (1, "expired", True, "expired"),
    ],
)
def test_what_is_over_ends_at_its_moment(
    ending, wall, seconds, request_state, is_escalated, file_state
):
    SandboxClock.objects.update(ahead=export.KEPT_FOR + timedelta(seconds=seconds))

    for _ in "12":
        tasks.end_overdue()

    asked, item = Approval.objects.get(), WorkItem.objects.get()
    assert (asked.state, Export.objects.get().state) == (request_state, file_state)
    assert item.escalated_at == (clock.now() if is_escalated else None)


def test_a_request_that_nobody_decided_keeps_why_it_ended(ending):
    SandboxClock.objects.update(ahead=export.KEPT_FOR)

    tasks.end_overdue()

    change = StateChange.objects.get(transition="expire", subject_type="backoffice.approval")
    assert (change.actor, change.reason) == ("system:expiry", "not-decided")
    assert change.at == AT + export.KEPT_FOR
