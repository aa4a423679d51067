"""The profile through HTTP: the last step before an assessment."""

import pytest

from accounts.models import CustomerHold, Profile, ProfileReview
from accounts.profile import operations as profiles
from tests.accounts.api.conftest import problem
from tests.accounts.people import AT
from tests.raw import execute

GOOD = {"monthly_income_fen": 800_000, "occupation": "employee"}


def test_the_profile_makes_a_customer_ready(consented):
    answer = consented.put("me/profile", GOOD | {"employer": "某某公司", "address": None})

    assert answer.status_code == 200
    assert answer.json() == {
        "monthly_income_fen": 800_000,
        "occupation": "employee",
        "occupation_since": None,
        "employer": "某某公司",
        "address": None,
        "declared_at": "2026-12-24T15:00:00+08:00",
        "review": None,
    }
    assert consented.get("me").json()["state"] == "ready"
    assert consented.get("me/profile").json() == answer.json()


def test_the_newest_declaration_counts(consented):
    consented.put("me/profile", GOOD | {"employer": "某某公司"})

    assert consented.put("me/profile", GOOD | {"occupation": "freelancer"}).status_code == 200
    profile = Profile.objects.get()
    assert (profile.occupation, profile.employer) == ("freelancer", None)


def test_the_profile_comes_after_the_consents(carded):
    answer = carded.put("me/profile", GOOD)

    assert problem(answer) == (409, "step-missing")
    assert answer.json()["missing_step"] == "consents"
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"monthly_income_fen": -1}, 400, "invalid-input"),
        ({"monthly_income_fen": "800000"}, 400, "invalid-input"),
        ({"monthly_income_fen": 8000.0}, 400, "invalid-input"),
        ({"monthly_income_fen": True}, 400, "invalid-input"),
        ({"monthly_income_fen": 100_000_001}, 400, "invalid-input"),
        ({"occupation": "king"}, 400, "invalid-input"),
        ({"occupation": None}, 400, "invalid-input"),
        ({"occupation_since": "2026-13-01"}, 400, "invalid-input"),
        ({"occupation_since": "2026-12-25"}, 422, "occupation-since-impossible"),
        ({"occupation_since": "1989-01-01"}, 422, "occupation-since-impossible"),
        ({"employer": "x" * 101}, 400, "invalid-input"),
        ({"employer": 1}, 400, "invalid-input"),
        ({"address": ["x"]}, 400, "invalid-input"),
        ({"state": "ready"}, 400, "invalid-input"),
    ],
)
def test_a_bad_profile_changes_nothing(consented, sent, status, code):
    assert problem(consented.put("me/profile", GOOD | sent)) == (status, code)
    assert not Profile.objects.exists()
    assert consented.get("me").json()["state"] == "consented"


@pytest.mark.parametrize(
    "sent",
    [
        {"monthly_income_fen": 0},
        {"monthly_income_fen": 100_000_000},
        {"occupation_since": "1990-03-07"},
        {"occupation_since": "2026-12-24"},
        {"employer": "x" * 100, "address": "y" * 200},
    ],
)
def test_what_lies_on_a_bound_is_good(consented, sent):
    answer = consented.put("me/profile", GOOD | sent)

    assert answer.status_code == 200
    assert sent.items() <= answer.json().items()


@pytest.mark.parametrize("missing", GOOD)
def test_income_and_occupation_must_be_there(consented, missing):
    body = {name: value for name, value in GOOD.items() if name != missing}

    assert problem(consented.put("me/profile", body)) == (400, "invalid-input")
    assert not Profile.objects.exists()


def test_employer_and_address_are_sealed(consented):
    consented.put("me/profile", GOOD | {"employer": "my employer", "address": "my address"})

    [kept] = execute("SELECT employer, address FROM accounts_profile")
    assert b"my" not in b"".join(bytes(column) for column in kept)


def test_nothing_was_declared_yet(consented):
    assert problem(consented.get("me/profile")) == (404, "not-found")


def test_nobody_declares_for_somebody_else(consented, another):
    consented.put("me/profile", GOOD)

    assert problem(another.get("me/profile")) == (404, "not-found")


def test_a_profile_changed_badly_stays_as_it_was(consented):
    consented.put("me/profile", GOOD)

    answer = consented.put("me/profile", GOOD | {"occupation_since": "2030-01-01"})

    assert problem(answer) == (422, "occupation-since-impossible")
    assert consented.get("me/profile").json()["occupation_since"] is None


def test_while_held_nothing_is_declared(consented):
    customer = consented.customer
    CustomerHold.objects.create(
        customer=customer, kind="block", holder="risk", reason="x", placed_by="s", placed_at=AT
    )

    assert problem(consented.put("me/profile", GOOD)) == (403, "customer-on-hold")
    assert not Profile.objects.exists()


def test_a_bank_lends_to_students_whom_a_person_has_accepted(consented):
    answer = consented.put("me/profile", GOOD | {"occupation": "student", "monthly_income_fen": 0})
    assert (answer.status_code, answer.json()["review"]) == (200, "in_review")
    assert steps(consented) == ("consented", "waiting", "locked")

    review = ProfileReview.objects.get()
    profiles.decide(review.pk, is_accepted=True, by="ann", reason="seen", at=AT)

    assert consented.get("me/profile").json()["review"] == "accepted"
    assert steps(consented) == ("ready", "done", "next")


def test_who_is_refused_sees_it_and_may_declare_something_else(consented):
    consented.put("me/profile", GOOD | {"occupation": "student"})
    review = ProfileReview.objects.get()

    profiles.decide(review.pk, is_accepted=False, by="ann", reason="seen", at=AT)

    assert consented.get("me/profile").json()["review"] == "refused"
    assert steps(consented) == ("consented", "next", "locked")
    assert consented.put("me/profile", GOOD).json()["review"] is None
    assert steps(consented) == ("ready", "done", "next")


def steps(phone):
    """The customer's state, and those of the steps profile and assessment."""
    me = phone.get("me").json()
    shown = {step["step"]: step["state"] for step in me["next_steps"]}
    return me["state"], shown["profile"], shown["assessment"]


def test_a_micro_loan_company_does_not(consented, in_policy):
    in_policy(lender_type="MICRO")

    answer = consented.put("me/profile", GOOD | {"occupation": "student"})

    assert problem(answer) == (403, "students-not-served")
    assert not Profile.objects.exists()
