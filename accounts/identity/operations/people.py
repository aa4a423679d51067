"""One person, one customer, at most three WeChat accounts (ELIG-8).

A person whose identity is already known becomes another login of that customer: the line belongs
to the person, not to the account. Two requests that verify the same identity at one moment wait
for each other; the database counts the seats and has no fourth.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.identity.rules import id_numbers
from accounts.login import operations as logins
from accounts.models import (
    Complaint,
    Customer,
    CustomerState,
    DeletionRequest,
    DeletionState,
    IdentityVerification,
    LoginSession,
    WechatAccount,
)
from accounts.policy import AccountPolicy
from backoffice.core import clock, workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.core.reasons import Reason

LOCK_SPACE = 7_702  # first key of the advisory locks of identities


class SeatsTakenError(Refused):
    """The person has three WeChat accounts already (ELIG-8)."""

    status = HTTPStatus.FORBIDDEN
    is_recorded = True
    code = "three-accounts"
    message = _("This identity is bound to {accounts_max} WeChat accounts already.")
    remedy = _(
        "Log in with one of them, or unbind one there: its seat is free again after {days} days."
    )


def verify(
    verification: IdentityVerification, *, numbers: AccountPolicy, by: str, at: datetime
) -> bool:
    """Make the sender of a verification the person that it verified; say if that one was known.

    The customer of the verification is then that person. Who is verified again keeps the state and
    has the name and the last day of the new ID card.

    Raises:
        SeatsTakenError: the person's three seats are taken (ELIG-8).
    """
    assert verification.id_blind is not None  # what is open can be asked about
    _wait_for_twins(bytes(verification.id_blind))
    # The sender, and whoever is this person already: locked in the order of their ids.
    of_person = Q(id_blind=verification.id_blind) & ~Q(state=CustomerState.CLOSED)
    found = list(
        Customer.objects.select_for_update()
        .filter(of_person | Q(pk=verification.customer_id))
        .order_by("pk")
    )
    [newcomer] = [one for one in found if one.pk == verification.customer_id]
    known = next((one for one in found if _is_person(one, bytes(verification.id_blind))), None)
    if known is None:
        _identify(newcomer, verification, by=by, at=at)
        return False
    if known.pk == newcomer.pk:
        _renew(known, verification, by=by, at=at)
        verification.customer = known
        return True
    seat = _free_seat(known, numbers, at)
    if seat is None:
        raise SeatsTakenError(
            accounts_max=numbers.accounts_max, days=numbers.unbound_account_days
        )  # fmt: skip
    _renew(known, verification, by=by, at=at)
    verification.customer = newcomer
    _join(verification, known, seat=seat, by=by, at=at)
    return True


def _is_person(customer: Customer, id_blind: bytes) -> bool:
    is_open = customer.state != CustomerState.CLOSED
    return is_open and customer.id_blind is not None and bytes(customer.id_blind) == id_blind


def _wait_for_twins(id_blind: bytes) -> None:
    """Let verifications of one identity wait for each other until this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)",
            [LOCK_SPACE, int.from_bytes(id_blind[:4], "big", signed=True)],
        )


def _identify(
    customer: Customer, verification: IdentityVerification, *, by: str, at: datetime
) -> None:
    assert verification.name and verification.id_number
    number = id_numbers.parse(verification.id_number, on=clock.day_of(at))
    Customer.objects.filter(pk=customer.pk).update(
        name=verification.name,
        id_number=number.number,
        id_blind=verification.id_blind,
        born_on=number.born_on,
        id_valid_until_on=verification.valid_until_on,
    )
    workflow.move([customer], "identify", by=by, reason=AccountReason.BOTH_CHECKS_PASSED, at=at)
    workflow.save([customer])
    verification.customer = customer


def _renew(known: Customer, verification: IdentityVerification, *, by: str, at: datetime) -> None:
    """Keep the name and the last day of the ID card as they were verified last."""
    Customer.objects.filter(pk=known.pk).update(
        name=verification.name, id_valid_until_on=verification.valid_until_on
    )
    trace.note([known], "renew_identity", by=by, reason=AccountReason.BOTH_CHECKS_PASSED, at=at)


def _free_seat(customer: Customer, numbers: AccountPolicy, at: datetime) -> int | None:
    """Return a free seat; an account unbound long enough ago gives its seat up."""
    lapsed = at - timedelta(days=numbers.unbound_account_days)
    WechatAccount.objects.filter(customer=customer, unbound_at__lte=lapsed).update(seat=None)
    taken = set(
        WechatAccount.objects.filter(customer=customer, seat__isnull=False).values_list(
            "seat", flat=True
        )
    )
    return next((seat for seat in range(1, numbers.accounts_max + 1) if seat not in taken), None)


def _join(
    verification: IdentityVerification, known: Customer, *, seat: int, by: str, at: datetime
) -> None:
    """Make the newcomer's account a login of the customer the person is already."""
    newcomer = verification.customer
    WechatAccount.objects.filter(pk=verification.account_id).update(customer=known, seat=seat)
    verification.customer = known
    IdentityVerification.objects.filter(pk=verification.pk).update(customer=known)
    Complaint.objects.filter(customer=newcomer).update(customer=known)
    _stay(newcomer, by=by, at=at)
    workflow.move(
        [newcomer],
        "close",
        by=by,
        reason=Reason(AccountReason.JOINED, {"customer": known.pk}),
        at=at,
    )
    workflow.save([newcomer], "closed_at")


def _stay(newcomer: Customer, *, by: str, at: datetime) -> None:
    """Withdraw the deletion request of a customer who verifies an identity after it."""
    wishes = list(
        DeletionRequest.objects.select_for_update().filter(
            customer=newcomer, state=DeletionState.REQUESTED
        )
    )
    workflow.move(wishes, "withdraw", by=by, reason=AccountReason.CUSTOMER_STAYS, at=at)
    workflow.save(wishes, "decided_at")


class LastAccountError(Refused):
    """The account is the only one that can still log in."""

    code = "last-account"
    message = _("This is your only WeChat account here.")
    remedy = _("To close your account, request its deletion.")
    calls = (NextCall("request-deletion", "POST", "/api/v1/me/deletion"),)


@transaction.atomic(durable=True)
def unbind(account: WechatAccount, *, by: str, at: datetime, wall_at: datetime) -> WechatAccount:
    """Take a WeChat account away from its customer; its seat is free after the waiting time.

    Raises:
        LastAccountError: no other account of the customer could log in then.
    """
    Customer.objects.select_for_update().get(pk=account.customer_id)
    bound = WechatAccount.objects.filter(customer=account.customer_id, unbound_at=None)
    if not bound.exclude(pk=account.pk).exists():
        raise LastAccountError
    bound.filter(pk=account.pk).update(unbound_at=at)
    sessions = LoginSession.objects.filter(account=account)
    logins.revoke(sessions, by=by, reason=AccountReason.ACCOUNT_UNBOUND, wall_at=wall_at)
    return WechatAccount.objects.get(pk=account.pk)
