"""What a customer reads of the credit line, and the request for a temporary limit."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from backoffice.core import clock
from risk.lines import operations as lines
from risk.models import CreditLine, TemporaryLimit
from tests.accounts.api.conftest import (  # noqa: F401 - fixtures
    Phone,
    identified,
    newcomer,
    problem,
    waited,
)
from tests.accounts.conftest import stopped_clock  # noqa: F401 - a fixture
from tests.risk.lines.making import BY, granted, report

TEMPORARY = "me/line/temporary-limits"
ADDRESSES = ("me/line", "me/line/changes", TEMPORARY)


@pytest.fixture
def lined(waited):  # noqa: F811
    """Somebody with a line of 14,000.00 and three bills paid in full."""
    on = clock.business_date()
    line = granted(who=waited.customer, on=on)
    for n in (90, 60, 30):
        report(line, on - timedelta(n))
    return waited


def ask(phone, amount_fen=280_000, days=30, **headers):
    return phone.post(TEMPORARY, {"amount_fen": amount_fen, "days": days}, **headers)


@pytest.mark.parametrize("address", ADDRESSES)
def test_before_there_is_a_line_the_next_steps_are_named(newcomer, address):  # noqa: F811
    answer = newcomer.get(address)

    assert problem(answer) == (404, "no-credit-line")
    assert [step["endpoint"] for step in answer.json()["next_steps"]] == ["/api/v1/me"]


def test_every_amount_and_the_sentence_that_adds_them_up(lined):
    lines.reserve(CreditLine.objects.get().pk, amount_fen=190_000)

    assert lined.get("me/line").json() == {
        "limit_fen": 1_400_000, "temporary_fen": 0, "buffer_fen": 210_000, "held_fen": 0,
        "reserved_fen": 190_000, "drawn_fen": 0, "usable_fen": 1_000_000, "target_fen": 1_400_000,
        "state": "active",
        "why": "Limit 14,000.00 + temporary limit 0.00 - buffer 2,100.00 (15% of both) - held 0.00 "
        "- reserved 1,900.00 - drawn 0.00 = 10,000.00 yuan, which can be drawn.",
        "holds": [],
    }  # fmt: skip


def test_the_open_holds_add_up_to_what_is_held(lined):
    line, at = CreditLine.objects.get(), clock.now()
    for source in ("payment:1", "payment:2"):
        purchase = lines.Purchase(line.customer_id, source, 600_000, at)
        lines.hold_for_purchase([purchase], by=BY, on=clock.day_of(at))
    lines.release_holds(["payment:1"], by=BY, at=at)

    found = lined.get("me/line").json()

    [hold] = found["holds"]
    assert (hold["purchase_fen"], hold["held_fen"]) == (600_000, 480_000)
    assert datetime.fromisoformat(hold["until_at"]) == at + timedelta(hours=72)
    assert found["held_fen"] == 480_000


def test_the_sentence_is_in_the_language_of_the_caller(lined):
    answer = lined.get("me/line", **{"accept-language": "zh-hans"}).json()

    assert answer["why"] == (
        "授信额度 14,000.00 + 临时额度 0.00 - 额度缓冲 2,100.00（两者合计的 15%） - 备用金 0.00 - "
        "已预留 0.00 - 已支用 0.00 = 11,900.00 元，可供支用。"
    )


def test_each_change_names_its_rule_the_newest_first(lined):
    line, on = CreditLine.objects.get(), clock.business_date()
    change = lines.InputsChange(line.pk, "x", income_fen=800_000)
    lines.revise([change], by=BY, on=on, at=clock.now())

    latest, first = lined.get("me/line/changes").json()["results"]

    assert (first["old_fen"], first["new_fen"], first["rule"]) == (0, 1_400_000, "LIMIT-1")
    assert (latest["target_fen"], latest["reason_code"]) == (1_600_000, "limit-new-inputs")
    assert latest["text"] == (
        "The limit of 14,000.00 yuan goes to 16,000.00 yuan: income, occupation, assets or "
        "consumption changed (LIMIT-13)."
    )
    assert len(lined.get("me/line/changes?limit=1").json()["results"]) == 1


def test_the_line_of_another_customer_is_not_shown(lined):
    other = Phone("other", 2).log_in()

    assert problem(other.get("me/line")) == (404, "no-credit-line")


def test_a_temporary_limit_is_granted_at_once_and_once_for_a_key(lined):
    key = {"idempotency-key": uuid4().hex}

    first, second = ask(lined, **key), ask(lined, **key)

    assert (first.status_code, first.json()["state"]) == (201, "granted")
    assert (second.content, second["Idempotent-Replayed"]) == (first.content, "true")
    assert TemporaryLimit.objects.count() == 1
    assert lined.get("me/line").json()["temporary_fen"] == 280_000
    assert [one["state"] for one in lined.get(TEMPORARY).json()["results"]] == ["granted"]


def test_without_a_key_nothing_is_requested(lined):
    lined.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {lined.token}"
    answer = lined.client.post(
        f"/api/v1/{TEMPORARY}", {"amount_fen": 1, "days": 1}, content_type="application/json"
    )

    assert problem(answer) == (400, "idempotency-key-missing")
    assert not TemporaryLimit.objects.exists()


@pytest.mark.parametrize(
    ("amount_fen", "days", "code", "fact"),
    [
        (280_001, 30, "temporary-limit-amount", ("most_fen", 280_000)),
        (280_000, 31, "temporary-limit-days", ("days_max", 30)),
    ],
)
def test_a_refusal_is_stored_and_returned_again_for_its_key(lined, amount_fen, days, code, fact):
    key = {"idempotency-key": uuid4().hex}

    first, second = (ask(lined, amount_fen, days, **key) for _ in "12")

    assert problem(first) == (409, code)
    assert first.json()[fact[0]] == fact[1]
    assert second.content == first.content
    [stored] = lined.get(TEMPORARY).json()["results"]
    assert (stored["state"], stored["refusal"]) == ("refused", code.rpartition("-")[2])


def test_the_bills_must_have_been_paid_in_full(lined):
    report(CreditLine.objects.get(), clock.business_date() - timedelta(1), "min_paid")

    assert problem(ask(lined)) == (409, "temporary-limit-bills")


def test_one_is_in_force_at_a_time(lined):
    ask(lined)

    assert problem(ask(lined)) == (409, "temporary-limit-in-force")
    assert TemporaryLimit.objects.count() == 1


def test_a_suspended_line_has_no_temporary_limit(lined):
    line = CreditLine.objects.get()
    lines.suspend([line.customer_id], by=BY, reason="overdue", at=clock.now())

    assert problem(ask(lined)) == (409, "line-not-active")


@pytest.mark.parametrize(
    ("amount_fen", "days"), [(0, 30), (-1, 30), (1.5, 30), (1, 0), ("1", 30), (1, True)]
)
def test_a_malformed_request_stores_nothing(lined, amount_fen, days):
    assert problem(ask(lined, amount_fen, days)) == (400, "invalid-input")
    assert not TemporaryLimit.objects.exists()
