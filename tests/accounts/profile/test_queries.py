"""Students and those who may be ones are looked at by a person (LAW-11, IDN-020)."""

from datetime import date

import pytest

from accounts.models import Customer, Profile
from accounts.policy import AccountPolicy
from accounts.profile.queries import needs_student_review
from tests.accounts.people import AT

ON = date(2026, 11, 24)
POLICY = AccountPolicy()


def declared(occupation, born_on):
    customer = Customer.objects.create(born_on=born_on, registered_at=AT)
    Profile.objects.create(
        customer=customer, monthly_income_fen=0, occupation=occupation, declared_at=AT
    )
    return customer


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("occupation", "born_on", "needs"),
    [
        ("employee", date(1990, 3, 7), False),
        ("student", date(1990, 3, 7), True),
        ("employee", date(2008, 11, 24), True),  # 18 today
        ("employee", date(2004, 11, 25), True),  # 22 tomorrow
        ("employee", date(2004, 11, 24), False),  # 22 today
        ("employee", None, True),
    ],
)
def test_a_person_looks_at_students_and_at_the_young(occupation, born_on, needs):
    customer = declared(occupation, born_on)

    assert needs_student_review(customer, on=ON, policy=POLICY) is needs


@pytest.mark.django_db
def test_nobody_is_looked_at_before_the_profile_is_there():
    customer = Customer.objects.create(born_on=date(2008, 1, 1), registered_at=AT)

    assert not needs_student_review(customer, on=ON, policy=POLICY)


@pytest.mark.django_db
def test_who_grows_older_is_not_looked_at_any_more():
    customer = declared("employee", date(2004, 11, 25))

    assert needs_student_review(customer, on=ON, policy=POLICY)
    assert not needs_student_review(customer, on=date(2026, 11, 25), policy=POLICY)
