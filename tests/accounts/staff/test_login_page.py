"""The login page: a message after repeated wrong passwords, and the language of the person."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Staff
from accounts.staff.admin.login_page import COOKIE

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 9, 2, 1, tzinfo=UTC)
ATTACKER, COLLEAGUE = "203.0.113.9", "10.0.0.1"
PASSWORD = "right-password-7"
LIMIT = "Too many wrong passwords. Wait until 10:10 and try again"


@pytest.fixture(autouse=True)
def manager():
    with time_machine.travel(AT, tick=False):
        yield Staff.objects.create_user("manager", password=PASSWORD, is_staff=True)


def post(client, password, *, address=COLLEAGUE, language="en"):
    given = {"username": "manager", "password": password}
    return client.post(reverse("admin:login"), given, REMOTE_ADDR=address,
                       headers={"accept-language": language})  # fmt: skip


def guess(times, **where):
    return [post(Client(), f"wrong-{n}", **where).content.decode() for n in range(times)]


def test_after_five_wrong_passwords_the_page_says_how_long_to_wait():
    pages = guess(13)

    assert [LIMIT in page for page in pages] == [False] * 5 + [True] * 8
    assert post(Client(), PASSWORD).status_code == 200  # the right one is not compared either


def test_the_message_is_in_the_language_of_the_person():
    guess(5)

    assert "密码错误次数过多。请在 10:10 之后重试" in guess(1, language="zh-hans")[0]


def test_an_attacker_elsewhere_locks_nobody_out():
    guess(13, address=ATTACKER)

    assert post(Client(), PASSWORD).status_code == 302


def test_a_browser_that_is_known_is_not_locked_out_from_its_own_address():
    before, later = Client(), Client()
    assert post(before, PASSWORD).status_code == 302
    later.cookies[COOKIE] = before.cookies[COOKIE].value
    guess(13)

    assert post(Client(), PASSWORD).status_code == 200
    assert post(later, PASSWORD).status_code == 302


def test_the_cookie_of_another_person_or_a_forged_one_opens_nothing():
    Staff.objects.create_user("auditor", password=PASSWORD, is_staff=True)
    other = Client()
    other.post(reverse("admin:login"), {"username": "auditor", "password": PASSWORD})
    known = other.cookies[COOKIE].value
    guess(5)

    for value in (known, known[:-1], "x"):
        client = Client()
        client.cookies[COOKIE] = value
        assert post(client, PASSWORD).status_code == 200


def test_the_wait_ends():
    guess(5)

    with time_machine.travel(AT.replace(minute=10), tick=False):
        assert post(Client(), PASSWORD).status_code == 302


def test_the_language_is_switched_on_the_page():
    client, address = Client(headers={"accept-language": "en"}), reverse("admin:login")
    back = f"{address}?next=/admin/"
    page = client.get(back).content.decode()
    assert 'value="zh-hans"' in page
    assert f'name="next" value="{back}"' in page

    switched = client.post(
        reverse("set_language"), {"language": "zh-hans", "next": back}, follow=True
    )

    page = switched.content.decode()
    assert '<html lang="zh-hans"' in page
    assert ">English</button>" in page  # each language in its own name
