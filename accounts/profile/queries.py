"""Who is a student, or of an age at which one may be (LAW-11, IDN-020)."""

from datetime import date

from accounts.models import Customer
from accounts.onboarding.rules import ages
from accounts.onboarding.rules.occupations import Occupation, Ruling, student_rule
from accounts.policy import AccountPolicy


def ruling(
    customer: Customer, *, occupation: Occupation, on: date, policy: AccountPolicy
) -> Ruling:
    """Return what the rule on students says of a customer with an occupation, on a day.

    Somebody whose day of birth is not known is as young as one may be.
    """
    age = ages.complete_years(customer.born_on, on) if customer.born_on else policy.age_min
    return student_rule(
        occupation,
        age,
        policy.lender_type,
        review_age_min=policy.age_min,
        review_age_max=policy.student_review_age_max,
    )
