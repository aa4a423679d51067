"""Holding a customer: kept from acting, or kept from being erased, until the holder lifts it."""

from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers.rules.reasons import AccountReason
from accounts.login import operations as logins
from accounts.models import Customer, CustomerHold, HoldKind, LoginSession
from backoffice.core.errors import Refused
from backoffice.core.reasons import Reason


class HeldAlreadyError(Refused):
    """The holder holds the customer already."""

    code = "held-already"
    message = _("{holder} holds {customer} already.")
    remedy = _("Lift that hold first, or name another holder.")


class HoldNotInForceError(Refused):
    """There is no such hold in force."""

    code = "not-held"
    message = _("There is no such hold on {customer}.")
    remedy = _("Reload the page; somebody else may have lifted it.")


class Hold(NamedTuple):
    """Who is to be held, how, and by whom."""

    customer: Customer
    kind: HoldKind
    holder: str


@transaction.atomic(durable=True)
def place(wanted: Hold, *, by: str, reason: str, at: datetime, wall_at: datetime) -> CustomerHold:
    """Hold a customer; a block also ends the logins, so that the next one receives the reason.

    Raises:
        HeldAlreadyError: the holder has a hold of this kind in force.
    """
    kind, holder = wanted.kind, wanted.holder
    locked = Customer.objects.select_for_update().get(pk=wanted.customer.pk)
    try:
        with transaction.atomic():
            hold = CustomerHold.objects.create(
                customer=locked, kind=kind, holder=holder, reason=reason, placed_by=by,
                placed_at=at,
            )  # fmt: skip
    except IntegrityError as error:
        raise HeldAlreadyError(holder=holder, customer=locked) from error
    if kind == HoldKind.BLOCK:
        sessions = LoginSession.objects.filter(account__customer=locked)
        logins.revoke(
            sessions, by=by, reason=Reason(AccountReason.HELD, {"holder": holder}), wall_at=wall_at
        )
    return hold


@transaction.atomic(durable=True)
def lift(hold_id: int, *, by: str, reason: str, at: datetime) -> CustomerHold:
    """Lift a hold.

    Raises:
        HoldNotInForceError: it is not in force.
    """
    hold = CustomerHold.objects.select_for_update().get(pk=hold_id)
    if hold.lifted_at is not None:
        raise HoldNotInForceError(customer=hold.customer)
    hold.lifted_by, hold.lifted_reason, hold.lifted_at = by, reason, at
    hold.save(update_fields=["lifted_by", "lifted_reason", "lifted_at"])
    return hold
