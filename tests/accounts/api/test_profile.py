"""The profile through HTTP: the last step before an assessment."""

import pytest

from accounts.models import Profile
from backoffice.models import PolicyVersion
from tests.accounts.api.conftest import problem

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


def test_a_bank_lends_to_students(consented):
    assert consented.put("me/profile", GOOD | {"occupation": "student"}).status_code == 200


def test_a_micro_loan_company_does_not(consented, lender_is_micro):
    answer = consented.put("me/profile", GOOD | {"occupation": "student"})

    assert problem(answer) == (403, "students-not-served")
    assert not Profile.objects.exists()


@pytest.fixture
def lender_is_micro(db, django_user_model):
    maker, checker = (django_user_model.objects.create_user(name) for name in ("a", "b"))
    version = PolicyVersion.objects.create(
        app="accounts", overrides={"lender_type": "MICRO"}, effective_on="2026-01-01",
        reason="another licence", proposed_by=maker, proposed_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    _approve(version, checker)


def _approve(version, checker):
    from django.db import transaction

    from backoffice import workflow
    from tests.accounts.people import AT

    with transaction.atomic():
        workflow.move([version], "approve", by="b", reason="so be it", at=AT, decider=checker)
        workflow.save([version], "decided_by", "decided_at")
