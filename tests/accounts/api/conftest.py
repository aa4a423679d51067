"""A customer's phone: calls the endpoints as the mini program does, at a moment of one's choice."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Customer, LoginSession
from backoffice.core import clock
from tests.accounts.people import device, person
from tests.policies import put_in_force

KEYED = ("me/authorisations", "me/line/temporary-limits")  # what requires an idempotency key


class Phone:
    """A client that sends JSON and the token of its login."""

    def __init__(self, openid: str, device_number: int = 1) -> None:
        self.openid = openid
        self.device = device(device_number)
        self.token = ""
        self.client = Client(raise_request_exception=False)

    def log_in(self, code: str | None = None) -> "Phone":
        """Log in; the reply must be good."""
        answer = self.post("auth/wechat", {"code": code or f"sandbox:{self.openid}",
                                           "device": self.device})  # fmt: skip
        assert answer.status_code == 200, answer.json()
        self.token = answer.json()["token"]
        return self

    @property
    def customer(self) -> Customer:
        """The customer of the newest session."""
        return LoginSession.objects.latest("pk").account.customer

    def get(self, path: str, **headers: str) -> Any:
        return self._call("get", path, None, headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._call("delete", path, None, headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._call("post", path, body, headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._call("put", path, body, headers)

    def identify(self, who: Any = None, **other: Any) -> Any:
        """Send name, number and face; other fields replace those of the person."""
        who = who or person()
        body = {"name": who.name, "id_number": who.id_number, "valid_until": None,
                "face_token": f"face of {self.openid}"}  # fmt: skip
        return self.post("me/identity", body | other)

    def bind(self, who: Any = None, **other: Any) -> Any:
        """Send a card; other fields replace those of the person."""
        who = who or person()
        return self.post("me/cards", {"number": who.card_number, "phone": who.phone} | other)

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        sent = {"accept-language": "en", **headers}
        if (path in KEYED or path.startswith("loans/")) and not {
            "idempotency-key",
            "Idempotency-Key",
        } & set(sent):
            sent["idempotency-key"] = uuid4().hex
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        ask = getattr(self.client, method)
        given = {"data": "" if body is None else body, "content_type": "application/json"}
        if method in ("get", "delete"):
            given = {}
        return ask(f"/api/v1/{path}", headers=sent, **given)


def wait(days: float) -> None:
    """Let product time go on."""
    clock.move_to(clock.now() + timedelta(days=days))


@pytest.fixture
def newcomer(db, stopped_clock) -> Phone:
    """Somebody who has just registered."""
    return Phone("newcomer").log_in()


@pytest.fixture
def waited(newcomer) -> Phone:
    """Somebody whose cooling-off period is over, with a fresh login."""
    wait(30)
    return newcomer


@pytest.fixture
def identified(waited) -> Phone:
    """Somebody whose identity is verified."""
    assert waited.identify().status_code == 200
    return waited


@pytest.fixture
def in_policy(db) -> Callable[..., None]:
    """Put numbers of accounts into force, as two of the staff do."""

    def put(**numbers: Any) -> None:
        put_in_force("accounts", numbers, on=date(2026, 1, 1))

    return put


def problem(answer: Any) -> tuple[int, str]:
    """Return status and code of a problem document."""
    assert answer["content-type"] == "application/problem+json", answer.content
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def carded(identified) -> Phone:
    """Somebody with a card that receives money."""
    assert identified.bind().status_code == 201
    return identified


@pytest.fixture
def consented(carded) -> Phone:
    """Somebody who gave the consents that an assessment needs."""
    for purpose in ("agreement", "bureau", "payment"):
        assert carded.put(f"me/consents/{purpose}", {"granted": True}).status_code == 200
    return carded


@pytest.fixture
def another(identified) -> Phone:
    """Somebody else whose identity is verified, on a device of their own."""
    other = Phone("another", device_number=2).log_in()
    Customer.objects.filter(pk=other.customer.pk).update(
        registered_at=clock.now() - timedelta(days=30)
    )
    assert other.identify(person(2)).status_code == 200
    return other
