"""What customers declare: income, occupation, employer, address (FAQ-1).

A profile is the last step before an assessment, and may be corrected at any time after it.
Nothing in it is verified: the assessment compares it with what is known from elsewhere.
"""

from datetime import date
from http import HTTPStatus
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.occupations import Occupation, Ruling
from accounts.onboarding.rules.onboarding import Step
from accounts.profile import queries as students
from backoffice.core.errors import Refused


class StudentsError(Refused):
    """A micro-loan company may not lend to students (LAW-11)."""

    status = HTTPStatus.FORBIDDEN
    code = "students-not-served"
    message = _("The law does not let us lend to students.")
    remedy = _("Come back when you have finished your studies.")


class OccupationSinceError(Refused):
    """Nobody has been in an occupation since before birth or from a day to come."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "occupation-since-impossible"
    message = _("You cannot be in your occupation since {since}.")
    remedy = _("Send the day on which you began, not before your birth and not after today.")


class Declared(NamedTuple):
    """What a customer declares; None was left out."""

    monthly_income_fen: int
    occupation: Occupation
    occupation_since_on: date | None
    employer: str | None
    address: str | None


@transaction.atomic(durable=True)
def declare(context: RequestContext, *, declared: Declared) -> Profile:
    """Take over what a customer declares; the newest declaration counts.

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        onboarding.StepMissingError: identity, card or consents are missing (GEN-11).
        StudentsError: a student, and the lender is a micro-loan company (LAW-11).
        OccupationSinceError: the day lies before birth or after today.
    """
    locked = context.locked()
    onboarding.require_step(locked, step=Step.PROFILE)
    customer, on = locked.customer, locked.on
    since = declared.occupation_since_on
    if since is not None and not (customer.born_on or date.min) <= since <= on:
        raise OccupationSinceError(since=since.isoformat())
    rule = students.ruling(
        customer, occupation=declared.occupation, on=on, policy=locked.policy
    )  # fmt: skip
    if rule is Ruling.REFUSE:
        raise StudentsError
    profile = Profile(customer=customer, declared_at=locked.at, **declared._asdict())
    if locked.status.has_profile:
        profile.save(update_fields=[*declared._fields, "declared_at"])
    else:
        profile.save(force_insert=True)
    onboarding.advance(customer, policy=locked.policy, by=locked.by, at=locked.at)
    return profile
