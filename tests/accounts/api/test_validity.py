"""What was true at the verification is asked again at every step (ELIG-1, ELIG-3, ELIG-4)."""

from datetime import date

import pytest

from accounts import tasks
from accounts.models import Customer, IdentityVerification
from backoffice.core.models import OutboxMessage, StateChange
from tests.accounts.api.conftest import problem, wait
from tests.accounts.people import person

SECOND = 1 / 86_400
PROFILE = {"monthly_income_fen": 800_000, "occupation": "employee"}


def card(phone):
    return phone.bind(phone.who)


def consents(phone):
    answers = [
        phone.put(f"me/consents/{purpose}", {"granted": True})
        for purpose in ("agreement", "bureau", "payment")
    ]
    return answers[0]


def profile(phone):
    return phone.put("me/profile", PROFILE)


STEPS = (card, consents, profile)


@pytest.fixture
def come(waited):
    """Return somebody who has come as far as before a step."""

    def so_far(step, who=None, **sent):
        waited.who = who or person()
        assert waited.identify(waited.who, **sent).status_code == 200
        for earlier in STEPS[: STEPS.index(step)]:
            assert earlier(waited).status_code in (200, 201)
        return waited

    return so_far


def state():
    return Customer.objects.get().state


@pytest.mark.parametrize("step", STEPS)
def test_a_result_is_valid_for_24_hours(come, step):
    phone = come(step)
    before = state()
    wait(1)

    answer = step(phone)

    assert problem(answer) == (409, "identity-stale")
    assert answer.json()["next_steps"][0] == {
        "step": "identity", "state": "next", "method": "POST", "endpoint": "/api/v1/me/identity",
    }  # fmt: skip
    assert state() == before


@pytest.mark.parametrize("step", STEPS)
def test_a_second_before_it_still_opens(come, step):
    phone = come(step)
    wait(1 - SECOND)

    assert step(phone).status_code in (200, 201)


@pytest.mark.parametrize("step", STEPS)
def test_an_expired_id_card_stops_every_step(come, step):
    phone = come(step, valid_until="2026-12-24")
    before = state()
    wait(1 - SECOND)

    answer = step(phone)

    assert problem(answer) == (422, "id-card-expired")
    assert "2026-12-24" in answer.json()["detail"]
    assert state() == before


@pytest.mark.parametrize("step", STEPS)
def test_a_sixty_first_birthday_stops_every_step(come, step):
    phone = come(step, person(born_on=date(1965, 12, 25)))
    before = state()
    wait(1 - SECOND)

    assert problem(step(phone)) == (403, "age-out-of-range")
    assert state() == before


def test_who_is_verified_again_goes_on_from_there(come):
    phone = come(profile)
    wait(2)

    answer = phone.identify(face_token="another look", valid_until="2040-01-01")

    assert (answer.status_code, answer.json()["customer"]["state"]) == (200, "consented")
    assert profile(phone).status_code == 200
    assert state() == "ready"
    assert Customer.objects.get().id_valid_until_on == date(2040, 1, 1)
    assert StateChange.objects.filter(transition="renew_identity").count() == 1


def test_an_account_is_never_verified_as_another_person(come):
    phone = come(card)
    wait(1)

    answer = phone.identify(person(2), face_token="another look")

    assert problem(answer) == (403, "identity-of-another-person")
    assert IdentityVerification.objects.count() == 1


def test_a_second_verification_that_fails_changes_nothing(come):
    phone = come(card)
    wait(1)

    refused = phone.identify(face_token="sandbox:not-live")

    assert problem(refused) == (422, "identity-refused")
    assert (state(), problem(card(phone))) == ("identified", (409, "step-missing"))
    assert phone.identify(face_token="another look").status_code == 200
    assert card(phone).status_code == 201


def test_a_second_verification_in_review_waits_as_a_first_does(come):
    phone = come(card)
    wait(1)

    answer = phone.identify(face_token="sandbox:score=75")

    assert (answer.status_code, answer.json()["state"]) == (202, "in_review")
    [identity, *_others] = answer.json()["customer"]["next_steps"]
    assert (identity["state"], state()) == ("waiting", "identified")


def test_who_was_ready_is_verified_again_before_an_assessment(come):
    phone = come(profile)
    profile(phone)
    wait(1)

    steps = {step["step"]: step["state"] for step in phone.get("me").json()["next_steps"]}

    assert (steps["identity"], steps["assessment"]) == ("next", "locked")
    assert state() == "ready"


def test_a_card_that_its_bank_confirms_late_serves_after_another_verification(come):
    phone = come(card)
    wait(0.5)
    assert phone.bind(phone="19900020001").status_code == 202
    wait(0.6)
    [message] = OutboxMessage.objects.all()
    tasks.check_card(message.payload, key="x")

    assert problem(consents(phone)) == (409, "identity-stale")
    assert phone.identify(face_token="another look").status_code == 200
    assert consents(phone).status_code == 200
    assert state() == "consented"


def test_the_transaction_password_is_no_step_of_the_line(come, cheap_hashing):
    phone = come(card, person(born_on=date(1965, 12, 25)))
    wait(10)

    body = {"password": "Sunny-day-2026"}
    assert phone.put("me/transaction-password", body).status_code == 200
