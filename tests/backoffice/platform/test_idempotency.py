"""One effect and one reply for a request that is sent twice, also at the same moment."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from backoffice.core.models import IdempotencyKey
from backoffice.platform import idempotency
from backoffice.platform.idempotency import (
    BadKeyError,
    InProgressError,
    KeyClaim,
    KeyReusedError,
    Stored,
)

AT = datetime(2024, 3, 1, 9, tzinfo=UTC)
REQUEST = {"principal": "customer:1", "key": "k-1"}
CLAIM = KeyClaim(**REQUEST)
REPLY = '{"z": "42", "a": ["已受理"], "m": 1.50}'.encode()
BODY = b'POST /loans {"amount_fen": 100}'


def keep(status, reply):
    return idempotency.keep(CLAIM, Stored(status, reply))


def reserve(*, at=AT, body=BODY, **other):
    return idempotency.reserve(**{**REQUEST, **other}, body=body, at=at)


def refusal(call):
    try:
        return call()
    except idempotency.Refused as refused:
        return type(refused)


def rows():
    return list(IdempotencyKey.objects.order_by("pk").values_list("key", "status", "created_at"))


@pytest.mark.django_db
def test_the_first_sending_is_the_caller_s_to_do():
    assert reserve() == CLAIM
    assert rows() == [("k-1", None, AT)]


@pytest.mark.django_db
def test_the_second_sending_gets_the_first_reply():
    reserve()
    keep(201, REPLY)

    assert reserve(at=AT + timedelta(days=29)) == Stored(201, REPLY)
    assert rows() == [("k-1", 201, AT)]


@pytest.mark.django_db
def test_an_empty_reply_is_a_reply():
    reserve()
    keep(204, b"")

    assert reserve() == Stored(204, b"")


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused():
    reserve()
    keep(201, b"{}")

    with pytest.raises(KeyReusedError) as refused:
        reserve(body=BODY + b" ")

    assert refused.value.code == "idempotency-key-reused"
    assert rows() == [("k-1", 201, AT)]


@pytest.mark.django_db
def test_a_request_in_progress_is_not_begun_again():
    reserve()

    with pytest.raises(InProgressError) as refused:
        reserve(at=AT + timedelta(seconds=59))

    assert refused.value.code == "request-in-progress"
    assert rows() == [("k-1", None, AT)]


@pytest.mark.django_db
def test_another_body_is_refused_also_while_the_first_is_in_progress_and_after():
    reserve()

    assert refusal(lambda: reserve(body=b"other")) is KeyReusedError
    assert refusal(lambda: reserve(body=b"other", at=AT + timedelta(days=1))) is KeyReusedError
    assert rows() == [("k-1", None, AT)]


@pytest.mark.django_db
def test_keys_of_two_principals_are_two_keys():
    reserve()

    assert reserve(principal="customer:2", body=b"other") == KeyClaim("customer:2", "k-1")


@pytest.mark.django_db
def test_work_that_failed_without_effect_may_be_sent_again_at_once():
    reserve()
    idempotency.release(CLAIM)

    assert reserve(body=b"corrected") == CLAIM


@pytest.mark.django_db
def test_an_answered_request_is_not_released():
    reserve()
    keep(201, b"{}")

    idempotency.release(CLAIM)

    assert reserve() == Stored(201, b"{}")


@pytest.mark.django_db
def test_a_reservation_left_by_a_killed_process_is_taken_over_after_its_lease():
    later = AT + timedelta(seconds=60)
    reserve()

    assert reserve(at=later) == CLAIM
    assert refusal(lambda: reserve(at=later)) is InProgressError
    assert rows() == [("k-1", None, later)]


@pytest.mark.django_db
def test_the_first_kept_reply_stands():
    reserve()
    first = keep(201, b"of the one who took over")

    assert keep(200, b"of the slow one") == first
    assert reserve() == first


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * 81, "two words", "键", "line\n"])
def test_a_malformed_key_is_refused(key):
    assert refusal(lambda: reserve(key=key)) is BadKeyError
    assert rows() == []


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["k", "k" * 80, "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "!~"])
def test_a_plain_key_is_taken(key):
    assert reserve(key=key) == KeyClaim("customer:1", key)


@pytest.mark.django_db
def test_old_keys_are_forgotten():
    for number, days in enumerate([31, 30, 29]):
        reserve(key=f"k-{number}", at=AT - timedelta(days=days))

    assert idempotency.forget(before=AT - timedelta(days=30)) == 1
    assert [key for key, _status, _at in rows()] == ["k-1", "k-2"]


@pytest.mark.django_db
def test_the_keys_of_a_client_who_has_left_are_forgotten():
    reserve()
    reserve(key="k-2")
    reserve(principal="customer:11")

    assert idempotency.forget_of("customer:1", "customer:3") == 2

    assert list(IdempotencyKey.objects.values_list("principal", flat=True)) == ["customer:11"]


def test_a_reservation_is_never_part_of_the_work(committed_db):
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        reserve()

    assert rows() == []


def test_a_reply_falls_with_the_effect_that_it_tells_of(committed_db):
    reserve()
    with transaction.atomic():
        keep(201, b"{}")
        transaction.set_rollback(True)

    assert refusal(reserve) is InProgressError
    assert rows() == [("k-1", None, AT)]


@transaction.atomic
@idempotency.replies
def command(result):
    return result


@pytest.mark.django_db
def test_a_command_stores_the_reply_to_the_request_that_it_serves():
    with idempotency.serving(reserve(), render=lambda result: Stored(201, result)) as serving:
        assert command(b"done") == b"done"

    assert reserve() == serving.stored == Stored(201, b"done")


@pytest.mark.django_db
def test_a_command_without_a_keyed_request_stores_nothing():
    reserve()
    command(b"done")

    assert rows() == [("k-1", None, AT)]


def test_what_a_killed_request_had_begun_is_known_to_the_next_one(committed_db):
    with idempotency.serving(reserve(), render=lambda _: Stored(201, b"")), transaction.atomic():
        idempotency.began(42)
    later = reserve(at=AT + timedelta(seconds=60))

    with idempotency.serving(later, render=lambda _: Stored(201, b"")):
        assert idempotency.begun_id() == later.begun_id == 42
    assert idempotency.begun_id() is None


@pytest.mark.django_db
def test_only_the_very_request_is_answered():
    reserve()
    assert not idempotency.is_answered(**REQUEST, body=BODY)
    keep(201, b"{}")

    assert idempotency.is_answered(**REQUEST, body=BODY)
    assert not idempotency.is_answered(**REQUEST, body=b"other")


def test_of_fifty_parallel_sendings_exactly_one_is_done(together):
    outcomes = together(50, lambda _number: refusal(reserve))

    assert sorted(map(str, outcomes)) == sorted(map(str, [CLAIM] + [InProgressError] * 49))
    assert rows() == [("k-1", None, AT)]


def test_of_fifty_parallel_sendings_exactly_one_takes_over(together):
    reserve()
    later = AT + timedelta(minutes=5)

    outcomes = together(50, lambda _number: refusal(lambda: reserve(at=later)))

    assert outcomes.count(CLAIM) == 1
    assert outcomes.count(InProgressError) == 49


def test_fifty_keys_sent_in_parallel_do_not_disturb_each_other(together):
    outcomes = together(50, lambda number: refusal(lambda: reserve(key=f"k-{number}")))

    assert outcomes == [KeyClaim("customer:1", f"k-{number}") for number in range(50)]
    assert len(rows()) == 50
