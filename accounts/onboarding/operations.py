"""The order of onboarding, and what blocks a customer: cooling-off, holds, a missing step.

Every command that opens, binds, assesses or draws asks here first. Nobody can waive the
cooling-off period (ELIG-10): there is no argument for it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.customers.rules.reasons import AccountReason
from accounts.models import Customer, CustomerState
from accounts.onboarding import queries as onboarding_status
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules import cooling_off, devices
from accounts.onboarding.rules.occupations import Ruling
from accounts.onboarding.rules.onboarding import (
    Identity,
    OnboardingStatus,
    Step,
    missing_before,
)
from accounts.policy import AccountPolicy
from backoffice.core import clock, workflow
from backoffice.core import policy as policies
from backoffice.core.errors import NextCall, Refused

STEP_TITLES: Mapping[Step, Any] = {
    Step.IDENTITY: _("identity verification"),
    Step.CARD: _("bank card"),
    Step.CONSENTS: _("consents"),
    Step.PROFILE: _("profile"),
    Step.ASSESSMENT: _("assessment"),
    Step.TRANSACTION_PASSWORD: _("transaction password"),
}


class CoolingOffError(Refused):
    """The customer registered too recently: only reading works (ELIG-10)."""

    status = HTTPStatus.FORBIDDEN
    public_facts = ("available_at",)
    code = "cooling-off"
    message = _("In the first 30 days after registration only reading is possible.")
    remedy = _("Come back from {available_at} on; the cooling-off period cannot be shortened.")


class OnHoldError(Refused):
    """An account hold is in force: only reading works."""

    status = HTTPStatus.FORBIDDEN
    code = "customer-on-hold"
    message = _("Your account is under review and cannot be used at the moment.")
    remedy = _("Ask customer support, or file a complaint.")
    calls = (NextCall("ask-support", "POST", "/api/v1/me/complaints"),)


class ClosedError(Refused):
    """The customer relationship has ended: the account was closed."""

    status = HTTPStatus.FORBIDDEN
    code = "customer-closed"
    message = _("This account has been closed.")
    remedy = _("Log in again to register again.")


class AgeError(Refused):
    """The customer is too young or too old on this day (ELIG-1)."""

    status = HTTPStatus.FORBIDDEN
    code = "age-out-of-range"
    message = _("Only those who are {age_min} to {age_max} years old may open a line.")
    remedy = _("Nobody can make an exception.")


class IdExpiredError(Refused):
    """The ID card is no longer valid (ELIG-4)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "id-card-expired"
    message = _("The ID card was valid until {valid_until_on}.")
    remedy = _("Renew the card, then send its new date.")
    calls = (NextCall("submit-identity", "POST", "/api/v1/me/identity"),)


class IdentityStaleError(Refused):
    """The identity was verified too long ago to open a line with (ELIG-3)."""

    public_facts = ("next_steps",)
    code = "identity-stale"
    message = _("Your identity was verified more than {hours} hours ago.")
    remedy = _("Verify it again, then go on with this step.")
    calls = (NextCall("submit-identity", "POST", "/api/v1/me/identity"),)


class DeviceSharedError(Refused):
    """Too many WeChat accounts were seen on the device (ELIG-9, DEV-012)."""

    status = HTTPStatus.FORBIDDEN
    code = "device-shared"
    message = _("Too many WeChat accounts have logged in on this device.")
    remedy = _("Use a device of your own.")


class DeviceRefusedError(Refused):
    """The device reports a risk signal (SEC-2); the reply does not name it."""

    status = HTTPStatus.FORBIDDEN
    code = "device-refused"
    message = _("This step cannot be taken on this device.")
    remedy = _("Use another device of your own, or file a complaint.")
    calls = (NextCall("ask-support", "POST", "/api/v1/me/complaints"),)


class StepMissingError(Refused):
    """An earlier step of onboarding is not done yet (GEN-11)."""

    public_facts = ("missing_step", "next_steps")
    code = "step-missing"
    message = _("The step “{title}” comes first.")
    remedy = _("Take the missing step; next_steps says what to call.")


def missing_facts(missing: Step, next_steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the facts of a refusal: the step that comes first, and what to call."""
    return {
        "missing_step": str(missing), "title": STEP_TITLES[missing], "next_steps": next_steps,
    }  # fmt: skip


ACTIVE_REFUSALS = (CoolingOffError, OnHoldError, ClosedError)
DEVICE_REFUSALS = (DeviceRefusedError, DeviceSharedError)
STEP_REFUSALS = (
    AgeError,
    IdExpiredError,
    IdentityStaleError,
    StepMissingError,
    *DEVICE_REFUSALS,
)


def numbers(*, on: date) -> AccountPolicy:
    """Return the product numbers of accounts in force on a day."""
    return policies.current(AccountPolicy, on=on)


def require_active(context: RequestContext) -> OnboardingStatus:
    """Return how far the customer has come, who is neither cooling off, held nor gone.

    Raises:
        CoolingOffError: fewer than 720 hours have passed since registration (ELIG-10).
        OnHoldError: somebody blocks the customer.
        ClosedError: the relation has ended.
    """
    customer = context.customer
    if customer.state == CustomerState.CLOSED:
        raise ClosedError
    status = context.status
    if status.is_cooling:
        hours = context.policy.cooling_off_hours
        ends_at = cooling_off.ends_at(customer.registered_at, hours=hours)
        raise CoolingOffError(available_at=ends_at.astimezone(clock.SHANGHAI).isoformat())
    if status.is_on_hold:
        raise OnHoldError
    return status


def require_step(context: RequestContext, *, step: Step) -> OnboardingStatus:
    """Return how far the customer has come, who may take this step now.

    Raises:
        CoolingOffError, OnHoldError, ClosedError: as ``require_active``.
        AgeError: the customer is of no age to open a line today (ELIG-1).
        IdExpiredError: the ID card that was verified has expired (ELIG-4).
        IdentityStaleError: the identity was verified more than 24 hours ago (ELIG-3).
        StepMissingError: an earlier step is not done (GEN-11).
        DeviceRefusedError, DeviceSharedError: as ``require_device``.
    """
    status = require_active(context)
    if step != Step.TRANSACTION_PASSWORD:
        _require_valid(context, status)
    missing = missing_before(step, status)
    if missing is not None:
        raise StepMissingError(**missing_facts(missing, onboarding_status.guide(status)))
    require_device(context)
    return status


def _require_valid(context: RequestContext, status: OnboardingStatus) -> None:
    """Ask again at each step of onboarding what was true when the identity was verified."""
    numbers = context.policy
    if not status.is_of_age:
        raise AgeError(age_min=numbers.age_min, age_max=numbers.age_max)
    if status.identity is Identity.ID_EXPIRED:
        raise IdExpiredError(valid_until_on=status.id_valid_until_on)
    if status.identity is Identity.STALE:
        raise IdentityStaleError(
            hours=numbers.check_valid_hours, next_steps=onboarding_status.guide(status)
        )


def require_device(context: RequestContext) -> None:
    """Return if the device that calls may take steps and move money (ELIG-9).

    Raises:
        DeviceRefusedError: it reports an emulator, root rights or the like (DEV-001, DEV-002).
        DeviceSharedError: too many WeChat accounts were seen on it (DEV-012).
    """
    status = context.status
    if devices.ruling(status.device_flags) is Ruling.REFUSE:
        raise DeviceRefusedError
    if status.device_accounts > context.policy.device_accounts_max:
        raise DeviceSharedError


def advance(customer: Customer, *, policy: AccountPolicy, by: str, at: datetime) -> None:
    """Move a locked customer as far as the data allow, in the transaction that brought them.

    Consented: a card that receives money is bound and every required consent is given. Ready: the
    profile is there too, accepted where a person must look at it, and an assessment may be asked
    for. Nobody moves whose identity must be
    verified again, or whose age no longer allows it.
    """
    if customer.state not in (CustomerState.IDENTIFIED, CustomerState.CONSENTED):
        return
    before = customer.state
    status = onboarding_status.read(customer.pk, at=at, policy=policy)
    if status.identity is not Identity.DONE or not status.is_of_age:
        return
    is_consented = status.has_active_card and not status.missing_consents
    if customer.state == CustomerState.IDENTIFIED and is_consented:
        workflow.move([customer], "consent", by=by, reason=AccountReason.CARD_AND_CONSENTS, at=at)
    if customer.state == CustomerState.CONSENTED and status.is_profile_done:
        workflow.move([customer], "make_ready", by=by, reason=AccountReason.PROFILE_COMPLETE, at=at)
    if customer.state != before:
        workflow.save([customer])
