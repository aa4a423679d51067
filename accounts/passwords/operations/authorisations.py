"""Grants to move one amount for one purpose, once, given for a right password (SEC-4).

A grant is used by one conditional statement in the transaction of the movement: of any number of
twins one finds it unused, and a movement that is rolled back leaves it so.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.models import Authorisation, Customer, GrantPurpose, TransactionPassword
from accounts.onboarding import operations as onboarding
from accounts.onboarding.context import RequestContext
from accounts.passwords.operations import passwords
from accounts.passwords.rules import grant_max_fen
from accounts.policy import AccountPolicy
from backoffice.core import clock, prepared
from backoffice.core.errors import NextCall, Refused
from backoffice.core.money import yuan
from backoffice.core.reasons import Reason
from backoffice.platform import idempotency

_COLUMNS = tuple(field.attname for field in Authorisation._meta.concrete_fields)
# The clock of another machine may be a moment behind that of the one that gave the grant.
_USE = f"""
    UPDATE accounts_authorisation SET used_at = greatest(%s, given_at)
    WHERE public_id = %s AND customer_id = %s AND purpose = %s AND amount_fen = %s
      AND used_at IS NULL AND expires_at > %s
    RETURNING {", ".join(_COLUMNS)}
"""  # nosec B608: the columns are those of the model


class PasswordExpiredError(Refused):
    """The password is older than a quarter (SEC-4)."""

    status = HTTPStatus.FORBIDDEN
    public_facts = ("expired_at",)
    code = "password-expired"
    message = _("Your transaction password has expired.")
    remedy = _("Set a new one.")
    calls = (NextCall("set-password", "PUT", "/api/v1/me/transaction-password"),)


class AmountImpossibleError(Refused):
    """No movement for this purpose can need this amount (LIMIT-1); no try is counted."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("amount_max_fen",)
    code = "amount-impossible"
    message = _("No such movement can need this amount.")
    remedy = _("Ask for at most {amount_max_yuan} yuan.")


class AuthorisationUnknownError(Refused):
    """There is no such grant, or it is somebody else's."""

    status = HTTPStatus.NOT_FOUND
    code = "authorisation-unknown"
    message = _("There is no such authorisation.")
    remedy = _("Ask for an authorisation first.")
    calls = (NextCall("authorise", "POST", "/api/v1/me/authorisations"),)


class AuthorisationSpentError(Refused):
    """The grant was used before."""

    code = "authorisation-spent"
    message = _("This authorisation has been used.")
    remedy = _("Ask for another authorisation.")
    calls = (NextCall("authorise", "POST", "/api/v1/me/authorisations"),)


class AuthorisationExpiredError(Refused):
    """The minutes of the grant are over."""

    code = "authorisation-expired"
    message = _("This authorisation is too old.")
    remedy = _("Ask for another authorisation.")
    calls = (NextCall("authorise", "POST", "/api/v1/me/authorisations"),)


class AuthorisationOtherError(Refused):
    """The grant is for another purpose or another amount."""

    code = "authorisation-not-for-this"
    message = _("This authorisation was given for something else.")
    remedy = _("Ask for one with exactly this purpose and amount.")
    calls = (NextCall("authorise", "POST", "/api/v1/me/authorisations"),)


class Movement(NamedTuple):
    """What a customer moves with a grant; ``amount_fen`` above 0."""

    customer: Customer
    purpose: str
    amount_fen: int


class GrantRequest(NamedTuple):
    """What a customer wants to move, and the password that says so; ``amount_fen`` above 0."""

    password: str
    purpose: str
    amount_fen: int


def give(context: RequestContext, *, ask: GrantRequest) -> Authorisation:
    """Return a grant for one movement, for the right password.

    Raises:
        onboarding.CoolingOffError, onboarding.OnHoldError, onboarding.ClosedError:
            nothing may be moved.
        onboarding.DeviceRefusedError, onboarding.DeviceSharedError: nothing may be drawn there.
        AmountImpossibleError: the amount is above what the purpose can need (LIMIT-1).
        passwords.NoPasswordError: there is no password yet.
        PasswordExpiredError: it is 90 days old (SEC-4); no try is used.
        passwords.PasswordLockedError, passwords.PasswordWrongError: as ``require_right``.
        passwords.PasswordChangedError: it was replaced at the same moment.
    """
    onboarding.require_active(context)
    if ask.purpose == GrantPurpose.DRAWDOWN:
        # What is owed can be repaid from any device.
        onboarding.require_device(context)
    _require_possible(ask, context.policy)
    newest = passwords.newest(context.customer.pk)
    expires_at = passwords.expires_at(newest, numbers=context.policy)
    if context.at >= expires_at:
        raise PasswordExpiredError(expired_at=expires_at.astimezone(clock.SHANGHAI).isoformat())
    right = passwords.require_right(context, password=ask.password, newest=newest)
    return _store(context, ask, right)


def _require_possible(ask: GrantRequest, numbers: AccountPolicy) -> None:
    is_drawdown = ask.purpose == GrantPurpose.DRAWDOWN
    most_fen = grant_max_fen(numbers.limit_max_fen, is_drawdown=is_drawdown)
    if ask.amount_fen > most_fen:
        raise AmountImpossibleError(amount_max_fen=most_fen, amount_max_yuan=yuan(most_fen))


@transaction.atomic(durable=True)
@idempotency.replies
def _store(context: RequestContext, ask: GrantRequest, right: TransactionPassword) -> Authorisation:
    """Store a grant, unless the password was replaced since it was looked at."""
    session, locked = context.session, context.locked()
    assert session is not None, "a grant is given in a login"
    onboarding.require_active(locked)
    if passwords.newest(right.customer_id) != right:
        raise passwords.PasswordChangedError
    minutes = timedelta(minutes=locked.policy.authorisation_minutes)
    return Authorisation.objects.create(
        customer_id=right.customer_id,
        session=session,
        purpose=ask.purpose,
        amount_fen=ask.amount_fen,
        given_at=locked.wall_at,
        expires_at=locked.wall_at + minutes,
    )


def use(
    public_id: UUID, *, movement: Movement, by: str, at: datetime, wall_at: datetime
) -> Authorisation:
    """Use a grant up for exactly this movement, in the transaction that makes it.

    Raises:
        AuthorisationUnknownError: there is none with this id, or it is another customer's.
        AuthorisationSpentError: it was used before.
        AuthorisationOtherError: purpose or amount are not those it was given for.
        AuthorisationExpiredError: its minutes are over.
    """
    assert connection.in_atomic_block, "a grant is used in the transaction of its movement"
    customer_id, purpose, amount_fen = movement.customer.pk, movement.purpose, movement.amount_fen
    rows = prepared.rows(
        _USE, [wall_at, public_id, customer_id, purpose, amount_fen, wall_at]
    )  # fmt: skip
    if rows:
        used = Authorisation.from_db(DEFAULT_DB_ALIAS, _COLUMNS, rows[0])
        reason = Reason(AccountReason.GRANT_USED, {"purpose": purpose})
        trace.note([used], "use", by=by, reason=reason, at=at)
        return used
    mine = Authorisation.objects.filter(public_id=public_id, customer=movement.customer)
    grant = mine.first()
    if grant is None:
        raise AuthorisationUnknownError
    if grant.used_at is not None:
        raise AuthorisationSpentError
    if (grant.purpose, grant.amount_fen) != (movement.purpose, movement.amount_fen):
        raise AuthorisationOtherError
    raise AuthorisationExpiredError
