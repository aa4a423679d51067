"""Messages: written with their fact, delivered at least once, never lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from threading import Lock

import pytest
import time_machine
from django.db import connection, transaction

from backoffice.core.models import OutboxMessage
from backoffice.platform import outbox
from backoffice.platform.outbox import LEASE, RETRY_AFTER, Delivered, Message

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
WALL = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Postman:
    """A handler that remembers what it was given and fails when shown to."""

    def __init__(self):
        self.given = []
        self.failing = None

    def __call__(self, payload, *, key):
        self.given.append((key, payload))
        if self.failing:
            raise self.failing


@pytest.fixture(autouse=True)
def no_other_topics(monkeypatch):
    monkeypatch.setattr(outbox, "_handlers", {})


@pytest.fixture
def postman():
    postman = Postman()
    outbox.register("notice", postman)
    return postman


@pytest.fixture
def wall():
    with time_machine.travel(WALL, tick=False) as traveller:
        yield traveller


def post(*keys, topic="notice"):
    with transaction.atomic():
        outbox.post([Message(topic, key, {"to": key}) for key in keys], at=AT)


def message(key="a"):
    return OutboxMessage.objects.get(key=key)


def keys_given(postman):
    return [key for key, _payload in postman.given]


# Posting


@pytest.mark.django_db
def test_a_message_is_written_with_its_payload():
    payload = {"words": "已逾期 {1,2} \"'\\", "amount_fen": 1, "none": None, "list": [1, [2]]}
    outbox.post([Message("notice", "bill:1", payload)], at=AT)

    row = message("bill:1")
    assert (row.topic, row.payload, row.created_at) == ("notice", payload, AT)
    assert (row.tries, row.error, row.leased_until, row.done_at, row.dead_at) == (
        0, "", None, None, None,
    )  # fmt: skip


@pytest.mark.django_db
def test_an_announcement_repeated_is_one_message():
    outbox.post([Message("notice", "a", {"n": 1})], at=AT)
    outbox.post([Message("notice", "a", {"n": 2}), Message("notice", "b", {})], at=AT)
    outbox.post([Message("webhook", "a", {}), Message("webhook", "a", {})], at=AT)

    found = OutboxMessage.objects.order_by("pk").values_list("topic", "key", "payload")
    assert list(found) == [("notice", "a", {"n": 1}), ("notice", "b", {}), ("webhook", "a", {})]


@pytest.mark.django_db
def test_a_thousand_messages_are_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        outbox.post([Message("notice", str(n), {"n": n}) for n in range(1000)], at=AT)

    assert OutboxMessage.objects.count() == 1000


@pytest.mark.django_db
def test_posting_nothing_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        outbox.post([], at=AT)


@pytest.mark.django_db
@pytest.mark.parametrize("value", [float("nan"), AT, b"bytes"])
def test_a_payload_that_is_not_json_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        outbox.post([Message("notice", "a", {"value": value})], at=AT)

    assert OutboxMessage.objects.count() == 0


def test_a_message_outside_a_transaction_is_refused(committed_db):
    with pytest.raises(AssertionError, match="transaction of its fact"):
        outbox.post([Message("notice", "a", {})], at=AT)

    assert OutboxMessage.objects.count() == 0


def test_a_message_falls_with_its_fact(committed_db):
    with transaction.atomic():
        outbox.post([Message("notice", "a", {})], at=AT)
        transaction.set_rollback(True)

    assert OutboxMessage.objects.count() == 0


def test_transactions_that_announce_the_same_facts_do_not_deadlock(together):
    keys = [str(number) for number in range(200)]

    together(8, lambda number: post(*(keys if number % 2 else reversed(keys))))

    assert OutboxMessage.objects.count() == 200


def test_a_topic_has_one_handler(postman):
    with pytest.raises(AssertionError, match="notice already has a handler"):
        outbox.register("notice", Postman())


# Delivering


def test_messages_are_handed_over_oldest_first_and_once(committed_db, postman, wall):
    post("b")
    post("a")

    assert outbox.deliver() == Delivered(done=2)
    assert outbox.deliver() == Delivered()

    assert postman.given == [("b", {"to": "b"}), ("a", {"to": "a"})]
    row = message()
    assert (row.tries, row.error, row.leased_until, row.done_at) == (1, "", None, WALL)


def test_a_round_takes_no_more_than_its_limit(committed_db, postman):
    post("a", "b", "c")

    assert outbox.deliver(limit=2) == Delivered(done=2)
    assert keys_given(postman) == ["a", "b"]


def test_handlers_run_outside_any_transaction(committed_db):
    seen = []
    outbox.register("notice", lambda payload, *, key: seen.append(connection.in_atomic_block))
    post("a")

    outbox.deliver()

    assert seen == [False]


@pytest.mark.django_db
def test_delivering_inside_a_transaction_is_refused(postman):
    with pytest.raises(AssertionError, match="outside any transaction"):
        outbox.deliver()

    assert postman.given == []


def test_a_failure_does_not_stop_the_others(committed_db, wall):
    def only_b(payload, *, key):
        if key != "b":
            raise ConnectionError(f"no line to {key}")

    outbox.register("notice", only_b)
    post("a", "b", "c")

    assert outbox.deliver() == Delivered(done=1, failed=2)
    assert message("a").error == "ConnectionError: no line to a"
    assert message("b").done_at == WALL
    assert (message("c").tries, message("c").done_at, message("c").dead_at) == (1, None, None)


def test_a_failed_message_rests_and_is_tried_again(committed_db, postman, wall):
    post("a")
    postman.failing = TimeoutError("slow")
    outbox.deliver()
    postman.failing = None

    wall.shift(timedelta(seconds=59))
    assert outbox.deliver() == Delivered()
    wall.shift(timedelta(seconds=1))
    assert outbox.deliver() == Delivered(done=1)

    assert (message().tries, message().error) == (2, "")


def test_a_message_that_always_fails_rests_longer_and_is_given_up(committed_db, postman, wall):
    post("a")
    postman.failing = TimeoutError("slow")

    for rest in RETRY_AFTER:
        assert outbox.deliver() == Delivered(failed=1)
        wall.shift(rest - timedelta(microseconds=1))
        assert outbox.deliver() == Delivered()
        wall.shift(timedelta(microseconds=1))
    assert outbox.deliver() == Delivered(dead=1)
    wall.shift(timedelta(days=30))
    assert outbox.deliver() == Delivered()

    row = message()
    assert (row.tries, row.error, row.done_at) == (8, "TimeoutError: slow", None)
    assert row.dead_at == WALL + sum(RETRY_AFTER, timedelta())
    assert len(postman.given) == 8


def test_the_rests_are_one_five_thirty_and_a_hundred_and_twenty_minutes_at_first():
    assert [rest.total_seconds() / 60 for rest in RETRY_AFTER[:4]] == [1, 5, 30, 120]
    assert list(RETRY_AFTER) == sorted(RETRY_AFTER)


def test_a_long_error_is_kept_in_part(committed_db, postman):
    post("a")
    postman.failing = RuntimeError("x" * 10_000)

    outbox.deliver()

    assert message().error == "RuntimeError: " + "x" * 1986


def test_a_message_without_a_handler_waits_with_that_written_on_it(committed_db, postman, wall):
    post("a", topic="webhook")
    post("b")

    assert outbox.deliver() == Delivered(done=1)
    row = message("a")
    assert "no handler is registered for this topic" in row.error
    assert (row.tries, row.leased_until, row.done_at, row.dead_at) == (0, None, None, None)

    outbox.register("webhook", postman)
    assert outbox.deliver() == Delivered(done=1)
    assert (message("a").error, message("a").done_at) == ("", WALL)


def test_nothing_is_lost_when_no_topic_is_known(committed_db):
    post("a")

    assert outbox.deliver() == Delivered()
    assert message().done_at is None


# Killed and slow workers


class Killed(BaseException):
    """Stands for a worker that dies in a handler: nothing after it runs."""


def test_a_killed_worker_s_message_is_tried_again_when_its_lease_is_over(
    committed_db, postman, wall
):
    post("a", "b")
    postman.failing = Killed()
    with pytest.raises(Killed):
        outbox.deliver()
    postman.failing = None

    wall.shift(LEASE - timedelta(microseconds=1))
    assert outbox.deliver() == Delivered()
    wall.shift(timedelta(microseconds=1))
    assert outbox.deliver() == Delivered(done=2)

    assert keys_given(postman) == ["a", "a", "b"]
    assert (message("a").tries, message("b").tries) == (2, 1)


def test_a_message_that_kills_every_worker_is_given_up(committed_db, postman, wall):
    post("a")
    postman.failing = Killed()
    for _ in range(len(RETRY_AFTER) + 1):
        with pytest.raises(Killed):
            outbox.deliver()
        wall.shift(LEASE)

    assert outbox.deliver() == Delivered(dead=1)
    assert "killed its worker" in message().error
    assert len(postman.given) == 8


def test_a_slow_worker_leaves_what_another_took_meanwhile(committed_db, wall):
    given = []

    def slow(payload, *, key):
        given.append(key)
        if given == ["a"]:
            wall.shift(LEASE * 2)
            outbox.deliver()

    outbox.register("notice", slow)
    post("a", "b")

    assert outbox.deliver() == Delivered(done=1)

    assert given == ["a", "a", "b"]
    assert OutboxMessage.objects.filter(done_at=None).count() == 0
    assert (message("a").tries, message("b").tries) == (2, 1)


def test_a_slow_worker_does_not_write_over_the_one_that_holds_its_message_now(committed_db, wall):
    given = []

    def slow_then_killed(payload, *, key):
        given.append(key)
        if len(given) == 2:
            raise Killed
        wall.shift(LEASE * 2)
        with pytest.raises(Killed):
            outbox.deliver()
        raise TimeoutError

    outbox.register("notice", slow_then_killed)
    post("a")
    outbox.deliver()

    row = message()
    assert (row.tries, row.error, row.leased_until) == (2, "", WALL + LEASE * 3)


def test_no_message_is_handled_by_two_workers(together):
    given, lock = Counter(), Lock()

    def count(payload, *, key):
        with lock:
            given[key] += 1

    outbox.register("notice", count)
    post(*(f"{number:03}" for number in range(300)))

    delivered = together(8, lambda _number: [outbox.deliver(limit=20) for _ in range(30)])

    assert set(given.values()) == {1}
    assert len(given) == sum(one.done for rounds in delivered for one in rounds) == 300
    assert set(OutboxMessage.objects.values_list("tries", flat=True)) == {1}


def test_a_worker_is_started_once_the_transaction_has_committed(
    db, monkeypatch, django_capture_on_commit_callbacks
):
    started = []
    monkeypatch.setattr(outbox, "_starters", [lambda: started.append("worker")])

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        outbox.deliver_soon()
        assert started == []

    assert started == ["worker"]
