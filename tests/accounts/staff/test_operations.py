"""Wrong passwords of staff: counted by name and place, followed by a wait that ends by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.staff import operations as logins
from backoffice.core.models import ThrottleCount

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 9, 15, 56, tzinfo=UTC)  # 23:56 in Shanghai, the last window of the day


def spend(count, *, name="admin", place="address 10.0.0.1", at=AT):
    for _n in range(count):
        logins.take_try(name, place=place, wall_at=at)


def is_open(**where):
    try:
        spend(1, **where)
    except logins.TooManyPasswordsError:
        return False
    return True


def test_the_sixth_password_is_not_compared():
    spend(5)

    with pytest.raises(logins.TooManyPasswordsError) as refusal:
        spend(1)

    assert refusal.value.facts == {"until": "00:05"}
    assert [count.taken for count in ThrottleCount.objects.all()] == [5]


def test_the_wait_lasts_over_midnight_and_ends_at_the_announced_time():
    spend(5)
    late = AT + timedelta(minutes=5)

    with pytest.raises(logins.TooManyPasswordsError) as refusal:
        spend(1, at=late)

    assert refusal.value.facts == {"until": "00:05"}
    assert is_open(at=AT + timedelta(minutes=9))


def test_tries_of_two_windows_are_counted_together():
    spend(3)
    later = AT + timedelta(minutes=5)
    spend(2, at=later)

    assert not is_open(at=later)


@pytest.mark.parametrize(
    "other", [{"name": "manager"}, {"place": "address 10.0.0.2"}, {"place": "browser b"}]
)
def test_other_names_and_places_are_not_held_up(other):
    spend(5)

    assert is_open(**other)
    assert not is_open()


def test_the_right_password_gives_the_tries_back():
    spend(4)

    logins.forget_tries("admin", place="address 10.0.0.1", wall_at=AT)

    spend(5)
    assert not is_open()


def test_the_count_names_nobody():
    spend(1)

    assert "admin" not in ThrottleCount.objects.get().subject
