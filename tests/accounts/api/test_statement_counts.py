"""How many statements each call of onboarding needs: what is known once is not read again.

BEGIN, COMMIT and savepoints are not counted: their number is that of the promises that are kept
apart, and a test runs in a transaction of its own.
"""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.accounts.people import person

CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
PASSWORD = "Transfer2026"


@contextmanager
def at_most(number):
    with CaptureQueriesContext(connection) as captured:
        yield
    # A COPY is captured as an object of psycopg.
    statements = [str(one["sql"]) for one in captured.captured_queries]
    work = [one for one in statements if not one.startswith(CONTROL)]
    assert len(work) <= number, "\n".join(one[:160] for one in work)


def test_a_read_of_consents_asks_for_the_caller_and_the_consents(carded):
    with at_most(2):
        assert carded.get("me/consents").status_code == 200


def test_the_way_ahead_is_read_in_one_statement_after_caller_clock_and_policy(waited):
    with at_most(4):
        assert waited.get("me").status_code == 200


@pytest.mark.parametrize(
    ("face", "status", "number"),
    [
        ("sandbox:score=80", 200, 20),
        ("sandbox:score=70", 202, 17),
        ("sandbox:down", 202, 16),
        ("sandbox:not-live", 422, 16),
    ],
)
def test_an_identity_is_submitted_and_checked(waited, face, status, number):
    with at_most(number):
        assert waited.identify(face_token=face).status_code == status


def test_a_card_is_bound_and_checked(identified):
    with at_most(20):
        assert identified.bind().status_code == 201


def test_a_card_becomes_the_default_one(carded):
    card = carded.get("me/cards").json()["results"][0]["id"]

    with at_most(10):
        assert carded.post(f"me/cards/{card}/default").status_code == 200


def test_a_card_is_unbound(carded):
    card = carded.get("me/cards").json()["results"][0]["id"]

    with at_most(11):
        assert carded.delete(f"me/cards/{card}").status_code == 204


@pytest.mark.parametrize(("granted", "number"), [(True, 8), (False, 6)])
def test_a_consent_is_given_or_withdrawn(carded, granted, number):
    with at_most(number):
        answer = carded.put("me/consents/agreement", {"granted": granted})

    assert answer.json()["is_given"] is granted


def test_a_profile_is_declared_first_and_again(consented):
    declared = {"monthly_income_fen": 1_000_000, "occupation": "employee"}

    with at_most(10):
        assert consented.put("me/profile", declared).status_code == 200
    with at_most(7):
        assert consented.put("me/profile", declared).status_code == 200


def test_a_password_is_set_changed_and_unlocked(identified, cheap_hashing):
    with at_most(10):
        assert set_password(identified, PASSWORD).status_code == 200
    with at_most(12):
        answer = set_password(identified, PASSWORD + "a", current_password=PASSWORD)
        assert answer.status_code == 200
    with at_most(18):
        assert set_password(identified, PASSWORD + "b", face_token="one").status_code == 200
    with at_most(12):
        answer = identified.post("me/transaction-password/unlock", {"face_token": "two"})
        assert answer.status_code == 204


def set_password(phone, password, **evidence):
    return phone.put("me/transaction-password", {"password": password, **evidence})


def test_a_grant_is_given(identified, cheap_hashing):
    set_password(identified, PASSWORD)

    with at_most(13):
        body = {"password": PASSWORD, "purpose": "drawdown", "amount_fen": 100}
        assert identified.post("me/authorisations", body).status_code == 201


def test_an_idempotency_key_costs_three_more(identified):
    who = person()
    body = {"number": who.card_number, "phone": who.phone}

    with at_most(23):  # reserved, the card noted, the reply stored
        assert identified.post("me/cards", body, **{"idempotency-key": "k"}).status_code == 201
