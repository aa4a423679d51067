"""Login with WeChat: who comes in, for how long, and how it ends."""

from datetime import timedelta

import pytest

from accounts.models import Customer, Device, DeviceLink, LoginSession, WechatAccount
from tests.accounts.api.conftest import Phone, problem
from tests.accounts.people import device

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def body(**other):
    return {"code": "sandbox:somebody", "device": device()} | other


def test_a_newcomer_is_registered(newcomer):
    me = newcomer.get("me").json()

    assert me["state"] == "registered"
    assert me["registered_at"] == "2026-11-24T15:00:00+08:00"
    assert me["cooling_off_until"] == "2026-12-24T15:00:00+08:00"
    assert [line["state"] for line in me["next_steps"]] == ["locked"] * 6


def test_the_same_account_is_the_same_customer(newcomer):
    again = Phone("newcomer", device_number=2).log_in()

    assert again.customer == newcomer.customer
    assert Customer.objects.count() == WechatAccount.objects.count() == 1
    assert Device.objects.count() == DeviceLink.objects.count() == LoginSession.objects.count() == 2


def test_a_device_is_known_again_and_described_again(newcomer):
    newcomer.device["os_version"] = "17"
    newcomer.log_in()

    known = Device.objects.get()
    assert (known.os_version, known.is_vpn) == ("17", None)
    assert b"fingerprint" not in bytes(known.fingerprint_blind)


def test_the_token_is_not_in_the_database(newcomer):
    stored = LoginSession.objects.get()

    assert len(newcomer.token) == 43
    assert newcomer.token.encode() not in bytes(stored.token_digest)
    assert len(bytes(stored.token_digest)) == 32


@pytest.mark.parametrize("path", ["me", "auth/sessions", "me/identity", "me/wechat-accounts"])
@pytest.mark.parametrize(
    "sent",
    [None, "Bearer", "Bearer x", "Basic abc", f"Bearer {'a' * 43}", f"Bearer {'é' * 43}",
     f"Bearer {'a' * 43} b"],
)  # fmt: skip
def test_nobody_comes_in_without_a_good_token(newcomer, path, sent):
    newcomer.token = ""

    answer = newcomer.get(path, **({"authorization": sent} if sent else {}))

    assert problem(answer) == (401, "not-logged-in")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_session_lasts_two_hours_after_its_last_use(newcomer, stopped_clock):
    stopped_clock.shift(2 * HOUR - timedelta(seconds=1))
    assert newcomer.get("me").status_code == 200
    stopped_clock.shift(2 * HOUR - timedelta(seconds=1))
    assert newcomer.get("me").status_code == 200

    stopped_clock.shift(2 * HOUR)

    assert problem(newcomer.get("me")) == (401, "not-logged-in")


def test_a_session_ends_after_seven_days_however_much_it_is_used(newcomer, stopped_clock):
    for _ in range(7 * 24 - 1):
        stopped_clock.shift(HOUR)
        assert newcomer.get("auth/sessions").status_code == 200

    stopped_clock.shift(HOUR)

    assert problem(newcomer.get("me")) == (401, "not-logged-in")


def test_logging_out_ends_the_session_at_once(newcomer):
    other = Phone("newcomer").log_in()

    assert newcomer.post("auth/logout").status_code == 204

    assert problem(newcomer.get("me")) == (401, "not-logged-in")
    assert other.get("me").status_code == 200


def test_a_customer_ends_a_session_of_another_device(newcomer):
    lost = Phone("newcomer", device_number=2).log_in()
    [mine, _] = sorted(newcomer.get("auth/sessions").json()["results"], key=lambda s: -s["is_this"])
    [its] = [s for s in newcomer.get("auth/sessions").json()["results"] if not s["is_this"]]

    assert newcomer.delete(f"auth/sessions/{its['id']}").status_code == 204

    assert problem(lost.get("me")) == (401, "not-logged-in")
    assert newcomer.get("me").status_code == 200
    assert problem(newcomer.delete(f"auth/sessions/{its['id']}")) == (404, "not-found")
    assert mine["id"] != its["id"]


def test_nobody_ends_the_session_of_somebody_else(newcomer):
    other = Phone("other").log_in()
    [its] = other.get("auth/sessions").json()["results"]

    assert problem(newcomer.delete(f"auth/sessions/{its['id']}")) == (404, "not-found")

    assert other.get("me").status_code == 200


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        (body(code=1), "/code", "wrong-type"),
        (body(code=""), "/code", "blank"),
        (body(code="x" * 201), "/code", "max-length"),
        ({"code": "sandbox:a"}, "/device", "required"),
        (body(extra=1), "/extra", "unknown"),
        (body(device=[]), "/device", "invalid"),
        (body(device=device(is_rooted="no")), "/device/is_rooted", "wrong-type"),
        (body(device=device(is_rooted=None)), "/device/is_rooted", "null"),
        (body(device=device(fingerprint="short")), "/device/fingerprint", "min-length"),
        (body(device=device(os="bada")), "/device/os", "invalid-choice"),
        (body(device=device(model="x" * 81)), "/device/model", "max-length"),
        (body(device=device(colour="red")), "/device/colour", "unknown"),
    ],
)
def test_a_bad_login_names_the_field_and_changes_nothing(db, sent, pointer, code):
    answer = Phone("x").post("auth/wechat", sent)

    assert problem(answer) == (400, "invalid-input")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        (pointer, code)
    ]
    assert not Customer.objects.exists() and not Device.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("unknown", 401, "wechat-code-bad"),
        ("sandbox!bad-code", 401, "wechat-code-bad"),
        ("sandbox!blocked", 403, "wechat-blocked"),
        ("sandbox!too-often", 429, "wechat-too-often"),
        ("sandbox!busy", 503, "wechat-unavailable"),
        ("sandbox!timeout", 503, "wechat-unavailable"),
    ],
)
def test_what_wechat_refuses_is_refused(db, sent, status, code):
    answer = Phone("x").post("auth/wechat", body(code=sent))

    assert problem(answer) == (status, code)
    assert sent not in answer.content.decode()
    assert not Customer.objects.exists()


def test_the_last_account_cannot_be_taken_away(newcomer):
    [only] = newcomer.get("me/wechat-accounts").json()["results"]

    assert problem(newcomer.delete(f"me/wechat-accounts/{only['id']}")) == (409, "last-account")
    assert newcomer.get("me").status_code == 200
