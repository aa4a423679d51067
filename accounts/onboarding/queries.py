"""The onboarding status of a customer, read in one statement (GEN-11)."""

from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from accounts.consents import rules as consents
from accounts.models import (
    BankCard,
    BankCardState,
    Consent,
    Customer,
    CustomerHold,
    CustomerState,
    HoldKind,
    IdentityVerification,
    Profile,
    TransactionPassword,
    VerificationState,
)
from accounts.onboarding.rules import cooling_off, devices, onboarding
from accounts.onboarding.rules.ages import is_of_age
from accounts.onboarding.rules.onboarding import Identity, OnboardingStatus, Step, StepLine, steps
from accounts.policy import AccountPolicy
from backoffice.core import prepared
from backoffice.core.clock import day_of

_API = "/api/v1"
NOT_AVAILABLE = "not-available-yet"
# What a customer calls to take each step; a step without an endpoint is not available yet.
ENDPOINTS: dict[Step, tuple[str, str]] = {
    Step.IDENTITY: ("POST", f"{_API}/me/identity"),
    Step.CARD: ("POST", f"{_API}/me/cards"),
    Step.CONSENTS: ("PUT", f"{_API}/me/consents/{{purpose}}"),
    Step.PROFILE: ("PUT", f"{_API}/me/profile"),
    Step.ASSESSMENT: ("POST", f"{_API}/me/assessments"),
    Step.TRANSACTION_PASSWORD: ("PUT", f"{_API}/me/transaction-password"),
}
_NOT_IDENTIFIED = (CustomerState.REGISTERED, CustomerState.CLOSED)
_IDENTITY: dict[str | None, Identity] = {
    VerificationState.PENDING: Identity.PENDING,
    VerificationState.IN_REVIEW: Identity.IN_REVIEW,
    VerificationState.REFUSED: Identity.REFUSED,
}


class Sender(NamedTuple):
    """From where a request comes: a device, and the index of the face check that it carries.

    ``since`` is the moment of machine time from which on accounts of the device count.
    """

    device_id: int
    since: datetime
    face_blind: bytes = b""


def read(
    customer_id: int, *, at: datetime, policy: AccountPolicy, sender: Sender | None = None
) -> OnboardingStatus:
    """Return how far a customer has come, at a moment of product time.

    With a sender the same statement counts the WeChat accounts on the device (ELIG-9), reads what
    the device last reported (SEC-2), and looks whether the face check was used before, for a
    verification or for anything else.
    """
    facts = _read(customer_id, sender)
    return OnboardingStatus(
        identity=_identity(facts, at, policy),
        was_identified=facts.state not in _NOT_IDENTIFIED,
        id_valid_until_on=facts.id_valid_until_on,
        is_of_age=_is_of_age(facts, at, policy),
        has_active_card=facts.has_active_card,
        has_pending_card=facts.has_pending_card,
        missing_consents=tuple(consents.missing(facts.given)),
        given_consents=tuple(facts.given),
        withdrawn_consents=tuple(facts.withdrawn),
        has_profile=facts.has_profile,
        profile_review=facts.profile_review,
        has_password=facts.has_password,
        is_cooling=cooling_off.is_cooling(facts.registered_at, at, hours=policy.cooling_off_hours),
        is_on_hold=facts.is_held,
        device_accounts=facts.device_accounts,
        device_flags=tuple(facts.device_flags or ()),
        is_face_used=facts.is_face_used,
    )


class _Facts(NamedTuple):
    """What one row says of a customer, in the order of the statement."""

    state: str
    registered_at: datetime
    origin: str | None
    born_on: date | None
    id_valid_until_on: date | None
    verification: str | None
    passed_at: datetime | None
    has_active_card: bool
    has_pending_card: bool
    given: list[str]
    withdrawn: list[str]
    has_profile: bool
    profile_review: str | None
    has_password: bool
    is_held: bool
    device_accounts: int = 0
    device_flags: list[str] | None = None
    is_face_used: bool = False


_SOMEBODY = -1  # stands in the statement for whoever is asked about


# The flags of a device that are set, as an array of their names.
_FLAGS = ", ".join(f"CASE WHEN {flag} THEN '{flag}' END" for flag in devices.SIGNALS)
_OF_SENDER = """
    SELECT status.*, (
        SELECT count(DISTINCT account.openid_blind)
        FROM accounts_devicelink AS link
        JOIN accounts_wechataccount AS account ON account.id = link.account_id
        WHERE link.device_id = %s AND link.seen_at >= %s
    ), (
        SELECT array_remove(ARRAY[{flags}], NULL) FROM accounts_device WHERE id = %s
    ), (
        EXISTS (SELECT FROM accounts_identityverification WHERE face_blind = %s)
        OR EXISTS (SELECT FROM accounts_usedfacetoken WHERE face_blind = %s)
    )
    FROM ({status}) AS status
"""


def _read(customer_id: int, sender: Sender | None) -> _Facts:
    statement, parameters = _statement()
    values = [customer_id if one == _SOMEBODY else one for one in parameters]
    if sender is not None:
        # Columns of the outer statement come first, and so do their parameters.
        statement = _OF_SENDER.format(status=statement, flags=_FLAGS)
        face = [sender.face_blind, sender.face_blind]
        values = [sender.device_id, sender.since, sender.device_id, *face, *values]
    found = prepared.rows(statement, values)
    if not found:
        raise Customer.DoesNotExist
    return _Facts(*found[0])


@cache
def _statement() -> tuple[str, tuple[Any, ...]]:
    """Return the statement and its parameters, put into words once: that took most of the time."""
    columns = (name for name in _Facts._fields if name not in _Facts._field_defaults)
    rows = _facts().filter(pk=_SOMEBODY).values_list(*columns)
    statement, parameters = rows.query.sql_with_params()
    return statement, tuple(parameters)


def _identity(facts: _Facts, at: datetime, policy: AccountPolicy) -> Identity:
    """Return how an identity stands; a migrated customer was opened by the originating lender."""
    if facts.state in _NOT_IDENTIFIED:
        return _IDENTITY.get(facts.verification, Identity.NONE)
    if facts.origin is not None:
        return Identity.DONE
    valid = onboarding.validity(
        facts.passed_at,
        facts.id_valid_until_on,
        at,
        day_of(at),
        policy.check_valid_hours,
    )
    return valid if valid is Identity.DONE else _IDENTITY.get(facts.verification, valid)


def _is_of_age(facts: _Facts, at: datetime, policy: AccountPolicy) -> bool:
    """Say whether a customer may open a line by age on this day (ELIG-1)."""
    if facts.born_on is None or facts.origin is not None:
        return True
    return is_of_age(facts.born_on, day_of(at), policy.age_min, policy.age_max)


def guide(status: OnboardingStatus) -> list[dict[str, str | None]]:
    """Return the steps of onboarding as the API shows them: name, state, and what to call."""
    return [step_entry(line) for line in steps(status)]


def after_refusal(status: OnboardingStatus) -> list[dict[str, str]]:
    """Return what a refused customer can do (FAQ-1): check the identity, correct the profile, ask.

    检查实名状态→更新职业信息→联系客服复核
    """
    is_identified = status.identity is Identity.DONE
    return [
        {"step": "check-identity", "state": str(status.identity),
         "method": "GET", "endpoint": f"{_API}/me/identity"},
        {"step": "update-profile", "state": "open" if is_identified else "locked",
         "method": "PUT", "endpoint": f"{_API}/me/profile"},
        {"step": "ask-support", "state": "open",
         "method": "POST", "endpoint": f"{_API}/me/complaints"},
    ]  # fmt: skip


def step_entry(line: StepLine) -> dict[str, str | None]:
    """Return one step as the API shows it; one that is not available yet has no endpoint."""
    method, endpoint = ENDPOINTS.get(line.step, (None, None))
    return {
        "step": str(line.step),
        "state": str(line.state) if endpoint else NOT_AVAILABLE,
        "method": method,
        "endpoint": endpoint,
    }


def _facts() -> QuerySet[Customer, Any]:
    of_customer = {"customer": OuterRef("pk")}
    cards = BankCard.objects.filter(**of_customer)
    latest = IdentityVerification.objects.filter(**of_customer).order_by("-pk")
    given = Consent.objects.filter(withdrawn_at=None, **of_customer)
    withdrawn = Consent.objects.filter(withdrawn_at__isnull=False, **of_customer)
    held = CustomerHold.objects.filter(kind=HoldKind.BLOCK, lifted_at=None, **of_customer)
    return Customer.objects.annotate(
        verification=Subquery(latest.values("state")[:1]),
        passed_at=Subquery(latest.filter(state=VerificationState.PASSED).values("decided_at")[:1]),
        has_active_card=Exists(cards.filter(state=BankCardState.ACTIVE)),
        has_pending_card=Exists(cards.filter(state=BankCardState.PENDING)),
        given=ArraySubquery(given.values("purpose")),
        withdrawn=ArraySubquery(withdrawn.values("purpose")),
        has_profile=Exists(Profile.objects.filter(**of_customer)),
        profile_review=Subquery(Profile.objects.filter(**of_customer).values("review__state")),
        has_password=Exists(TransactionPassword.objects.filter(**of_customer)),
        is_held=Exists(held),
    )
