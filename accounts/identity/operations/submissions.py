"""What a customer submits to verify an identity, and what is refused before a provider is asked.

What can be checked without a provider is checked here: the number's own sum, the card's
last day, the age on this day, the months of WeChat, the device and who else uses it (ELIG-1, 4, 5,
9, 12).
"""

from datetime import date
from http import HTTPStatus
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.consents.operations import consents
from accounts.identity.rules import id_numbers
from accounts.identity.rules.id_numbers import BadIdNumber, IdNumber
from accounts.models import (
    Customer,
    IdentityVerification,
    VerificationState,
    WechatAccount,
)
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules import ages, history
from accounts.onboarding.rules.onboarding import Identity
from accounts.policy import AccountPolicy
from backoffice.core import clock
from backoffice.core.crypto import blind
from backoffice.core.errors import NextCall, Refused
from backoffice.platform import idempotency, rate_limit

SCOPE = "identity"
OPEN = (VerificationState.PENDING, VerificationState.IN_REVIEW)
_OPEN = (Identity.PENDING, Identity.IN_REVIEW)


class IdNumberError(Refused):
    """The ID number cannot exist (ELIG-5)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("reason",)
    code = "id-number-bad"
    message = _("This is not an ID number: {reason}.")
    remedy = _("Compare all 18 characters with the card and send them again.")


class HistoryUnknownError(Refused):
    """It is not known since when the account uses WeChat (ELIG-12)."""

    status = HTTPStatus.FORBIDDEN
    code = "wechat-history-unknown"
    message = _("It is not known since when you use WeChat.")
    remedy = _(
        "File a complaint that says since when you use WeChat; customer support asks for evidence "
        "and records the day."
    )
    calls = (NextCall("ask-support", "POST", "/api/v1/me/complaints"),)


class HistoryShortError(Refused):
    """The account has used WeChat for less than six months (ELIG-12)."""

    status = HTTPStatus.FORBIDDEN
    public_facts = ("available_on",)
    code = "wechat-history-short"
    message = _("You must have used WeChat for {months} months.")
    remedy = _("Come back from {available_on} on.")


class IdentifiedError(Refused):
    """The customer's identity is already verified."""

    code = "already-identified"
    message = _("Your identity is already verified.")
    remedy = _("Go on with the next step.")
    calls = (NextCall("read-next-steps", "GET", "/api/v1/me"),)


class OtherPersonError(Refused):
    """The account belongs to a person who was verified before, and this is another one (ELIG-8)."""

    status = HTTPStatus.FORBIDDEN
    code = "identity-of-another-person"
    message = _("This account belongs to the person whose identity was verified before.")
    remedy = _("Send that person's ID number; another person needs another WeChat account.")


class VerificationOpenError(Refused):
    """Another submission is still being checked."""

    code = "identity-in-progress"
    message = _("Your last submission is still being checked.")
    remedy = _("Wait for its result.")
    calls = (NextCall("check-identity", "GET", "/api/v1/me/identity"),)


class FaceUsedError(Refused):
    """The face check was used before: each serves once."""

    code = "face-token-used"
    message = _("This face check has been used before.")
    remedy = _("Look into the camera again and send the new token.")


class TooManyTriesError(Refused):
    """The tries of the day are used up."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too-many-tries"
    message = _("You have tried too often today.")
    remedy = _("Try again tomorrow, or ask customer support.")


REFUSALS = (
    IdNumberError,
    onboarding.IdExpiredError,
    onboarding.AgeError,
    HistoryUnknownError,
    HistoryShortError,
    *onboarding.DEVICE_REFUSALS,
    IdentifiedError,
    OtherPersonError,
    VerificationOpenError,
    FaceUsedError,
    TooManyTriesError,
    consents.WithdrawnError,
)


class Submission(NamedTuple):
    """What a customer submits to verify an identity; the texts as they were typed."""

    name: str
    id_number: str
    valid_until_on: date | None
    face_token: str


def submit(context: RequestContext, *, submission: Submission) -> IdentityVerification:
    """Store a submission that could pass, to be checked; its sender sees the same one again.

    A request that is sent again continues with the submission that it stored the first time.

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        IdNumberError: the number cannot exist (ELIG-5).
        onboarding.IdExpiredError: the card is no longer valid (ELIG-4).
        onboarding.AgeError: younger than 18 or past the 61st year of life on this day (ELIG-1).
        HistoryUnknownError, HistoryShortError: fewer than six months of WeChat (ELIG-12).
        onboarding.DeviceRefusedError, onboarding.DeviceSharedError: the device is none to apply
            with (ELIG-9, SEC-2).
        IdentifiedError: the identity is already verified, and the result still valid (ELIG-3).
        OtherPersonError: the account belongs to another person.
        VerificationOpenError: another submission is still open.
        FaceUsedError: the face check was used before.
        TooManyTriesError: the tries of the day are used up.
        consents.WithdrawnError: the consent to the use of the face was taken back.
    """
    assert context.session is not None, "an identity is submitted from a device"
    begun_id = idempotency.begun_id()
    if begun_id is not None:
        return IdentityVerification.objects.select_related("customer").get(pk=begun_id)
    status = onboarding.require_active(context)
    if status.identity is Identity.DONE:
        raise IdentifiedError
    numbers = context.policy
    number = _possible(submission, on=context.on, numbers=numbers)
    _require_history(context.session.account, on=context.on, numbers=numbers)
    onboarding.require_device(context)
    if status.was_identified and not _is_same_person(context.customer, number):
        raise OtherPersonError
    if status.identity in _OPEN:
        return _same_again(context.customer, number)
    day = clock.day_of(context.wall_at)
    limit = numbers.identity_tries_max
    if not rate_limit.take(scope=SCOPE, subject=context.subject, on=day, limit=limit):
        raise TooManyTriesError
    return _store(context, submission, number)


def _possible(submission: Submission, *, on: date, numbers: AccountPolicy) -> IdNumber:
    try:
        number = id_numbers.parse(submission.id_number, on=on)
    except BadIdNumber as error:
        raise IdNumberError(reason=str(error.reason)) from None
    if not id_numbers.is_valid_on(submission.valid_until_on, on):
        raise onboarding.IdExpiredError(valid_until_on=submission.valid_until_on)
    ages_allowed = {"age_min": numbers.age_min, "age_max": numbers.age_max}
    if not ages.is_of_age(number.born_on, on, **ages_allowed):
        raise onboarding.AgeError(**ages_allowed)
    return number


def _require_history(account: WechatAccount, *, on: date, numbers: AccountPolicy) -> None:
    if account.used_since_on is None:
        raise HistoryUnknownError
    enough_on = history.enough_history_on(account.used_since_on, numbers.history_months)
    if enough_on > on:
        raise HistoryShortError(months=numbers.history_months, available_on=enough_on.isoformat())


def _is_same_person(customer: Customer, number: IdNumber) -> bool:
    return bytes(customer.id_blind or b"") == blind(number.number, "id_number")


def _same_again(customer: Customer, number: IdNumber) -> IdentityVerification:
    """Return the open submission when it is of the same identity."""
    still_open = IdentityVerification.objects.filter(customer=customer, state__in=OPEN).first()
    if still_open is None or bytes(still_open.id_blind or b"") != blind(number.number, "id_number"):
        raise VerificationOpenError
    return still_open


@transaction.atomic(durable=True)
def _store(
    context: RequestContext, submission: Submission, number: IdNumber
) -> IdentityVerification:
    assert context.session is not None
    face_blind = blind(submission.face_token, "face")
    session, locked = context.session, context.locked(face_blind=face_blind)
    # Under the lock again: the customer may have left, or been identified, in between.
    identity = onboarding.require_active(locked).identity
    if identity is Identity.DONE:
        raise IdentifiedError
    if identity in _OPEN:
        raise VerificationOpenError
    if locked.status.is_face_used:
        raise FaceUsedError
    consents.give_with_face(locked, by=f"session:{session.public_id}")
    submitted = IdentityVerification.objects.create(
        customer=locked.customer,
        account=session.account,
        device_id=session.device_id,
        name=submission.name,
        id_number=number.number,
        id_blind=blind(number.number, "id_number"),
        valid_until_on=submission.valid_until_on,
        face_token=submission.face_token,
        face_blind=face_blind,
        submitted_at=locked.at,
    )
    idempotency.began(submitted.pk)
    return submitted
