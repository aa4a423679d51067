"""What customers declare: income, occupation, employer, address (FAQ-1).

A profile is the last step before an assessment, and may be corrected at any time after it.
Nothing in it is verified: the assessment compares it with what is known from elsewhere. A person
looks at the profile of a student, or of somebody young enough to be one, before anything is lent
(LAW-11, IDN-020): until then the step is not done.
"""

from collections.abc import Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.models import Customer, Profile, ProfileReview
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.occupations import Occupation, Ruling
from accounts.onboarding.rules.onboarding import ProfileReviewState, Step
from accounts.profile import queries as students
from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.core.reasons import Reason
from backoffice.platform import work_queue

QUEUE = "profile-review"  # profiles of students, and of those young enough to be ones (IDN-020)


class StudentsError(Refused):
    """A micro-loan company may not lend to students (LAW-11)."""

    status = HTTPStatus.FORBIDDEN
    code = "students-not-served"
    message = _("The law does not let us lend to students.")
    remedy = _("Come back when you have finished your studies.")


class OccupationSinceError(Refused):
    """The first day of the occupation is before birth or in the future."""

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
    review = _review(locked, declared, is_needed=rule is Ruling.REVIEW)
    profile = Profile(customer=customer, declared_at=locked.at, review=review, **declared._asdict())
    if locked.status.has_profile:
        profile.save(update_fields=[*declared._fields, "declared_at", "review"])
    else:
        profile.save(force_insert=True)
    onboarding.advance(customer, policy=locked.policy, by=locked.by, at=locked.at)
    return profile


def _review(locked: RequestContext, declared: Declared, *, is_needed: bool) -> ProfileReview | None:
    """Return the review that a declaration needs: the one there is, if it is of the same facts."""
    customer, by, at = locked.customer, locked.by, locked.at
    there = None
    if locked.status.profile_review is not None:
        reviews = ProfileReview.objects.select_for_update()
        there = reviews.get(profile__customer=customer.pk)
    facts = (str(declared.occupation), declared.monthly_income_fen)
    if is_needed and there and (there.occupation, there.monthly_income_fen) == facts:
        return there
    if there is not None:
        _lapse([there], by=by, reason=AccountReason.DECLARED_AGAIN, at=at)
    if not is_needed:
        return None
    review = ProfileReview.objects.create(
        customer=customer,
        occupation=facts[0],
        monthly_income_fen=facts[1],
        requested_at=at,
    )
    reason = Reason(AccountReason.MANUAL_REVIEW, {"indicators": "IDN-020"})
    trace.note([review], "request", by=by, reason=reason, at=at)
    work_queue.add([review], queue=QUEUE, at=at)
    return review


def _lapse(reviews: Sequence[ProfileReview], *, by: str, reason: str, at: datetime) -> None:
    """End locked reviews that are still open; decided ones stay as they are."""
    open_still = [one for one in reviews if one.state == ProfileReviewState.IN_REVIEW]
    workflow.move(open_still, "lapse", by=by, reason=reason, at=at)
    workflow.save(open_still, "decided_at")
    work_queue.finish(open_still, queue=QUEUE, by=by, reason=reason, at=at)


class ProfileNotInReviewError(Refused):
    """The profile does not wait for a person's decision."""

    code = "profile-not-in-review"
    message = _("{review} does not wait for a decision.")
    remedy = _("Reload its page; somebody else may have decided, or the profile is another one.")


@transaction.atomic(durable=True)
def decide(
    review_id: int, *, is_accepted: bool, by: str, reason: str, at: datetime
) -> ProfileReview:
    """Decide on a profile in review, as a member of the staff (LAW-11, IDN-020).

    Who is accepted goes on to the assessment; who is refused may only declare something else.

    Raises:
        ProfileNotInReviewError: it is not, or no longer, in review.
    """
    owner = ProfileReview.objects.values_list("customer", flat=True).get(pk=review_id)
    customer = Customer.objects.select_for_update().get(pk=owner)
    review = ProfileReview.objects.select_for_update().get(pk=review_id)
    if review.state != ProfileReviewState.IN_REVIEW:
        raise ProfileNotInReviewError(review=review)
    workflow.move([review], "accept" if is_accepted else "refuse", by=by, reason=reason, at=at)
    workflow.save([review], "decided_at")
    work_queue.finish([review], queue=QUEUE, by=by, reason=AccountReason.DECIDED, at=at)
    numbers = onboarding.numbers(on=clock.day_of(at))
    onboarding.advance(customer, policy=numbers, by=by, at=at)
    return review


def end(customer_id: int, *, by: str, reason: str, at: datetime) -> None:
    """End and erase the reviews of a customer who leaves (LAW-18)."""
    mine = ProfileReview.objects.filter(customer=customer_id)
    reviews = list(mine.select_for_update().order_by("pk"))
    _lapse(reviews, by=by, reason=reason, at=at)
    Profile.objects.filter(customer=customer_id).update(review=None)
    mine.delete()
