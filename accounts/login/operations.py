"""Logins of customers: a WeChat account, a device, and a token that dies at once when revoked.

The token is 32 random bytes that only the client has: the database keeps its SHA-256. It serves
one account on one device, two hours after its last use and seven days in all. What happens to
customers is in product time (``at``); sessions live in machine time (``wall_at``).
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.models import Customer, LoginSession, WechatAccount
from backoffice.core import clock, prepared
from backoffice.core.crypto import blind
from backoffice.core.errors import Refused
from backoffice.core.models import StateChange
from backoffice.core.reasons import Given, stored

IDLE = timedelta(hours=2)
LASTS = timedelta(days=7)
# Each use prolongs a session, but is written down at most this often.
USE_NOTED_AFTER = timedelta(minutes=1)

_TOKEN_BYTES = 32
_DEVICE = (
    "model", "os", "os_version", "is_emulator", "is_rooted", "is_cloned_app", "is_debug", "is_vpn",
    "has_hook", "has_mock_location", "has_remote_control",
)  # fmt: skip


class DeviceReport(NamedTuple):
    """What the client says of its device; None is what it did not say."""

    fingerprint: str
    model: str
    os: str
    os_version: str
    is_emulator: bool
    is_rooted: bool
    is_cloned_app: bool | None = None
    is_debug: bool | None = None
    is_vpn: bool | None = None
    has_hook: bool | None = None
    has_mock_location: bool | None = None
    has_remote_control: bool | None = None


class Arrival(NamedTuple):
    """Who WeChat says is there, since when, on which device, from which network address."""

    openid: str
    used_since_on: date | None
    device: DeviceReport
    address: str | None


class IssuedSession(NamedTuple):
    """A new session, and the only copy of its token."""

    session: LoginSession
    token: str


def log_in(arrival: Arrival, *, at: datetime, wall_at: datetime) -> IssuedSession:
    """Begin a session; whoever comes for the first time is registered (GEN-11)."""
    try:
        return _log_in(arrival, at=at, wall_at=wall_at)
    except IntegrityError:  # the same newcomer at the same moment on two devices
        return _log_in(arrival, at=at, wall_at=wall_at)


@transaction.atomic(durable=True)
def _log_in(arrival: Arrival, *, at: datetime, wall_at: datetime) -> IssuedSession:
    account = _known(arrival) or _register(arrival, at)
    token = secrets.token_bytes(_TOKEN_BYTES)
    session = LoginSession(
        public_id=uuid4(),
        account=account,
        token_digest=hashlib.sha256(token).digest(),
        address=arrival.address,
        began_at=wall_at,
        used_at=wall_at,
        ends_at=wall_at + LASTS,
    )
    _begin(session, arrival.device, at=at)
    return IssuedSession(session, base64.urlsafe_b64encode(token).rstrip(b"=").decode())


def _known(arrival: Arrival) -> WechatAccount | None:
    found = prepared.rows(_OF_OPENID, [blind(arrival.openid, "openid")])
    if not found:
        return None
    account = _account(iter(found[0]))
    if _is_earlier(arrival.used_since_on, account.used_since_on):
        account.used_since_on = arrival.used_since_on
        account.save(update_fields=["used_since_on"])
    return account


def _is_earlier(reported: date | None, known: date | None) -> bool:
    return reported is not None and (known is None or reported < known)


def _register(arrival: Arrival, at: datetime) -> WechatAccount:
    customer = Customer.objects.create(registered_at=at)
    return WechatAccount.objects.create(
        customer=customer,
        openid=arrival.openid,
        openid_blind=blind(arrival.openid, "openid"),
        used_since_on=arrival.used_since_on,
        seat=1,
        bound_at=at,
    )


def _begin(session: LoginSession, report: DeviceReport, *, at: datetime) -> None:
    """Store a session and its device as the newest report has it, linked to the account (ELIG-9).

    One statement: three of the ORM took a third of a login.
    """
    signals = report._asdict()
    fingerprint = blind(signals.pop("fingerprint"), "device")
    wall_at = session.began_at
    [(session.pk, session.device_id)] = prepared.rows(
        _BEGIN,
        [
            *(fingerprint, wall_at, wall_at, *(signals[name] for name in _DEVICE)),
            *(session.account_id, at, wall_at, wall_at),
            *(getattr(session, name) for name in _NEW_SESSION),
        ],
    )
    session._state.adding = False
    session._state.db = DEFAULT_DB_ALIAS


# What a request needs to know of its caller. Written out: every request asks this first, and
# putting it into words took longer than the answer.
_CALLER = (
    "SELECT s.id, s.public_id, s.account_id, s.device_id, s.began_at, s.used_at, s.ends_at, "
    "a.id, a.customer_id, a.public_id, a.used_since_on, "
    "c.id, c.public_id, c.state, c.born_on, c.registered_at "
    "FROM accounts_loginsession AS s "
    "JOIN accounts_wechataccount AS a ON a.id = s.account_id "
    "JOIN accounts_customer AS c ON c.id = a.customer_id "
    "WHERE s.token_digest = %s AND s.revoked_at IS NULL AND s.ends_at > %s AND s.used_at > %s"
)
# The columns of each, in the order of the models.
_SESSION = ("id", "public_id", "account_id", "device_id", "began_at", "used_at", "ends_at")
_ACCOUNT = ("id", "customer_id", "public_id", "used_since_on")
_CUSTOMER = ("id", "public_id", "state", "born_on", "registered_at")
_OF_OPENID = (
    "SELECT a.id, a.customer_id, a.public_id, a.used_since_on, "
    "c.id, c.public_id, c.state, c.born_on, c.registered_at "
    "FROM accounts_wechataccount AS a JOIN accounts_customer AS c ON c.id = a.customer_id "
    "WHERE a.openid_blind = %s AND a.unbound_at IS NULL"
)
_NEW_SESSION = (
    "public_id",
    "account_id",
    "token_digest",
    "address",
    "began_at",
    "used_at",
    "ends_at",
)
_VALUES = ", ".join(["%s"] * len(_DEVICE))
_NEWEST = ", ".join(f"EXCLUDED.{signal}" for signal in _DEVICE)
_BEGIN = f"""
    WITH device AS (
        INSERT INTO accounts_device
            (fingerprint_blind, first_seen_at, reported_at, {", ".join(_DEVICE)})
        VALUES (%s, %s, %s, {_VALUES})
        ON CONFLICT (fingerprint_blind) DO UPDATE
        SET (reported_at, {", ".join(_DEVICE)}) = (EXCLUDED.reported_at, {_NEWEST})
        RETURNING id
    ), link AS (
        INSERT INTO accounts_devicelink (device_id, account_id, linked_at, first_seen_at, seen_at)
        SELECT id, %s::bigint, %s::timestamptz, %s::timestamptz, %s::timestamptz FROM device
        ON CONFLICT (device_id, account_id) DO UPDATE SET seen_at = EXCLUDED.seen_at
    )
    INSERT INTO accounts_loginsession
        (device_id, public_id, account_id, token_digest, address, began_at, used_at, ends_at,
         revoked_by, revoked_reason)
    SELECT id, %s::uuid, %s::bigint, %s::bytea, %s::inet, %s::timestamptz, %s::timestamptz,
        %s::timestamptz, '', ''
    FROM device
    RETURNING id, device_id
"""  # nosec B608: column names of our own


def session_of(token: str, *, wall_at: datetime) -> LoginSession | None:
    """Return the living session of a token with account and customer, and prolong it."""
    found = prepared.rows(_CALLER, [_digest(token), wall_at, wall_at - IDLE])
    if not found:
        return None
    session = _with_caller(found[0])
    if wall_at - session.used_at > USE_NOTED_AFTER:
        LoginSession.objects.filter(pk=session.pk, used_at__lt=wall_at).update(used_at=wall_at)
    return session


def _with_caller(row: Sequence[Any]) -> LoginSession:
    """Return the records of a row; what it does not hold is read when it is asked for."""
    values = iter(row)
    session = LoginSession.from_db(DEFAULT_DB_ALIAS, _SESSION, _taken(values, _SESSION))
    session.account = _account(values)
    return session


def _account(values: Iterator[Any]) -> WechatAccount:
    account = WechatAccount.from_db(DEFAULT_DB_ALIAS, _ACCOUNT, _taken(values, _ACCOUNT))
    account.customer = Customer.from_db(DEFAULT_DB_ALIAS, _CUSTOMER, _taken(values, _CUSTOMER))
    return account


def _taken(values: Iterator[Any], columns: Sequence[str]) -> list[Any]:
    return list(islice(values, len(columns)))


def _digest(token: str) -> bytes:
    """Return what the database keeps of a token; one that cannot be ours finds nothing."""
    try:
        raw = base64.urlsafe_b64decode(f"{token}=")
    except ValueError:
        raw = b""
    return hashlib.sha256(raw).digest()


def _living(wall_at: datetime) -> QuerySet[LoginSession]:
    return LoginSession.objects.filter(
        revoked_at=None, ends_at__gt=wall_at, used_at__gt=wall_at - IDLE
    )


def living_of(customer: Customer, *, wall_at: datetime) -> QuerySet[LoginSession]:
    """Return the sessions of a customer that still serve, the newest first."""
    return _living(wall_at).filter(account__customer=customer).order_by("-pk")


def expires_at(session: LoginSession) -> datetime:
    """Return when a session ends unless it is used."""
    return min(session.used_at + IDLE, session.ends_at)


def revoke(sessions: QuerySet[LoginSession], *, by: str, reason: Given, wall_at: datetime) -> int:
    """End sessions at once; return how many were still open."""
    open_ones = sessions.filter(revoked_at=None)
    code, facts = stored(reason)
    return open_ones.update(
        revoked_at=wall_at, revoked_by=by, revoked_reason=code, revoked_facts=facts
    )


class EndedError(Refused):
    """The login has ended already."""

    code = "login-ended"
    message = _("The login {session} has ended already.")
    remedy = _("Reload its page; the customer or somebody else was faster.")


@transaction.atomic(durable=True)
def end(session_id: int, *, by: str, reason: str, wall_at: datetime) -> None:
    """End a login at once, as a member of the staff.

    Raises:
        EndedError: it has ended already.
    """
    one = LoginSession.objects.filter(pk=session_id)
    if not revoke(one, by=by, reason=reason, wall_at=wall_at):
        raise EndedError(session=f"S{session_id}")


@transaction.atomic
def report_history(reports: Sequence[tuple[str, date]], *, by: str, at: datetime) -> int:
    """Take over since when WeChat accounts are used, as (openid, day); return how many changed.

    WeChat itself does not say; a partner or the earliest payment does (ELIG-12). The earliest day
    reported counts.
    """
    days: dict[bytes, date] = {}
    for openid, day in reports:
        key = blind(openid, "openid")
        days[key] = min(day, days.get(key, day))
    if not days:
        return 0
    since_on = Case(*(When(openid_blind=key, then=Value(day)) for key, day in days.items()))
    known = WechatAccount.objects.filter(openid_blind__in=list(days))
    later = known.filter(Q(used_since_on=None) | Q(used_since_on__gt=since_on))
    accounts = list(later.select_for_update().defer("openid").order_by("pk"))
    trace.note(accounts, "report_history", by=by, reason=AccountReason.REPORTED_BY_PARTNER, at=at)
    return known.filter(pk__in=[one.pk for one in accounts]).update(used_since_on=since_on)


class BadDayError(Refused):
    """No day, or one that cannot be the first of anything."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "day-bad"
    message = _("{day} is no day on which somebody can have begun.")
    remedy = _("Give a day such as 2020-01-31 that is not after today.")


@transaction.atomic(durable=True)
def record_history(
    account: WechatAccount, *, since: date, by: str, reason: str, at: datetime
) -> None:
    """Record for one account since when WeChat is used, as proven to the staff (ELIG-12).

    Raises:
        BadDayError: the day lies after today.
    """
    if since > clock.day_of(at):
        raise BadDayError(day=since.isoformat())
    WechatAccount.objects.filter(pk=account.pk).update(used_since_on=since)
    code, facts = stored(reason)
    StateChange.objects.create(
        subject_type=account._meta.label_lower,
        subject_id=account.pk,
        transition="record_history",
        source=str(account.used_since_on or ""),
        target=since.isoformat(),
        actor=by,
        reason=code,
        facts=facts,
        effective_on=clock.day_of(at),
        at=at,
    )
