"""Every reply that a test receives from an endpoint is compared with the description.

The comparison stands in ``tests/conftest.py`` and holds for every test; here it must fail.
"""

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.login.api import me as endpoint
from accounts.login.api.logins import BlockedError, CodeError
from backoffice.web.api import error_catalogue, problems


@pytest.fixture
def replying(newcomer, monkeypatch):
    """Read the customer where the endpoint returns, or raises, something else."""
    real = endpoint.me

    def replying(change):
        monkeypatch.setattr(endpoint, "me", lambda *given: change(real(*given)))
        return newcomer.get("me")

    return replying


def raising(error):
    def change(_reply):
        raise error

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda reply: {**reply, "extra": 1}, "'extra' was unexpected"),
        (lambda reply: {"id": reply["id"]}, '"state" is a required property'),
        (lambda reply: {**reply, "is_on_hold": "no"}, "is_on_hold"),
        (lambda reply: {**reply, "registered_at": "today"}, "registered_at"),
        (lambda reply: {**reply, "state": "asleep"}, "state"),
        (lambda reply: {**reply, "next_steps": [{"step": "card"}]}, "next_steps"),
        (raising(BlockedError()), "403 is not described"),
        (raising(CodeError()), "wechat-code-bad"),
    ],
)
def test_a_reply_that_is_not_as_described_fails_the_test(replying, change, fault):
    with pytest.raises(AssertionError, match="not as described") as failure:
        replying(change)

    assert fault in str(failure.value)


def test_a_reply_as_described_does_not(replying):
    assert replying(lambda reply: reply).status_code == 200


def test_a_type_that_leads_nowhere_fails_the_test(newcomer, monkeypatch):
    monkeypatch.setattr(problems, "type_of", lambda code: "/api/errors/nothing")

    with pytest.raises(AssertionError, match="leads nowhere"):
        newcomer.get("nothing")


def test_a_missing_entry_fails_the_test(newcomer, monkeypatch):
    monkeypatch.setattr(error_catalogue, "entries", dict)

    with pytest.raises(AssertionError, match="leads nowhere"):
        newcomer.get("nothing")


def test_an_undescribed_reply_of_a_health_check_fails_the_test(db, monkeypatch):
    monkeypatch.setattr("backoffice.web.api.health.partitions.warnings", lambda on: [1])

    with pytest.raises(AssertionError, match="not as described"):
        Client().get("/readyz")


def test_a_page_of_the_staff_is_not_compared(db):
    assert Client().get("/nothing").status_code == 404


def test_a_page_where_nothing_is_described_fails_the_test(newcomer, monkeypatch):
    monkeypatch.setattr(problems, "plain", lambda _refusal, _request: HttpResponse("here"))

    with pytest.raises(AssertionError, match="200 where nothing is described"):
        newcomer.get("nothing")


def test_a_reply_without_a_body_is_compared_by_nothing(db):
    assert Client().head("/api/v1/me").status_code == 401
