"""Consents through HTTP: each purpose by itself, given in its turn, taken back at any time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.consents.operations import consents
from accounts.consents.rules import PURPOSES
from accounts.models import Consent, Customer, CustomerHold, IdentityVerification
from accounts.onboarding import operations as onboarding
from accounts.onboarding.rules.onboarding import Step
from backoffice.core import clock
from tests.accounts.api.conftest import problem
from tests.accounts.people import AT, LONG_AGO, request_of
from tests.raw import execute, refused

REQUIRED = ("agreement", "bureau", "payment")


def give(phone, purpose, granted=True):
    return phone.put(f"me/consents/{purpose}", {"granted": granted})


def in_force():
    return set(Consent.objects.filter(withdrawn_at=None).values_list("purpose", flat=True))


def test_every_purpose_says_what_taking_it_back_changes(newcomer):
    rows = newcomer.get("me/consents").json()["results"]

    assert {row["purpose"] for row in rows} == set(PURPOSES)
    assert {row["purpose"] for row in rows if row["is_required"]} == set(REQUIRED)
    assert all(row["text"] and row["withdrawal_effect"] and row["version"] for row in rows)
    assert not any(row["is_given"] for row in rows)


def test_the_required_consents_lead_on(carded):
    for purpose in REQUIRED:
        assert carded.get("me").json()["state"] == "identified"
        assert give(carded, purpose).json()["is_given"] is True

    me = carded.get("me").json()
    assert me["state"] == "consented"
    assert {line["step"]: line["state"] for line in me["next_steps"]}["profile"] == "next"


def test_a_consent_needs_the_steps_before_it(identified):
    answer = give(identified, "bureau")

    assert problem(answer) == (409, "step-missing")
    assert answer.json()["missing_step"] == "card"
    assert {"step": "card", "state": "next", "method": "POST", "endpoint": "/api/v1/me/cards"} in (
        answer.json()["next_steps"]
    )
    assert in_force() == {"biometrics"}


def test_in_the_cooling_off_period_a_consent_is_taken_back_but_not_given(newcomer):
    assert problem(give(newcomer, "bureau")) == (403, "cooling-off")
    assert problem(give(newcomer, "biometrics")) == (403, "cooling-off")

    assert give(newcomer, "bureau", granted=False).status_code == 200
    assert not Consent.objects.exists()


def test_what_is_taken_back_stays_on_record(carded):
    for purpose in REQUIRED:
        give(carded, purpose)
    answer = give(carded, "payment", granted=False)

    assert answer.json()["is_given"] is False
    assert Consent.objects.get(purpose="payment").withdrawn_at is not None
    me = carded.get("me").json()
    assert {line["step"]: line["state"] for line in me["next_steps"]}["consents"] == "next"

    give(carded, "payment")

    assert Consent.objects.filter(purpose="payment").count() == 2
    assert set(REQUIRED) < in_force()


def test_giving_and_taking_back_twice_changes_nothing(carded):
    for granted in (True, True, False, False):
        give(carded, "social", granted)

    assert Consent.objects.filter(purpose="social").count() == 1
    assert "social" not in in_force()


@pytest.mark.parametrize(
    ("purpose", "body", "status", "code"),
    [
        ("unknown", {"granted": True}, 404, "unknown-purpose"),
        ("social", {"granted": "yes"}, 400, "invalid-input"),
        ("social", {"granted": None}, 400, "invalid-input"),
        ("social", {}, 400, "invalid-input"),
        ("social", {"granted": True, "version": "1"}, 400, "invalid-input"),
        ("social", [], 400, "invalid-input"),
    ],
)
def test_bad_consents_change_nothing(carded, purpose, body, status, code):
    assert problem(carded.put(f"me/consents/{purpose}", body)) == (status, code)
    assert in_force() == {"biometrics"}


def test_the_ledger_cannot_be_rewritten(identified):
    with refused("consent_as_given", "accounts_consent"):
        execute("UPDATE accounts_consent SET version = 'other'")
    with refused("P0001", "accounts_consent"):
        execute("DELETE FROM accounts_consent")


def test_the_words_are_kept_as_they_were_shown(carded):
    give(carded, "social")
    carded.put("me/consents/wealth", {"granted": True}, **{"accept-language": "zh-hans"})

    digests = {row.purpose: row.text_digest for row in Consent.objects.all()}
    assert digests["social"] == consents.consents.digest(PURPOSES["social"].text)
    assert digests["wealth"] != consents.consents.digest(PURPOSES["wealth"].text)


def test_twenty_who_give_at_once_give_once(committed_db):
    customer = Customer.objects.create(registered_at=LONG_AGO)

    def give_face(_):
        try:
            consents.give(request_of(customer), purpose="biometrics")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(give_face, range(20)))

    assert Consent.objects.filter(customer=customer).count() == 1


@pytest.fixture
def newer_words(monkeypatch):
    """The words on social relations change after they were agreed to."""

    def publish():
        newer = PURPOSES["social"]._replace(version="2027-01", text="Other words.")
        monkeypatch.setitem(PURPOSES, "social", newer)

    return publish


def row_of(phone, purpose):
    rows = phone.get("me/consents").json()["results"]
    return next(row for row in rows if row["purpose"] == purpose)


def test_newer_words_make_a_consent_outdated(carded, newer_words):
    give(carded, "social")
    newer_words()

    row = row_of(carded, "social")

    assert (row["is_given"], row["is_outdated"]) == (True, True)
    assert (row["given_version"], row["version"]) == ("2026-11", "2027-01")


def test_consenting_again_ends_the_consent_to_the_older_words(carded, newer_words):
    give(carded, "social")
    newer_words()

    row = give(carded, "social").json()

    assert (row["given_version"], row["is_outdated"]) == ("2027-01", False)
    older, newer = Consent.objects.filter(purpose="social").order_by("pk")
    assert (older.version, older.withdrawn_at) == ("2026-11", newer.given_at)
    assert newer.text_digest == consents.consents.digest("Other words.")


def test_a_required_consent_taken_back_stops_the_assessment_and_keeps_the_state(consented):
    give(consented, "bureau", granted=False)

    customer = consented.customer
    assert customer.state == "consented"
    with pytest.raises(onboarding.StepMissingError) as refusal:
        onboarding.require_step(request_of(customer, at=clock.now()), step=Step.ASSESSMENT)
    assert refusal.value.facts["missing_step"] == "consents"


def test_while_held_a_consent_is_taken_back_but_not_given(carded):
    give(carded, "social")
    CustomerHold.objects.create(
        customer=carded.customer, kind="block", holder="risk", reason="x", placed_by="s",
        placed_at=AT,
    )  # fmt: skip

    assert problem(give(carded, "wealth")) == (403, "customer-on-hold")
    assert give(carded, "social", granted=False).json()["is_given"] is False
    assert in_force() == {"biometrics"}


def test_taking_back_the_face_deletes_the_recording_in_review(waited):
    waited.identify(face_token="sandbox:score=75")
    assert IdentityVerification.objects.get().state == "in_review"

    give(waited, "biometrics", granted=False)

    submission = IdentityVerification.objects.get()
    assert (submission.state, submission.face_token) == ("in_review", None)


def test_taking_back_the_face_ends_what_the_provider_was_asked(waited):
    waited.identify(face_token="sandbox:down")
    assert IdentityVerification.objects.get().state == "pending"

    give(waited, "biometrics", granted=False)

    submission = IdentityVerification.objects.get()
    assert (submission.state, submission.face_token) == ("lapsed", None)
    assert problem(waited.identify(face_token="again")) == (409, "consent-missing")


def test_nobody_sees_the_consents_of_somebody_else(carded, another):
    give(carded, "social")

    assert row_of(another, "social")["is_given"] is False
