"""Work for people: each item is held by one person, in order, until a decision finishes it."""

from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction

from accounts.models import Customer
from backoffice.core.models import StateChange, WorkItem
from backoffice.platform import work_queue
from backoffice.platform.work_queue import (
    NotClaimedError,
    NotHolderError,
    Queue,
    QueueNotPermittedError,
    UnknownQueueError,
)
from tests.raw import execute

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
RIGHT = "accounts.decide_identityverification"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(work_queue, "_queues", {})
    for name, hours in (("review", 4), ("other", 1)):
        queue = Queue(name=name, title=name, sla=timedelta(hours=hours), permission=RIGHT)
        work_queue.register(queue)


def staff(name, *rights):
    person = get_user_model().objects.create_user(username=name)
    codenames = [right.partition(".")[2] for right in rights]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


@pytest.fixture
def one(db):
    return staff("one", RIGHT)


@pytest.fixture
def other(db):
    return staff("other", RIGHT)


def add(queue="review", *, at=AT, priority=0):
    customer = Customer.objects.create(registered_at=AT)
    with transaction.atomic():
        work_queue.add([customer], queue=queue, at=at, priority=priority)
    return customer


def claim(by, queue="review", at=LATER):
    return work_queue.claim_next(queue, by=by, at=at)


def rows():
    return list(WorkItem.objects.order_by("pk").values())


def test_a_queue_may_take_its_time_from_the_numbers_of_the_day(db):
    days = []
    work_queue.register(
        Queue(name="dated", title="dated", permission=RIGHT,
              sla=lambda on: days.append(on) or timedelta(minutes=20))
    )  # fmt: skip

    add("dated")

    assert WorkItem.objects.get().deadline_at == AT + timedelta(minutes=20)
    assert days == [date(2026, 10, 1)]


def test_an_item_waits_with_the_deadline_of_its_queue(db):
    customer = add(priority=2)

    item = WorkItem.objects.get()
    assert (item.queue, item.subject_type, item.subject_id) == (
        "review", "accounts.customer", customer.pk,
    )  # fmt: skip
    assert (item.state, item.priority, item.added_at) == ("waiting", 2, AT)
    assert item.deadline_at == AT + timedelta(hours=4)


def test_a_record_has_one_open_item_in_a_queue(one):
    customer = add()
    with transaction.atomic():
        work_queue.add([customer], queue="review", at=LATER)
        work_queue.add([customer], queue="other", at=LATER)
    assert [(row["queue"], row["added_at"]) for row in rows()] == [("review", AT), ("other", LATER)]

    with transaction.atomic():
        work_queue.finish([customer], queue="review", by="x", reason="decided", at=LATER)
        work_queue.add([customer], queue="review", at=LATER)

    assert [row["state"] for row in rows()] == ["done", "waiting", "waiting"]


def test_the_next_item_is_the_most_urgent(one):
    late, early = add(at=LATER), add(at=AT)
    urgent, elsewhere = add(at=LATER, priority=1), add("other")

    taken = [claim(one).subject_id for _number in range(3)]

    assert taken == [urgent.pk, early.pk, late.pk]
    assert claim(one) is None
    assert WorkItem.objects.get(subject_id=elsewhere.pk).state == "waiting"


def test_a_claim_is_kept_with_person_moment_and_trace(one):
    add()

    claim(one)

    item = WorkItem.objects.get()
    assert (item.state, item.claimed_by, item.claimed_at) == ("claimed", one, LATER)
    [change] = StateChange.objects.all()
    assert (change.transition, change.actor, change.source) == ("claim", "one", "waiting")


def test_nobody_takes_work_without_the_right_of_the_queue(db):
    add()
    before = rows()

    with pytest.raises(QueueNotPermittedError):
        claim(staff("third"))

    assert rows() == before


@pytest.mark.parametrize(
    "command",
    [
        lambda person: claim(person, "nonsense"),
        lambda person: add("nonsense"),
    ],
)
def test_a_queue_that_nobody_registered_is_named(one, command):
    with pytest.raises(UnknownQueueError, match="other, review"):
        command(one)

    assert not WorkItem.objects.exists()


def test_a_released_item_waits_for_anybody(one, other):
    add()
    item = claim(one)

    work_queue.release([item.pk], by=one, reason="lunch", at=LATER)

    item = WorkItem.objects.get()
    assert (item.state, item.claimed_by, item.claimed_at) == ("waiting", None, None)
    assert claim(other).pk == item.pk


def test_an_item_is_handed_over_with_a_reason(one, other):
    add()
    item = claim(one)

    work_queue.hand_over([item.pk], to=other, by=one, reason="end of shift", at=LATER)

    item = WorkItem.objects.get()
    assert (item.state, item.claimed_by, item.claimed_at) == ("claimed", other, LATER)
    assert StateChange.objects.order_by("pk").values_list("transition", "facts__text").last() == (
        "hand_over", "end of shift",
    )  # fmt: skip


def test_nothing_is_handed_to_somebody_without_the_right(one):
    add()
    item = claim(one)
    before = rows()

    with pytest.raises(QueueNotPermittedError, match="third"):
        work_queue.hand_over([item.pk], to=staff("third"), by=one, reason="why", at=LATER)

    assert rows() == before


@pytest.mark.parametrize("command", ["release", "hand_over"])
def test_what_somebody_holds_only_a_reassigner_takes_away(one, other, command):
    add()
    item = claim(one)
    before = rows()
    extra = {"to": other} if command == "hand_over" else {}

    with pytest.raises(NotHolderError):
        getattr(work_queue, command)([item.pk], by=other, reason="why", at=LATER, **extra)
    assert rows() == before

    manager = staff("manager", "backoffice.reassign_workitem")
    getattr(work_queue, command)([item.pk], by=manager, reason="why", at=LATER, **extra)

    assert WorkItem.objects.get().claimed_by == (other if command == "hand_over" else None)


@pytest.mark.parametrize("command", ["release", "hand_over"])
def test_what_is_not_claimed_is_not_given_away(one, other, command):
    add()
    before = rows()
    extra = {"to": other} if command == "hand_over" else {}

    with pytest.raises(NotClaimedError):
        getattr(work_queue, command)([before[0]["id"]], by=one, reason="why", at=LATER, **extra)

    assert rows() == before


def test_a_decision_finishes_the_item_whoever_holds_it(one):
    waiting, claimed = add(), add()
    claim(one)

    with transaction.atomic():
        closed = work_queue.finish(
            [waiting, claimed], queue="review", by="other", reason="decided", at=LATER
        )

    assert len(closed) == 2
    assert {(row["state"], row["done_at"]) for row in rows()} == {("done", LATER)}


def test_finishing_what_is_not_there_changes_nothing(one):
    customer = add("other")
    before = rows()

    with transaction.atomic():
        assert work_queue.finish([], queue="review", by="x", reason="x", at=AT) == []
        assert work_queue.finish([customer], queue="review", by="x", reason="x", at=AT) == []

    assert rows() == before


def test_overdue_items_are_escalated_once(one):
    add("other"), add("review")
    claim(one, "other")
    at = AT + timedelta(hours=2)

    assert work_queue.escalate_overdue(at=AT + timedelta(hours=1)) == 0
    assert work_queue.escalate_overdue(at=at) == 1
    assert work_queue.escalate_overdue(at=at + timedelta(minutes=1)) == 0

    assert [row["escalated_at"] for row in rows()] == [at, None]


def test_the_summary_counts_by_queue_with_the_earliest_deadline_first(one):
    add("review"), add("review"), add("other")
    claim(one, "review")

    first, second = work_queue.summaries(at=AT + timedelta(hours=2))

    assert (first.queue.name, first.waiting, first.claimed, first.overdue) == ("other", 1, 0, 1)
    assert (second.queue.name, second.waiting, second.claimed, second.overdue) == (
        "review", 1, 1, 0,
    )  # fmt: skip
    assert (second.oldest_at, second.deadline_at) == (AT, AT + timedelta(hours=4))


def test_an_empty_queue_is_listed_last(db):
    add("review")

    assert [one.queue.name for one in work_queue.summaries(at=AT)] == ["review", "other"]
    assert work_queue.summaries(at=AT)[1][1:] == (0, 0, 0, None, None)


def test_the_database_takes_no_claim_without_a_person(db):
    add()

    with pytest.raises(IntegrityError, match="work_item_claimed_by_someone"), transaction.atomic():
        execute("UPDATE backoffice_workitem SET state = 'claimed'")

    assert WorkItem.objects.get().state == "waiting"


def test_an_item_that_another_connection_locks_is_passed_over(committed_db):
    one, other = staff("one", RIGHT), staff("other", RIGHT)
    first, second = add(), add()
    held, done = Event(), Event()

    def hold():
        with transaction.atomic():
            claim(one)
            held.set()
            assert done.wait(30)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert held.wait(30)
    taken = claim(other)
    assert taken.subject_id == second.pk
    assert claim(other) is None
    done.set()
    thread.join()

    holders = WorkItem.objects.values_list("subject_id", "claimed_by__username")
    assert dict(holders) == {first.pk: "one", second.pk: "other"}


def test_many_people_at_once_never_get_one_item(together):
    people = [staff(f"person{number}", RIGHT) for number in range(6)]
    for _number in range(4):
        add()

    taken = [item.pk for item in together(6, lambda number: claim(people[number])) if item]

    assert sorted(taken) == sorted(row["id"] for row in rows())
    assert len({row["claimed_by_id"] for row in rows()}) == 4


def test_a_record_may_bring_its_own_deadline(db):
    customer = Customer.objects.create(registered_at=AT)

    with transaction.atomic():
        work_queue.add([customer], queue="review", at=AT, deadline_at=AT + timedelta(days=20))

    item = WorkItem.objects.get()
    assert (item.added_at, item.deadline_at) == (AT, AT + timedelta(days=20))
