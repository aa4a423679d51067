"""Profiles: the newest declaration counts, and what cannot be is refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from accounts.consents.operations import consents
from accounts.models import Customer, Profile
from accounts.onboarding import operations as onboarding
from accounts.onboarding.rules.occupations import Occupation
from accounts.profile import operations as profiles
from accounts.profile.operations import Declared
from tests.accounts.cards.cards import ONE, bound, customer
from tests.accounts.people import AT, request_of

pytestmark = pytest.mark.django_db
WORK = Declared(1_000_000, Occupation.EMPLOYEE, date(2020, 1, 1), "某公司", None)


@pytest.fixture
def owner():
    made = customer(born_on=date(1990, 3, 7))
    bound(made, account_class=ONE)
    for purpose in ("agreement", "bureau", "payment"):
        consents.give(request_of(made), purpose=purpose)
    return made


def test_the_first_profile_makes_the_customer_ready(owner):
    profiles.declare(request_of(owner), declared=WORK)

    kept = Profile.objects.get()
    assert (kept.monthly_income_fen, kept.employer, kept.declared_at) == (1_000_000, "某公司", AT)
    assert Customer.objects.get().state == "ready"


def test_a_later_declaration_replaces_all_of_the_first(owner):
    profiles.declare(request_of(owner), declared=WORK)
    later = AT + timedelta(days=1)
    other = Declared(2_000_000, Occupation.OTHER, None, None, "深圳")

    profiles.declare(request_of(owner, at=later), declared=other)

    kept = Profile.objects.get()
    assert (kept.monthly_income_fen, kept.occupation, kept.employer, kept.address) == (
        2_000_000, "other", None, "深圳",
    )  # fmt: skip
    assert (kept.occupation_since_on, kept.declared_at) == (None, later)


@pytest.mark.parametrize("since", [date(1990, 3, 6), date(2026, 11, 25)])
def test_an_occupation_begins_between_birth_and_today(owner, since):
    with pytest.raises(profiles.OccupationSinceError):
        profiles.declare(request_of(owner), declared=WORK._replace(occupation_since_on=since))

    assert not Profile.objects.exists()


def test_a_micro_lender_refuses_students(owner):
    context = request_of(owner)
    micro = replace(context, policy=replace(context.policy, lender_type="MICRO"))

    with pytest.raises(profiles.StudentsError):
        profiles.declare(micro, declared=WORK._replace(occupation=Occupation.STUDENT))

    assert not Profile.objects.exists()
    assert Customer.objects.get().state == "consented"


def test_a_profile_comes_after_the_card():
    with pytest.raises(onboarding.StepMissingError):
        profiles.declare(request_of(customer()), declared=WORK)

    assert not Profile.objects.exists()
