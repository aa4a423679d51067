"""The order of onboarding steps, and the status of a customer in it (GEN-11)."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Step(StrEnum):
    """Steps of onboarding. All but the transaction password are taken in a strict order."""

    IDENTITY = "identity"
    CARD = "card"
    CONSENTS = "consents"
    PROFILE = "profile"
    ASSESSMENT = "assessment"
    TRANSACTION_PASSWORD = "transaction_password"


ORDER = (Step.IDENTITY, Step.CARD, Step.CONSENTS, Step.PROFILE, Step.ASSESSMENT)


class Identity(StrEnum):
    """Progress of the identity verification.

    Stale is a result that is too old to open a line with, expired the ID card that was verified:
    both are verified again.
    """

    NONE = "none"
    PENDING = "pending"
    IN_REVIEW = "in_review"
    REFUSED = "refused"
    STALE = "stale"
    ID_EXPIRED = "id_expired"
    DONE = "done"


class ProfileReviewState(StrEnum):
    """Progress of the manual review of a profile (LAW-11, IDN-020)."""

    IN_REVIEW = "in_review"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"


class StepState(StrEnum):
    """Where a step stands: waiting is for somebody else to do, locked needs another step first."""

    DONE = "done"
    NEXT = "next"
    WAITING = "waiting"
    LOCKED = "locked"


class OnboardingStatus(NamedTuple):
    """The plain facts of how far a customer has come."""

    identity: Identity = Identity.NONE
    was_identified: bool = False
    id_valid_until_on: date | None = None
    is_of_age: bool = True
    has_active_card: bool = False
    has_pending_card: bool = False
    missing_consents: tuple[str, ...] = ()
    given_consents: tuple[str, ...] = ()
    withdrawn_consents: tuple[str, ...] = ()
    has_profile: bool = False
    profile_review: str | None = None
    has_password: bool = False
    is_cooling: bool = False
    is_on_hold: bool = False
    device_accounts: int = 0
    device_flags: tuple[str, ...] = ()
    is_face_used: bool = False

    @property
    def is_profile_done(self) -> bool:
        """Return whether there is a profile that needs no manual review, or was accepted in one."""
        return self.has_profile and self.profile_review in (None, ProfileReviewState.ACCEPTED)


class StepLine(NamedTuple):
    """One line of the list a customer sees."""

    step: Step
    state: StepState


def missing_before(step: Step, status: OnboardingStatus) -> Step | None:
    """Return the first step that must be done before this one and is not.

    The transaction password needs an identity, be it stale, and nothing needs the password to be
    opened: it also guards what is repaid years later.
    """
    if step == Step.TRANSACTION_PASSWORD:
        is_known = status.was_identified or status.identity == Identity.DONE
        return None if is_known else Step.IDENTITY
    before = ORDER[: ORDER.index(step)]
    return next((earlier for earlier in before if not _is_done(earlier, status)), None)


def validity(
    passed_at: datetime | None, id_valid_until_on: date | None, at: datetime, on: date, hours: int
) -> Identity:
    """Return whether a passed verification may still open a line, at a moment of a day.

    A result is valid for so many hours from the decision on (ELIG-3), the ID card through its last
    day (ELIG-4).
    """
    if id_valid_until_on is not None and id_valid_until_on < on:
        return Identity.ID_EXPIRED
    is_fresh = passed_at is not None and at < passed_at + timedelta(hours=hours)
    return Identity.DONE if is_fresh else Identity.STALE


def steps(status: OnboardingStatus) -> list[StepLine]:
    """Return every step with its state, in the order in which they are shown.

    While a customer cools off, is held or is of no age to be lent to, nothing is next: what is not
    done is locked. What a provider or a person of the staff has in hand goes on waiting.
    """
    shown = (Step.IDENTITY, Step.TRANSACTION_PASSWORD, *ORDER[1:])
    return [StepLine(step, _state(step, status)) for step in shown]


def _state(step: Step, status: OnboardingStatus) -> StepState:
    if _is_done(step, status):
        return StepState.DONE
    if missing_before(step, status) is not None:
        return StepState.LOCKED
    if _is_waiting(step, status):
        return StepState.WAITING
    is_too_old = step != Step.TRANSACTION_PASSWORD and not status.is_of_age
    is_stopped = status.is_cooling or status.is_on_hold or is_too_old
    return StepState.LOCKED if is_stopped else StepState.NEXT


def _is_done(step: Step, status: OnboardingStatus) -> bool:
    """Say whether a step is done; the assessment ends onboarding and begins a line."""
    return {
        Step.IDENTITY: status.identity == Identity.DONE,
        Step.CARD: status.has_active_card,
        Step.CONSENTS: not status.missing_consents,
        Step.PROFILE: status.is_profile_done,
        Step.ASSESSMENT: False,
        Step.TRANSACTION_PASSWORD: status.has_password,
    }[step]


def _is_waiting(step: Step, status: OnboardingStatus) -> bool:
    if step == Step.IDENTITY:
        return status.identity in (Identity.PENDING, Identity.IN_REVIEW)
    if step == Step.PROFILE:
        return status.profile_review == ProfileReviewState.IN_REVIEW
    return step == Step.CARD and status.has_pending_card
