"""The cards of a customer through HTTP: bound, listed, chosen, taken away, and each refusal."""

import uuid

import pytest

from accounts import tasks
from accounts.cards.operations import cards
from accounts.models import BankBin, BankCard, CardHold, ProviderCall
from backoffice.core.models import OutboxMessage
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.cards.cards import ONE, TWO, bound, customer
from tests.accounts.people import person

# Phones that the sandbox's bank knows (docs/sandbox-identity.md).
UNPROVEN, CLASS_TWO, CLASS_THREE = "19900010000", "19900010002", "19900010003"
DOWN, LATE = "19900020000", "19900020001"
WRONG_PHONE, LOST, EXPIRED = "19900000500", "19900001300", "19900001400"


def send(caller: Phone, n: int = 1, headers: dict[str, str] | None = None, **other):
    """Send the n-th card; other fields replace its own."""
    who = person(n)
    body = {"number": who.card_number, "phone": who.phone} | other
    return caller.post("me/cards", body, **(headers or {}))


def listed(phone: Phone):
    return phone.get("me/cards").json()["results"]


def states():
    return list(BankCard.objects.order_by("pk").values_list("state", flat=True))


def deliver():
    """Do what the outbox does with what waits in it."""
    for message in OutboxMessage.objects.filter(topic="accounts.card"):
        tasks.check_card(message.payload, key=message.key)


def test_a_card_is_bound_and_the_way_goes_on(identified):
    answer = send(identified)

    assert answer.status_code == 201
    card = BankCard.objects.get()
    assert answer.json() == {
        "id": str(card.public_id),
        "bank": "建设银行",
        "last_four": person().card_number[-4:],
        "state": "active",
        "account_class": "I",
        "day_limit_fen": None,
        "is_default": True,
        "needs_proof": False,
        "refusal": None,
        "bound_at": "2026-12-24T15:00:00+08:00",
    }
    steps = {step["step"]: step["state"] for step in identified.get("me").json()["next_steps"]}
    assert (steps["card"], steps["consents"]) == ("done", "next")


def test_the_list_is_masked(identified):
    send(identified)

    answer = identified.get("me/cards")

    assert answer.json() == {"next": None, "previous": None, "results": [send(identified).json()]}
    text = answer.content.decode()
    assert person().card_number not in text and person().phone not in text


@pytest.mark.parametrize(
    ("phone", "status", "state", "account_class", "day_limit_fen", "needs_proof"),
    [
        (CLASS_TWO, 201, "repay_only", "II", 1_000_000, False),
        (UNPROVEN, 202, "pending", "unknown", None, True),
        (DOWN, 202, "pending", "unknown", None, False),
    ],
)
def test_what_else_can_become_of_a_card(
    identified, phone, status, state, account_class, day_limit_fen, needs_proof
):
    answer = send(identified, phone=phone)

    reply = answer.json()
    assert (answer.status_code, reply["state"]) == (status, state)
    assert (reply["account_class"], reply["day_limit_fen"]) == (account_class, day_limit_fen)
    assert (reply["needs_proof"], reply["is_default"]) == (needs_proof, False)


def test_a_bank_that_answers_late_is_asked_again(identified):
    assert send(identified, phone=LATE).status_code == 202

    deliver()

    assert states() == ["active"]
    calls = ProviderCall.objects.filter(action="card").order_by("pk")
    assert [(call.attempt, call.verdict) for call in calls] == [(1, "unavailable"), (2, "match")]


def test_a_bank_that_is_silent_for_a_day_rejects(identified):
    send(identified, phone=DOWN)
    wait(1)

    deliver()

    assert listed(identified)[0]["refusal"]["reason"] == "card-no-answer"
    # The identity was verified as long ago, and is verified again first (ELIG-3).
    assert problem(send(identified)) == (409, "identity-stale")
    assert identified.identify(face_token="another look").status_code == 200
    assert send(identified).status_code == 201


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        (WRONG_PHONE, "card-wrong-phone"),
        (LOST, "card-lost"),
        (EXPIRED, "card-expired"),
        (CLASS_THREE, "card-class-three"),
    ],
)
def test_a_rejected_card_says_why_and_what_to_do(identified, phone, reason):
    answer = send(identified, phone=phone)

    assert problem(answer) == (422, "card-refused")
    [card] = listed(identified)
    assert answer.json()["reason"] == card["refusal"]["reason"] == reason
    assert answer.json()["detail"].endswith(card["refusal"]["remedy"])
    assert (card["state"], card["is_default"]) == ("rejected", False)


def test_a_key_makes_one_card_of_two_requests(identified):
    keyed = {"idempotency-key": "one"}
    first = send(identified, phone=LOST, headers=keyed)

    again = send(identified, phone=LOST, headers=keyed)

    assert first.json() == again.json()
    assert problem(again) == (422, "card-refused")
    assert states() == ["rejected"]
    other = send(identified, 2, phone=LOST, headers=keyed)
    assert problem(other) == (422, "idempotency-key-reused")


def test_the_same_card_without_a_key_is_the_same_card(identified):
    first = send(identified)

    assert send(identified).json() == first.json()
    assert states() == ["active"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"number": 6217000010001234567}, 400, "invalid-input"),
        ({"number": ""}, 400, "invalid-input"),
        ({"number": None}, 400, "invalid-input"),
        ({"number": "6" * 41}, 400, "invalid-input"),
        ({"phone": 13800000001}, 400, "invalid-input"),
        ({"phone": ["13800000001"]}, 400, "invalid-input"),
        ({"phone": "1" * 21}, 400, "invalid-input"),
        ({"account_class": "I"}, 400, "invalid-input"),
        ({"number": "6217000000000000010"}, 422, "card-number-bad"),
        ({"number": "621700000000"}, 422, "card-number-bad"),
        ({"number": "no digits at all"}, 422, "card-number-bad"),
        ({"phone": "12345678901"}, 422, "card-phone-bad"),
        ({"number": "4111111111111111"}, 422, "card-bank-unknown"),
    ],
)
def test_bad_fields_change_nothing(identified, sent, status, code):
    answer = send(identified, **sent)

    assert problem(answer) == (status, code)
    assert str(sent.get("number") or "none sent") not in answer.content.decode()
    assert states() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 400, "invalid-input"),
        ("text", 400, "malformed-body"),
        ([], 400, "invalid-input"),
        ({}, 400, "invalid-input"),
        ({"number": "6217000000000000019"}, 400, "invalid-input"),
    ],
)
def test_a_body_without_a_card_changes_nothing(identified, body, status, code):
    assert problem(identified.post("me/cards", body)) == (status, code)
    assert states() == []


def test_credit_cards_and_banks_that_are_switched_off_are_refused(identified):
    BankBin.objects.filter(prefix__startswith="6217").update(kind="credit")
    assert problem(send(identified)) == (422, "credit-card")
    BankBin.objects.filter(prefix__startswith="6217").update(kind="debit", is_supported=False)

    assert problem(send(identified)) == (422, "card-bank-unsupported")
    assert states() == []


def test_five_tries_a_day_are_enough(identified):
    for n in range(5):
        send(identified, n, phone=WRONG_PHONE)

    assert problem(send(identified, 5)) == (429, "too-many-card-tries")
    assert states() == ["rejected"] * 5


def test_the_card_comes_after_the_identity(waited):
    answer = send(waited)

    assert problem(answer) == (409, "step-missing")
    assert answer.json()["missing_step"] == "identity"
    assert states() == []


def test_in_the_cooling_off_period_the_list_can_be_read(newcomer):
    assert problem(send(newcomer)) == (403, "cooling-off")
    assert listed(newcomer) == []


def test_a_stranger_sees_and_sends_nothing(db):
    stranger = Phone("stranger")

    assert problem(stranger.get("me/cards")) == (401, "not-logged-in")
    assert problem(send(stranger)) == (401, "not-logged-in")
    assert states() == []


def test_another_card_can_be_the_default(identified):
    send(identified, 1)
    second = send(identified, 2).json()

    answer = identified.post(f"me/cards/{second['id']}/default")

    assert (answer.status_code, answer.json()["is_default"]) == (200, True)
    assert [card["is_default"] for card in listed(identified)] == [False, True]


def test_a_card_that_only_repays_is_no_default(identified):
    send(identified, 1)
    second = send(identified, 2, phone=CLASS_TWO).json()

    answer = identified.post(f"me/cards/{second['id']}/default")

    assert problem(answer) == (409, "card-not-active")
    assert [card["is_default"] for card in listed(identified)] == [True, False]


def test_a_card_is_taken_away_once(identified):
    first, second = send(identified, 1).json(), send(identified, 2).json()

    assert identified.delete(f"me/cards/{first['id']}").status_code == 204

    assert [(card["id"], card["is_default"]) for card in listed(identified)] == [
        (second["id"], True)
    ]
    assert problem(identified.delete(f"me/cards/{first['id']}")) == (404, "not-found")
    assert states() == ["unbound", "active"]


def test_a_held_card_is_not_taken_away(identified):
    card = send(identified).json()
    cards.hold(
        BankCard.objects.get().pk,
        holder="auto-debit",
        by="test",
        at=BankCard.objects.get().bound_at,
    )

    answer = identified.delete(f"me/cards/{card['id']}")

    assert problem(answer) == (409, "card-held")
    assert "another card" in answer.json()["detail"]
    assert states() == ["active"]
    assert CardHold.objects.count() == 1


def test_a_rejected_card_is_not_taken_away(identified):
    send(identified, phone=LOST)
    [card] = listed(identified)

    assert problem(identified.delete(f"me/cards/{card['id']}")) == (409, "card-not-bound")
    assert states() == ["rejected"]


@pytest.mark.parametrize("account_class", [ONE, TWO])
def test_the_card_of_another_customer_is_not_there(identified, account_class):
    theirs = bound(customer(9), 9, account_class=account_class)

    assert problem(identified.delete(f"me/cards/{theirs.public_id}")) == (404, "not-found")
    assert problem(identified.post(f"me/cards/{theirs.public_id}/default")) == (404, "not-found")

    assert listed(identified) == []
    assert BankCard.objects.get().state == theirs.state


@pytest.mark.parametrize("name", [str(uuid.UUID(int=1)), "1", "x"])
def test_a_card_that_never_was_is_not_there(identified, name):
    assert problem(identified.delete(f"me/cards/{name}")) == (404, "not-found")
    assert problem(identified.post(f"me/cards/{name}/default")) == (404, "not-found")


@pytest.mark.parametrize(("method", "path"), [("put", "me/cards"), ("delete", "me/cards")])
def test_other_methods_do_not_exist(identified, method, path):
    assert problem(getattr(identified, method)(path)) == (405, "method-not-allowed")
