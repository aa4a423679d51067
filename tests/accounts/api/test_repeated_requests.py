"""A request that is sent again gets the first reply, also when the process was killed in between.

A process is killed by raising ``Killed`` where nothing of the request's own code catches it: what
was committed stays, what was not is rolled back, and no handler runs.
"""

import contextlib
from datetime import timedelta

import pytest

from accounts.models import (
    Authorisation,
    BankCard,
    Complaint,
    CustomerHold,
    IdentityVerification,
)
from accounts.urls import urlpatterns
from backoffice.core import clock
from backoffice.platform import idempotency, rate_limit
from backoffice.web.api import endpoint
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.people import person

KEYED = {"idempotency-key": "one"}
PASSWORD = "Transfer2026"
# Contract: what moves money or changes a limit needs a key. None of these does.
KEY_IS_OPTIONAL = {
    "auth/wechat", "auth/logout", "me/identity", "me/complaints", "me/deletion", "me/face-checks",
    "me/cards", "me/cards/<uuid:public_id>/default", "me/transaction-password/unlock", "me/assets",
}  # fmt: skip
KEY_IS_REQUIRED = {"me/authorisations"}


class Killed(BaseException):
    """The process is gone."""


def _identity(phone, **headers):
    who = person()
    body = {
        "name": who.name,
        "id_number": who.id_number,
        "valid_until": None,
        "face_token": f"look of {phone.openid}",
    }
    return phone.post("me/identity", body, **headers)


def _card(phone, **headers):
    who = person()
    return phone.post("me/cards", {"number": who.card_number, "phone": who.phone}, **headers)


def _default(phone, **headers):
    [card] = phone.get("me/cards").json()["results"]
    return phone.post(f"me/cards/{card['id']}/default", **headers)


def _complaint(phone, **headers):
    return phone.post("me/complaints", {"text": "too dear"}, **headers)


def _password(phone, **headers):
    return phone.put("me/transaction-password", {"password": PASSWORD}, **headers)


def _unlock(phone, **headers):
    return phone.post("me/transaction-password/unlock", {"face_token": "look again"}, **headers)


def _grant(phone, **headers):
    body = {"password": PASSWORD, "purpose": "drawdown", "amount_fen": 100}
    return phone.post("me/authorisations", body, **headers)


# What must be done before each call, and the call.
CALLS = {
    "identity": ([], _identity),
    "card": ([_identity], _card),
    "default": ([_identity, _card], _default),
    "complaint": ([_identity], _complaint),
    "password": ([_identity], _password),
    "unlock": ([_identity], _unlock),
    "grant": ([_identity, _password], _grant),
}


@pytest.fixture
def phone(committed_db, cheap_hashing, stopped_clock):
    """Somebody whose cooling-off period is over, in a database that commits."""
    phone = Phone("repeating").log_in()
    wait(30)
    return phone


def prepare(phone, name):
    earlier, call = CALLS[name]
    for one in earlier:
        assert one(phone).status_code < 300
    return call


def kill_in(monkeypatch, owner, name, *, after=True):
    """Let the process die after (or before) a function, once."""
    real = getattr(owner, name)

    def dying(*args, **kwargs):
        monkeypatch.setattr(owner, name, real)
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(owner, name, dying)


def die(call, phone):
    with contextlib.suppress(Killed):
        call(phone, **KEYED)
        pytest.fail("the process survived")


def same(answer, again):
    return (
        answer.status_code == again.status_code
        and answer.content == again.content
        and answer.headers.get("content-type") == again.headers.get("content-type")
        and again.headers["Idempotent-Replayed"] == "true"
    )


@pytest.mark.parametrize("name", CALLS)
def test_a_repeated_request_gets_the_same_bytes_and_a_header(phone, name):
    call = prepare(phone, name)
    first = call(phone, **KEYED)

    again = call(phone, **KEYED)

    assert first.status_code < 300
    assert same(first, again)
    assert "Idempotent-Replayed" not in first.headers


@pytest.mark.parametrize("name", CALLS)
def test_a_process_that_dies_after_its_effect_has_stored_the_reply(phone, monkeypatch, name):
    call = prepare(phone, name)
    # The last thing that a request does: everything it commits is committed.
    kill_in(monkeypatch, endpoint, "_response", after=False)
    die(call, phone)

    again, once_more = call(phone, **KEYED), call(phone, **KEYED)

    assert again.status_code < 300, again.content
    assert same(again, once_more)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("name", CALLS)
def test_the_reply_is_committed_with_the_effect(phone, monkeypatch, name):
    call = prepare(phone, name)
    # Nothing is stored after the command: the reply is there already.
    monkeypatch.setattr(idempotency, "release", lambda claim: None)
    monkeypatch.setattr(endpoint, "_served", lambda serving, work, request: _work_and_die(work))
    die(call, phone)
    monkeypatch.undo()

    again = call(phone, **KEYED)

    assert again.status_code < 300, again.content
    assert again.headers["Idempotent-Replayed"] == "true"


def _work_and_die(work):
    work()
    raise Killed


def test_the_request_that_identified_is_never_refused_as_identified(phone, monkeypatch):
    monkeypatch.setattr(endpoint, "_served", lambda serving, work, request: _work_and_die(work))
    die(_identity, phone)
    monkeypatch.undo()

    again = _identity(phone, **KEYED)

    assert (again.status_code, again.json()["state"]) == (200, "passed")
    assert again.json()["customer"]["state"] == "identified"
    assert IdentityVerification.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "model"), [("identity", IdentityVerification), ("card", BankCard)]
)
def test_a_process_that_dies_before_the_answer_of_the_provider_is_continued(
    phone, monkeypatch, name, model, later
):
    call = prepare(phone, name)
    owner = {"identity": "accounts.identity.operations.identities",
             "card": "accounts.cards.operations.cards"}[name]  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(f"{owner}._ask", _die)
        die(call, phone)
    assert problem(call(phone, **KEYED)) == (409, "request-in-progress")
    later(seconds=61)

    answer = call(phone, **KEYED)

    assert answer.status_code < 300, answer.content
    assert model.objects.count() == 1
    assert same(answer, call(phone, **KEYED))


def test_a_submission_that_was_decided_meanwhile_answers_what_became_of_it(
    phone, monkeypatch, later
):
    with monkeypatch.context() as patch:
        patch.setattr("accounts.identity.operations.identities._ask", _die)
        die(_identity, phone)
    assert _identity(phone).status_code == 200  # without the key: the open submission is checked
    later(seconds=61)

    answer = _identity(phone, **KEYED)

    assert (answer.status_code, answer.json()["state"]) == (200, "passed")
    assert IdentityVerification.objects.count() == 1


def test_a_face_check_that_was_begun_is_continued(phone, monkeypatch, later):
    call = prepare(phone, "unlock")
    with monkeypatch.context() as patch:
        patch.setattr("accounts.identity.operations.faces._ask", _die)
        die(call, phone)
    later(seconds=61)

    assert call(phone, **KEYED).status_code == 204


def _die(*_args, **_kwargs):
    raise Killed


@pytest.fixture
def later(monkeypatch):
    """Let machine time go on."""

    def go_on(*, seconds):
        real = endpoint.clock.wall
        monkeypatch.setattr(endpoint.clock, "wall", lambda: real() + timedelta(seconds=seconds))

    return go_on


def test_a_person_who_joins_a_customer_still_gets_the_reply(phone):
    assert _identity(phone).status_code == 200
    twin = Phone("same-person", device_number=2).log_in()
    wait(30)
    first = _identity(twin, **KEYED)

    assert first.status_code == 200, first.content
    assert same(first, _identity(twin, **KEYED))


def test_a_recorded_refusal_is_a_reply(phone):
    body = {"name": "张不符", "id_number": person().id_number, "valid_until": None,
            "face_token": "look"}  # fmt: skip
    first = phone.post("me/identity", body, **KEYED)

    again = phone.post("me/identity", body, **KEYED)

    assert problem(first) == (422, "identity-refused")
    assert same(first, again)


def test_a_customer_on_hold_still_gets_the_reply_and_nothing_else(phone, hold):
    prepare(phone, "grant")
    first = _grant(phone, **KEYED)
    hold(phone)

    assert same(first, _grant(phone, **KEYED))
    assert problem(_grant(phone, **{"idempotency-key": "two"})) == (403, "customer-on-hold")
    assert Authorisation.objects.count() == 1


@pytest.fixture
def hold():
    """Block a customer."""

    def place(phone):
        CustomerHold.objects.create(
            customer=phone.customer, kind="block", holder="risk", reason="an inquiry",
            placed_by="staff", placed_at=clock.now(),
        )  # fmt: skip

    return place


def test_another_body_under_the_same_key_is_refused(phone):
    _complaint(phone, **KEYED)

    other = phone.post("me/complaints", {"text": "something else"}, **KEYED)

    assert problem(other) == (422, "idempotency-key-reused")
    assert Complaint.objects.count() == 1


def test_a_grant_without_a_key_is_refused(phone):
    prepare(phone, "grant")
    body = {"password": PASSWORD, "purpose": "drawdown", "amount_fen": 100}

    answer = phone.client.post(
        "/api/v1/me/authorisations", body, content_type="application/json",
        headers={"authorization": f"Bearer {phone.token}"},
    )  # fmt: skip

    assert problem(answer) == (400, "idempotency-key-missing")
    assert not Authorisation.objects.exists()
    assert rate_limit.left(
        scope="transaction-password", subject=f"customer:{phone.customer.pk}",
        on=endpoint.clock.day_of(endpoint.clock.wall()), limit=5,
    ) == 5  # fmt: skip


def test_every_post_is_known_to_need_a_key_or_not():
    required, optional = set(), set()
    for pattern in urlpatterns:
        post = getattr(pattern.callback.view_class, "post", None)
        if post is not None:
            use = getattr(post, "idempotency_key", None)
            kind = required if use is not None and use.is_required else optional
            kind.add(str(pattern.pattern))

    assert required == KEY_IS_REQUIRED
    assert optional == KEY_IS_OPTIONAL
