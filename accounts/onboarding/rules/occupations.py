"""Occupations, and which of them are lent to (LIMIT-3, LAW-11, IDN-020)."""

from enum import StrEnum


class Occupation(StrEnum):
    """Occupations as the limit weighs them, and students."""

    CIVIL_SERVANT = "civil_servant"
    PUBLIC_INSTITUTION = "public_institution"
    EMPLOYEE = "employee"
    SELF_EMPLOYED = "self_employed"
    FREELANCER = "freelancer"
    STUDENT = "student"
    OTHER = "other"


class Ruling(StrEnum):
    """What follows for an application."""

    ALLOW = "allow"
    REVIEW = "review"
    REFUSE = "refuse"


def student_rule(
    occupation: Occupation,
    age: int,
    lender_type: str,
    *,
    review_age_min: int,
    review_age_max: int,
) -> Ruling:
    """Return what the rule against lending to students says (LAW-11, IDN-020).

    A micro-loan company (``MICRO``) may not lend to students at all. Elsewhere a person looks at
    students and at everybody of an age at which one may be studying, both bounds included.
    """
    if occupation == Occupation.STUDENT and lender_type == "MICRO":
        return Ruling.REFUSE
    if occupation == Occupation.STUDENT or review_age_min <= age <= review_age_max:
        return Ruling.REVIEW
    return Ruling.ALLOW
