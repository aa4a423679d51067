"""Exactly so many a day, however many ask at once."""

from datetime import date

import pytest
from django.db import transaction

from backoffice.core.models import ThrottleCount
from backoffice.platform import rate_limit
from tests.raw import execute, refused

DAY, NEXT_DAY = date(2026, 3, 1), date(2026, 3, 2)
LOGIN = {"scope": "login", "subject": "customer:1"}


def take(limit=3, *, on=DAY, **other):
    return rate_limit.take(**{**LOGIN, **other}, on=on, limit=limit)


def rows():
    return list(ThrottleCount.objects.order_by("pk").values_list("subject", "taken_on", "taken"))


@pytest.mark.django_db
def test_as_many_as_the_limit_are_taken_and_no_more():
    assert [take() for _ in range(5)] == [True, True, True, False, False]
    assert rows() == [("customer:1", DAY, 3)]


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [0, -1])
def test_of_nothing_nothing_is_taken(limit):
    assert take(limit) is False
    assert rows() == []


@pytest.mark.django_db
def test_a_lower_limit_holds_at_once_and_a_higher_one_too():
    assert [take(2), take(2)] == [True, True]

    assert [take(1), take(2), take(3)] == [False, False, True]
    assert rows() == [("customer:1", DAY, 3)]


@pytest.mark.django_db
def test_another_day_begins_again():
    assert [take(1), take(1), take(1, on=NEXT_DAY)] == [True, False, True]


@pytest.mark.django_db
@pytest.mark.parametrize("other", [{"subject": "customer:2"}, {"scope": "code"}])
def test_another_subject_and_another_scope_are_counted_by_themselves(other):
    assert [take(1), take(1), take(1, **other)] == [True, False, True]


@pytest.mark.django_db
def test_what_is_given_back_can_be_taken_again():
    take(1)

    rate_limit.give_back(**LOGIN, on=DAY)

    assert [take(1), take(1)] == [True, False]


@pytest.mark.django_db
def test_no_more_is_given_back_than_was_taken():
    rate_limit.give_back(**LOGIN, on=DAY)
    take(1)

    for _ in range(3):
        rate_limit.give_back(**LOGIN, on=DAY)

    assert rows() == [("customer:1", DAY, 0)]
    assert [take(1), take(1)] == [True, False]


@pytest.mark.django_db
def test_what_is_left_is_the_limit_less_what_was_taken():
    limits = {"limit": 2, "on": DAY}
    seen = [rate_limit.left(**LOGIN, **limits)]
    for _ in range(3):
        take(3)
        seen.append(rate_limit.left(**LOGIN, **limits))

    assert seen == [2, 1, 0, 0]


@pytest.mark.django_db
def test_a_cleared_subject_has_the_day_s_whole_limit_again():
    take(1)
    take(1, subject="customer:2")

    rate_limit.clear(**LOGIN, on=DAY)

    assert rate_limit.left(**LOGIN, on=DAY, limit=1) == 1
    assert rows() == [("customer:2", DAY, 1)]


@pytest.mark.django_db
def test_earlier_days_are_forgotten():
    take(), take(on=NEXT_DAY)

    assert rate_limit.forget(before=NEXT_DAY) == 1
    assert rows() == [("customer:1", NEXT_DAY, 1)]


@pytest.mark.parametrize(
    "call",
    [
        take,
        lambda: rate_limit.give_back(**LOGIN, on=DAY),
        lambda: rate_limit.forget(before=NEXT_DAY),
    ],
)
def test_a_count_is_never_part_of_the_work(committed_db, call):
    take()

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        call()

    assert rows() == [("customer:1", DAY, 1)]


def test_work_that_fails_has_used_its_try(committed_db):
    with pytest.raises(ZeroDivisionError):
        take(1) and 1 / 0

    assert take(1) is False


def test_of_fifty_at_once_exactly_the_limit_take(together):
    outcomes = together(50, lambda _number: take(7))

    assert (outcomes.count(True), outcomes.count(False)) == (7, 43)
    assert rows() == [("customer:1", DAY, 7)]


def test_fifty_that_take_and_give_back_at_once_leave_nothing_taken(together):
    def take_and_give_back(_number):
        assert take(50)
        rate_limit.give_back(**LOGIN, on=DAY)

    together(50, take_and_give_back)

    assert rows() == [("customer:1", DAY, 0)]


def test_fifty_subjects_at_once_do_not_disturb_each_other(together):
    assert together(50, lambda number: take(1, subject=f"customer:{number}")) == [True] * 50


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "by"),
    [
        (("login", "customer:2", -1), "throttle_count_not_negative"),
        (("", "customer:2", 1), "throttle_count_of_somebody"),
        (("login", "", 1), "throttle_count_of_somebody"),
        (("login", "customer:1", 1), "throttle_count_once"),
    ],
)
def test_the_database_refuses_what_cannot_have_been_counted(values, by):
    take()

    with refused(by, "backoffice_throttlecount"):
        execute(
            "INSERT INTO backoffice_throttlecount (scope, subject, taken, taken_on) "
            "VALUES (%s, %s, %s, '2026-03-01')",
            *values,
        )


@pytest.mark.django_db
def test_the_database_refuses_to_count_below_nothing():
    take()

    with refused("throttle_count_not_negative", "backoffice_throttlecount"):
        execute("UPDATE backoffice_throttlecount SET taken = taken - 2")
