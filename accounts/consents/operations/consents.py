"""Consents of customers, one purpose at a time, given and taken back (GEN-14, LAW-18).

Giving is a step of onboarding; withdrawing is possible at any moment, also in the cooling-off
period. What was given stays on record with the digest of the text that was shown.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.consents import rules as consents
from accounts.consents.operations import face_recordings
from accounts.consents.rules import BIOMETRICS, PURPOSES, ConsentPurpose
from accounts.customers.rules.reasons import AccountReason
from accounts.models import Consent, Customer, IdentityVerification
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import Step
from backoffice.core.errors import NextCall, Refused


class UnknownPurposeError(Refused):
    """There is no such purpose."""

    status = HTTPStatus.NOT_FOUND
    code = "unknown-purpose"
    message = _("There is no purpose {purpose}.")
    remedy = _("Choose one of the listed purposes.")
    calls = (NextCall("list-consents", "GET", "/api/v1/me/consents"),)


class WithdrawnError(Refused):
    """The customer took back the consent that a face check needs."""

    code = "consent-missing"
    message = _("You have taken back your consent to the processing of your face.")
    remedy = _("Give it again, then try again.")
    calls = (NextCall("give-consent", "PUT", "/api/v1/me/consents/biometrics"),)


class ConsentListener(Protocol):
    """Learns of a consent in the transaction that records it."""

    def __call__(self, customer_id: int, *, purpose: str, at: datetime) -> None:
        """Note that a customer has consented to a purpose."""


_listeners: list[ConsentListener] = []


def register(listener: ConsentListener) -> None:
    """Let an app above learn of consents, once, when it is ready."""
    _listeners.append(listener)


def purpose_named(code: str) -> ConsentPurpose:
    """Return a purpose.

    Raises:
        UnknownPurposeError: there is none of this name.
    """
    if code not in PURPOSES:
        raise UnknownPurposeError(purpose=code)
    return PURPOSES[code]


@transaction.atomic(durable=True)
def give(context: RequestContext, *, purpose: str) -> Consent:
    """Record a consent to a purpose in the version now shown; one in force already stands.

    Raises:
        UnknownPurposeError: there is no such purpose.
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        onboarding.StepMissingError: identity or card is missing (GEN-11).
    """
    wanted = purpose_named(purpose)
    locked = context.locked()
    if wanted.code == BIOMETRICS:
        onboarding.require_active(locked)  # the face comes before every other step
    else:
        onboarding.require_step(locked, step=Step.CONSENTS)
    given = _give(locked.customer, wanted, by=locked.by, at=locked.at)
    onboarding.advance(locked.customer, policy=locked.policy, by=locked.by, at=locked.at)
    for listener in _listeners:
        listener(locked.customer.pk, purpose=wanted.code, at=locked.at)
    return given


def give_with_face(locked: RequestContext, *, by: str) -> None:
    """Record the consent that sending a face check gives, unless it was taken back before.

    Called in the transaction that stores the submission; the customer is locked.

    Raises:
        WithdrawnError: it was taken back; it must then be given in so many words.
    """
    if BIOMETRICS in locked.status.given_consents:
        return
    if BIOMETRICS in locked.status.withdrawn_consents:
        raise WithdrawnError
    _record(locked.customer, PURPOSES[BIOMETRICS], by=by, at=locked.at)


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
        face_recordings.drop(mine, by=by, reason=AccountReason.CONSENT_WITHDRAWN, at=at)
    locked = Customer.objects.select_for_update().get(pk=customer.pk)
    given = _in_force(locked, wanted.code)
    if given is not None:
        given.withdrawn_at, given.withdrawn_by = at, by
        given.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return given


def _in_force(customer: Customer, purpose: str) -> Consent | None:
    return Consent.objects.filter(customer=customer, purpose=purpose, withdrawn_at=None).first()


def _give(customer: Customer, purpose: ConsentPurpose, *, by: str, at: datetime) -> Consent:
    """Return the consent in force to the present version; one to an older version ends."""
    given = _in_force(customer, purpose.code)
    if given is not None and given.version == purpose.version:
        return given
    if given is not None:
        given.withdrawn_at, given.withdrawn_by = at, by
        given.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return _record(customer, purpose, by=by, at=at)


def _record(customer: Customer, purpose: ConsentPurpose, *, by: str, at: datetime) -> Consent:
    return Consent.objects.create(
        customer=customer,
        purpose=purpose.code,
        version=purpose.version,
        # The words as they were shown, in the language of the caller.
        text_digest=consents.digest(gettext(purpose.text)),
        given_at=at,
        given_by=by,
    )
