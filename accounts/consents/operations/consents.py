"""Consents of customers, one purpose at a time, given and taken back (GEN-14, LAW-18).

Giving is a step of opening; taking back is possible at any moment, also in the cooling-off period.
What was given stays on record with the digest of the words that were shown.
"""

from datetime import datetime
from http import HTTPStatus

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.consents import rules as consents
from accounts.consents.operations import face_recordings
from accounts.consents.rules import BIOMETRICS, PURPOSES, Purpose
from accounts.models import Consent, Customer, IdentityVerification
from accounts.onboarding import operations as openings
from accounts.onboarding.rules.onboarding import Step
from backoffice.core.errors import Refused


class UnknownPurposeError(Refused):
    """There is no such purpose."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown-purpose"
    message = _("There is no purpose {purpose}.")
    remedy = _("The purposes are listed at GET /api/v1/me/consents.")


class WithdrawnError(Refused):
    """The customer took back the consent that a face check needs."""

    code = "consent-missing"
    message = _("You have taken back your consent to the processing of your face.")
    remedy = _("Give it again with PUT /api/v1/me/consents/biometrics, then try again.")


def purpose_named(code: str) -> Purpose:
    """Return a purpose.

    Raises:
        UnknownPurposeError: there is none of this name.
    """
    if code not in PURPOSES:
        raise UnknownPurposeError(purpose=code)
    return PURPOSES[code]


@transaction.atomic(durable=True)
def give(customer: Customer, *, purpose: str, by: str, at: datetime) -> Consent:
    """Record a consent to a purpose in the version now shown; one in force already stands.

    Raises:
        UnknownPurposeError: there is no such purpose.
        openings.CoolingOffError, openings.OnHoldError, openings.ClosedError: as for every step.
        openings.StepMissingError: identity or card is missing (GEN-11).
    """
    wanted = purpose_named(purpose)
    locked = Customer.objects.select_for_update().get(pk=customer.pk)
    if wanted.code == BIOMETRICS:
        openings.require_active(locked, at=at)  # the face comes before every other step
    else:
        openings.require_step(locked, step=Step.CONSENTS, at=at)
    given = _give(locked, wanted, by, at)
    openings.advance(locked.pk, by=by, at=at)
    return given


def give_with_face(customer: Customer, *, by: str, at: datetime) -> None:
    """Record the consent that sending a face check gives, unless it was taken back before.

    Called in the transaction that stores the submission; the customer is locked.

    Raises:
        WithdrawnError: it was taken back; it must then be given in so many words.
    """
    earlier = Consent.objects.filter(customer=customer, purpose=BIOMETRICS)
    if earlier.filter(withdrawn_at=None).exists():
        return
    if earlier.exists():
        raise WithdrawnError()
    _give(customer, PURPOSES[BIOMETRICS], by, at)


@transaction.atomic(durable=True)
def withdraw(customer: Customer, *, purpose: str, by: str, at: datetime) -> Consent | None:
    """Record that a consent was taken back; return it, or None if none was in force.

    The customer's state stays; steps that need a required consent are refused from now on. With
    the consent to the use of the face, the recordings that are still kept go.

    Raises:
        UnknownPurposeError: there is no such purpose.
    """
    wanted = purpose_named(purpose)
    if wanted.code == BIOMETRICS:
        mine = IdentityVerification.objects.filter(customer=customer)
        face_recordings.drop(mine, by=by, reason="the consent was taken back", at=at)
    locked = Customer.objects.select_for_update().get(pk=customer.pk)
    given = _in_force(locked, wanted.code)
    if given is not None:
        given.withdrawn_at, given.withdrawn_by = at, by
        given.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return given


def _in_force(customer: Customer, purpose: str) -> Consent | None:
    return Consent.objects.filter(customer=customer, purpose=purpose, withdrawn_at=None).first()


def _give(customer: Customer, purpose: Purpose, by: str, at: datetime) -> Consent:
    """Return the consent in force to the present version; one to an older version ends."""
    given = _in_force(customer, purpose.code)
    if given is not None and given.version == purpose.version:
        return given
    if given is not None:
        given.withdrawn_at, given.withdrawn_by = at, by
        given.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return Consent.objects.create(
        customer=customer,
        purpose=purpose.code,
        version=purpose.version,
        # The words as they were shown, in the language of the caller.
        text_digest=consents.digest(gettext(purpose.text)),
        given_at=at,
        given_by=by,
    )
