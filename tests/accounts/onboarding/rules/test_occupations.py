"""Which occupations are lent to (LAW-11, IDN-020)."""

import pytest

from accounts.onboarding.rules.occupations import Occupation, Ruling, student_rule


def ruling(occupation, age, lender_type="BANK"):
    return student_rule(occupation, age, lender_type, review_age_min=18, review_age_max=21)


@pytest.mark.parametrize(
    ("occupation", "age", "lender_type", "expected"),
    [
        (Occupation.STUDENT, 30, "MICRO", Ruling.REFUSE),
        (Occupation.STUDENT, 20, "MICRO", Ruling.REFUSE),
        (Occupation.STUDENT, 30, "BANK", Ruling.REVIEW),
        (Occupation.EMPLOYEE, 18, "BANK", Ruling.REVIEW),
        (Occupation.EMPLOYEE, 21, "MICRO", Ruling.REVIEW),
        (Occupation.EMPLOYEE, 22, "MICRO", Ruling.ALLOW),
        (Occupation.OTHER, 60, "BANK", Ruling.ALLOW),
    ],
)
def test_students_and_who_may_be_one_are_looked_at(occupation, age, lender_type, expected):
    assert ruling(occupation, age, lender_type) == expected
