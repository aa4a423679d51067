"""Students and those who may be ones are looked at by a person (LAW-11, IDN-020)."""

from datetime import date

import pytest

from accounts.models import Customer
from accounts.onboarding.rules.occupations import Occupation, Ruling
from accounts.policy import AccountPolicy
from accounts.profile import queries as students

ON = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("occupation", "born_on", "ruling"),
    [
        ("employee", date(1990, 3, 7), Ruling.ALLOW),
        ("student", date(1990, 3, 7), Ruling.REVIEW),
        ("employee", date(2008, 11, 24), Ruling.REVIEW),  # 18 today
        ("employee", date(2004, 11, 25), Ruling.REVIEW),  # 22 tomorrow
        ("employee", date(2004, 11, 24), Ruling.ALLOW),  # 22 today
        ("employee", None, Ruling.REVIEW),
    ],
)
def test_a_person_looks_at_students_and_at_the_young(occupation, born_on, ruling):
    customer = Customer(born_on=born_on)

    found = students.ruling(
        customer, occupation=Occupation(occupation), on=ON, policy=AccountPolicy()
    )

    assert found is ruling
