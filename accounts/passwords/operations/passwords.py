"""Transaction passwords: set, changed, guessed at, locked and unlocked (SEC-4).

Nothing is hashed inside a transaction: argon2 takes its time on purpose. A try is counted before
the password is looked at and given back when it was right, so however many guess at once, no more
wrong ones are looked at in a day than the policy allows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import NamedTuple

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.gateways.identity import IdentityChecks
from accounts.identity.operations import faces
from accounts.models import Authorisation, TransactionPassword
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.onboarding.rules.onboarding import Step
from accounts.passwords import rules as passwords
from accounts.passwords.rules import Weakness
from accounts.policy import AccountPolicy
from backoffice.core import clock
from backoffice.core.errors import NextCall, RefusalCause, Refused
from backoffice.platform import idempotency, rate_limit

SCOPE = "transaction-password"


WEAKNESSES = {
    Weakness.TOO_SHORT: _("It is too short."),
    Weakness.TOO_LONG: _("It is too long."),
    Weakness.NO_UPPER: _("It has no capital letter."),
    Weakness.NO_LOWER: _("It has no small letter."),
    Weakness.NO_DIGIT: _("It has no digit."),
    Weakness.NOT_PRINTABLE: _("It has characters that cannot be printed."),
}


class PasswordWeakError(Refused):
    """The password does not meet the rules for passwords (SEC-4)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("weaknesses", "errors")
    code = "password-weak"
    message = _("This password is too weak: {words}")
    remedy = _(
        "Use {length_min} to {length_max} characters with capital letters, small letters and "
        "digits."
    )

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return what a password can lack."""
        return [RefusalCause(str(weakness), text) for weakness, text in WEAKNESSES.items()]


class PasswordUsedError(Refused):
    """The password is one of the last ones (SEC-4)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "password-used-before"
    message = _("This is one of your last {password_history} passwords.")
    remedy = _("Choose one that you have not used lately.")


class NoPasswordError(Refused):
    """The customer has no transaction password."""

    code = "password-missing"
    message = _("You have no transaction password yet.")
    remedy = _("Set one first.")
    calls = (NextCall("set-password", "PUT", "/api/v1/me/transaction-password"),)


class ProofMissingError(Refused):
    """A password exists, and the request has neither the current one nor a face check."""

    status = HTTPStatus.FORBIDDEN
    code = "password-proof-missing"
    message = _("There is a transaction password already.")
    remedy = _("Send it as current_password, or a face check as face_token.")


class PasswordWrongError(Refused):
    """The password is not the right one; the try was counted."""

    status = HTTPStatus.FORBIDDEN
    public_facts = ("left",)
    is_recorded = True
    code = "password-wrong"
    message = _("This is not your transaction password; tries left today: {left}.")
    remedy = _("Type it again, or set a new one with a face check.")


class PasswordLockedError(Refused):
    """The wrong tries of the day are used up (SEC-4)."""

    status = HTTPStatus.LOCKED
    public_facts = ("available_at",)
    code = "password-locked"
    message = _("The transaction password was wrong too often and is locked.")
    remedy = _("Wait until {available_at}, or unlock it with a face check.")
    calls = (NextCall("unlock-password", "POST", "/api/v1/me/transaction-password/unlock"),)


class PasswordChangedError(Refused):
    """Another request has changed the password at the same moment."""

    code = "password-changed"
    message = _("Your transaction password has been changed at the same moment.")
    remedy = _("If it was not you, set a new one with a face check.")


RIGHT_REFUSALS = (PasswordWrongError, PasswordLockedError)


class Change(NamedTuple):
    """A new password, and what proves that the caller may replace the old one."""

    password: str
    current_password: str | None = None
    face_token: str | None = None


def change(
    context: RequestContext, *, wanted: Change, checks: IdentityChecks
) -> TransactionPassword:
    """Set a customer's transaction password; grants that an earlier one gave end with it.

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError: as for
            every step.
        onboarding.StepMissingError: the identity is not verified.
        PasswordWeakError: it lacks something (SEC-4).
        NoPasswordError: a current password was sent, and there is none.
        ProofMissingError: there is a password, and neither it nor a face check was sent.
        PasswordWrongError, PasswordLockedError: as ``require_right``.
        faces.FaceRefusedError and the others of ``faces.verify``: the face check did not pass.
        PasswordUsedError: it is one of the last four (SEC-4).
        PasswordChangedError: another request was faster.
    """
    onboarding.require_step(context, step=Step.TRANSACTION_PASSWORD)
    _require_strong(wanted.password, context.policy)
    earlier = list(_of(context.customer.pk))
    if wanted.face_token is not None:
        faces.verify(context, face_token=wanted.face_token, checks=checks)
        _clear_tries(context)
    elif wanted.current_password is not None:
        require_right(context, password=wanted.current_password, newest=_first(earlier))
    elif earlier:
        raise ProofMissingError
    _require_new(wanted.password, earlier, context.policy)
    return _store(context, make_password(wanted.password), earlier)


def _of(customer_id: int) -> QuerySet[TransactionPassword]:
    return TransactionPassword.objects.filter(customer=customer_id).order_by("-pk")


def newest(customer_id: int) -> TransactionPassword:
    """Return the password that counts.

    Raises:
        NoPasswordError: there is none.
    """
    return _first(_of(customer_id)[:1])


def _first(newest_first: Iterable[TransactionPassword]) -> TransactionPassword:
    found = next(iter(newest_first), None)
    if found is None:
        raise NoPasswordError
    return found


def expires_at(password: TransactionPassword, *, numbers: AccountPolicy) -> datetime:
    """Return the first moment at which a password no longer holds."""
    return passwords.expires_at(password.set_at, numbers.password_days)


def _require_strong(password: str, numbers: AccountPolicy) -> None:
    lacking = passwords.weaknesses(password, numbers.password_length_min)
    if lacking:
        raise PasswordWeakError(
            weaknesses=[str(weakness) for weakness in lacking],
            errors=[
                {"pointer": "/password", "code": str(weakness), "detail": str(WEAKNESSES[weakness])}
                for weakness in lacking
            ],
            words=" ".join(str(WEAKNESSES[weakness]) for weakness in lacking),
            length_min=numbers.password_length_min,
            length_max=passwords.LENGTH_MAX,
        )


def _require_new(
    password: str, earlier: Sequence[TransactionPassword], numbers: AccountPolicy
) -> None:
    last = earlier[: numbers.password_history]
    if any(check_password(password, one.digest) for one in last):
        raise PasswordUsedError(password_history=numbers.password_history)


@transaction.atomic(durable=True)
@idempotency.replies
def _store(
    context: RequestContext, digest: str, earlier: Sequence[TransactionPassword]
) -> TransactionPassword:
    """Store a digest, if the passwords are still those that were looked at."""
    locked = context.locked()
    onboarding.require_active(locked)
    mine = _of(locked.customer.pk)
    if [one.pk for one in mine] != [one.pk for one in earlier]:
        raise PasswordChangedError
    made = TransactionPassword.objects.create(
        customer=locked.customer, digest=digest, set_at=locked.at
    )
    outdated = [one.pk for one in earlier[max(locked.policy.password_history, 1) - 1 :]]
    if outdated:
        mine.filter(pk__in=outdated).delete()
    granted = Authorisation.objects.filter(customer=locked.customer, used_at=None)
    granted.filter(expires_at__gt=locked.wall_at).update(expires_at=locked.wall_at)
    return made


def require_right(
    context: RequestContext, *, password: str, newest: TransactionPassword
) -> TransactionPassword:
    """Return the newest password when it is this one; a wrong one has used a try of the day.

    Raises:
        PasswordLockedError: the wrong tries of the day are used up; this one was not looked at.
        PasswordWrongError: it is another one.
    """
    limit = context.policy.password_tries_max
    scope, subject, on = SCOPE, context.subject, clock.day_of(context.wall_at)
    if not rate_limit.take(scope=scope, subject=subject, on=on, limit=limit):
        tomorrow = clock.moment_of(on + timedelta(days=1), time.min)
        raise PasswordLockedError(available_at=context.in_product_time(tomorrow).isoformat())
    if not check_password(password, newest.digest):
        left = rate_limit.left(scope=scope, subject=subject, on=on, limit=limit)
        raise PasswordWrongError(left=left)
    rate_limit.give_back(scope=scope, subject=subject, on=on)
    return newest


def unlock(context: RequestContext, *, face_token: str, checks: IdentityChecks) -> None:
    """Give a customer whose face is verified the tries of the day back (SEC-4).

    Raises:
        onboarding.StepMissingError and the others of ``onboarding.require_step``.
        faces.FaceRefusedError and the others of ``faces.verify``: the face check did not pass.
    """
    onboarding.require_step(context, step=Step.TRANSACTION_PASSWORD)
    faces.verify(context, face_token=face_token, checks=checks)
    _unlock(context)


@transaction.atomic(durable=True)
@idempotency.replies
def _unlock(context: RequestContext) -> None:
    _clear_tries(context)


def _clear_tries(context: RequestContext) -> None:
    on = clock.day_of(context.wall_at)
    rate_limit.clear(scope=SCOPE, subject=context.subject, on=on)
