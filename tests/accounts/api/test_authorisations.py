"""Grants for one movement of money, through HTTP (SEC-4)."""

import pytest

from accounts.models import Authorisation
from accounts.policy import AccountPolicy
from tests.accounts.api.conftest import problem, wait

URL = "me/authorisations"
PASSWORD = "Abcd1234"
ASK = {"password": PASSWORD, "purpose": "drawdown", "amount_fen": 500_000}
DAY = 86_400


@pytest.fixture(autouse=True)
def _cheap(cheap_hashing):
    """Hashing costs nothing here."""


@pytest.fixture
def holder(identified):
    """Somebody with a transaction password."""
    identified.put("me/transaction-password", {"password": PASSWORD})
    return identified


def test_the_right_password_gives_a_grant_for_five_minutes(holder):
    answer = holder.post(URL, ASK)

    grant = Authorisation.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(grant.public_id),
        "purpose": "drawdown",
        "amount_fen": 500_000,
        "expires_at": "2026-12-24T15:05:00+08:00",
    }
    assert (grant.customer, grant.used_at) == (holder.customer, None)


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"password": 1}, "/password", "wrong-type"),
        ({"password": ""}, "/password", "blank"),
        ({"password": "x" * 129}, "/password", "max-length"),
        ({"purpose": "repayment"}, "/purpose", "invalid-choice"),
        ({"purpose": None}, "/purpose", "null"),
        ({"purpose": 1}, "/purpose", "wrong-type"),
        ({"amount_fen": 0}, "/amount_fen", "min-value"),
        ({"amount_fen": -1}, "/amount_fen", "min-value"),
        ({"amount_fen": "100"}, "/amount_fen", "wrong-type"),
        ({"amount_fen": 1.0}, "/amount_fen", "wrong-type"),
        ({"amount_fen": True}, "/amount_fen", "wrong-type"),
        ({"amount_fen": 10**15 + 1}, "/amount_fen", "max-value"),
        ({"customer": "x"}, "/customer", "unknown"),
    ],
)
def test_a_field_that_is_not_as_it_must_be_gives_nothing(holder, changed, pointer, code):
    answer = holder.post(URL, ASK | changed)

    assert problem(answer) == (400, "invalid-input")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]
    assert not Authorisation.objects.exists()
    assert holder.post(URL, ASK | {"password": "Wrong999"}).json()["left"] == 4


@pytest.mark.parametrize(
    ("lender", "purpose", "most_fen"),
    [
        ("BANK", "drawdown", 30_000_000),
        ("BANK", "settlement", 60_000_000),
        ("MICRO", "drawdown", 20_000_000),
    ],
)
def test_more_than_a_purpose_can_need_is_refused(holder, in_policy, lender, purpose, most_fen):
    if lender != AccountPolicy().lender_type:
        in_policy(lender_type=lender)
    ask = ASK | {"purpose": purpose, "password": "Wrong999"}

    for amount_fen in (most_fen + 1, 10**15):
        answer = holder.post(URL, ask | {"amount_fen": amount_fen})
        assert problem(answer) == (422, "amount-impossible")
        assert answer.json()["amount_max_fen"] == most_fen
    assert not Authorisation.objects.exists()

    # No try was used, and the amount itself is possible.
    assert holder.post(URL, ask | {"amount_fen": most_fen}).json()["left"] == 4
    right = ask | {"password": PASSWORD, "amount_fen": most_fen}
    assert holder.post(URL, right).status_code == 201


@pytest.mark.parametrize("missing", list(ASK))
def test_a_missing_field_gives_nothing(holder, missing):
    answer = holder.post(URL, {name: value for name, value in ASK.items() if name != missing})

    assert problem(answer) == (400, "invalid-input")
    assert answer.json()["errors"][0]["pointer"] == f"/{missing}"
    assert not Authorisation.objects.exists()


def test_without_a_password_there_is_no_grant(identified):
    assert problem(identified.post(URL, ASK)) == (409, "password-missing")
    assert not Authorisation.objects.exists()


def test_without_a_login_there_is_no_grant(holder):
    holder.token = ""

    assert problem(holder.post(URL, ASK)) == (401, "not-logged-in")


def test_a_password_holds_for_90_days_to_the_second(holder):
    wait(90 - 1 / DAY)
    assert holder.post(URL, ASK).status_code == 201

    wait(1 / DAY)

    answer = holder.post(URL, ASK)
    assert problem(answer) == (403, "password-expired")
    assert answer.json()["expired_at"] == "2027-03-24T15:00:00+08:00"
    assert Authorisation.objects.count() == 1


def test_an_expired_password_is_not_looked_at(holder):
    wait(90)

    answers = [holder.post(URL, ASK | {"password": "Wrong999"}) for _ in range(6)]

    assert {problem(answer) for answer in answers} == {(403, "password-expired")}


def test_a_repeated_request_gets_the_same_grant(holder):
    answers = [holder.post(URL, ASK, **{"Idempotency-Key": "one"}) for _ in range(2)]

    first, second = (answer.json()["id"] for answer in answers)
    assert first == second
    assert Authorisation.objects.count() == 1


def test_a_new_password_ends_what_the_old_one_granted(holder):
    holder.post(URL, ASK)

    holder.put("me/transaction-password", {"password": "Efgh5678", "current_password": PASSWORD})

    assert Authorisation.objects.get().expires_at.isoformat() == "2026-11-24T07:00:00+00:00"
