"""Profiles: the newest declaration counts, and what cannot be is refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction

from accounts.consents.operations import consents
from accounts.models import Customer, Profile, ProfileReview
from accounts.onboarding import operations as onboarding
from accounts.onboarding.rules.occupations import Occupation
from accounts.onboarding.rules.onboarding import Step
from accounts.profile import operations as profiles
from accounts.profile.operations import Declared
from backoffice.core.models import StateChange, WorkItem
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


STUDENT = WORK._replace(occupation=Occupation.STUDENT, monthly_income_fen=0)
DECIDES = {"by": "ann", "reason": "enrolled, parents support", "at": AT + timedelta(hours=1)}


def declare(owner, declared, at=AT):
    return profiles.declare(request_of(owner, at=at), declared=declared)


def state():
    return Customer.objects.get().state


def items():
    return list(WorkItem.objects.order_by("pk").values_list("queue", "state"))


def reviews():
    return list(ProfileReview.objects.order_by("pk").values_list("state", flat=True))


def test_a_student_without_income_waits_for_a_person(owner):
    made = declare(owner, STUDENT)

    assert (made.review.state, made.review.monthly_income_fen) == ("in_review", 0)
    assert (state(), items()) == ("consented", [("profile-review", "waiting")])
    [asked] = StateChange.objects.filter(subject_type="accounts.profilereview")
    assert (asked.transition, asked.facts) == ("request", {"indicators": "IDN-020"})


def test_so_does_everybody_of_an_age_to_be_a_student(owner):
    Customer.objects.update(born_on=date(2004, 11, 25))

    declare(owner, WORK._replace(occupation_since_on=None))

    assert (state(), reviews()) == ("consented", ["in_review"])


def test_who_is_accepted_becomes_ready(owner):
    review = declare(owner, STUDENT).review

    profiles.decide(review.pk, is_accepted=True, **DECIDES)

    assert (state(), reviews()) == ("ready", ["accepted"])
    assert items() == [("profile-review", "done")]
    decided = StateChange.objects.get(transition="accept")
    assert (decided.actor, decided.facts) == ("ann", {"text": "enrolled, parents support"})


def test_who_is_refused_does_not_until_something_else_is_declared(owner):
    profiles.decide(declare(owner, STUDENT).review.pk, is_accepted=False, **DECIDES)
    assert (state(), items()) == ("consented", [("profile-review", "done")])

    declare(owner, STUDENT)
    assert (state(), reviews()) == ("consented", ["refused"])

    declare(owner, WORK)
    assert (state(), reviews()) == ("ready", ["refused"])


def test_the_same_declaration_again_keeps_its_review(owner):
    first = declare(owner, STUDENT).review

    assert declare(owner, STUDENT._replace(employer="another")).review == first

    assert items() == [("profile-review", "waiting")]


def test_another_income_is_another_review(owner):
    declare(owner, STUDENT)

    declare(owner, STUDENT._replace(monthly_income_fen=100))

    assert reviews() == ["lapsed", "in_review"]
    assert items() == [("profile-review", "done"), ("profile-review", "waiting")]


def test_what_was_accepted_once_is_looked_at_again_when_it_changes(owner):
    profiles.decide(declare(owner, STUDENT).review.pk, is_accepted=True, **DECIDES)

    declare(owner, STUDENT._replace(monthly_income_fen=900_000))

    assert reviews() == ["accepted", "in_review"]
    with pytest.raises(onboarding.StepMissingError) as refused:
        onboarding.require_step(request_of(owner), step=Step.ASSESSMENT)
    assert refused.value.facts["missing_step"] == "profile"


def test_a_profile_is_decided_on_once(owner):
    review = declare(owner, STUDENT).review
    profiles.decide(review.pk, is_accepted=False, **DECIDES)

    with pytest.raises(profiles.ProfileNotInReviewError):
        profiles.decide(review.pk, is_accepted=True, **DECIDES)

    assert (state(), reviews()) == ("consented", ["refused"])


def test_a_customer_who_leaves_takes_the_review_along(owner):
    declare(owner, STUDENT)

    with transaction.atomic():
        profiles.end(owner.pk, by="system:retention", reason="customer-left", at=AT)

    assert (reviews(), items()) == ([], [("profile-review", "done")])
    assert Profile.objects.get().review is None
