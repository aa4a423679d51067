"""Orders for a loan that is repaid early, and the channel's answer to them."""

from datetime import date, datetime, time, timedelta

from accounts.models import Authorisation, BankCard, Device, LoginSession, WechatAccount
from backoffice.core import bulk, clock
from loans.collection.operations import results
from loans.gateways.channel import Answer, Outcome
from loans.models import DebitOrder, DebitOrderState, Loan, OrderPurpose, Origin, Quote
from tests.loans.conftest import moment

NOON = time(12)


def order_for(
    loan: Loan, amount_fen: int, *, on: date, principal_fen: int | None = None, key: str = "a"
) -> DebitOrder:
    """Store the order of a settlement, or of a prepayment of some principal."""
    order = bulk.new(
        DebitOrder,
        number=f"L{loan.pk}-{key}",
        purpose=OrderPurpose.SETTLEMENT if principal_fen is None else OrderPurpose.PREPAYMENT,
        loan_id=loan.pk,
        customer_id=loan.customer_id,
        card_id=BankCard.objects.get(customer=loan.customer_id).pk,
        state=DebitOrderState.SENT,
        origin=Origin.CUSTOMER,
        cycle=1,
        attempt=1,
        business_date=on,
        amount_fen=amount_fen,
        principal_fen=principal_fen,
        requested_by="customer",
        asked_at=moment(on, NOON),
    )
    order.save()
    return order


def take(order: DebitOrder, *, on: date, recorded_at: datetime | None = None) -> None:
    """Let the channel report that it took the money at noon of a day."""
    at = moment(on, NOON)
    answer = Answer(
        order.number, Outcome.SUCCEEDED, "SUCCESS", order.amount_fen, f"ref-{order.number}", at
    )
    results.record([answer], by="system:debit-channel", at=recorded_at or at)


def settle(loan: Loan, amount_fen: int, *, on: date) -> None:
    """Let a customer settle a loan with an amount."""
    take(order_for(loan, amount_fen, on=on), on=on)


def prepay(loan: Loan, amount_fen: int, *, principal_fen: int, on: date, key: str = "a") -> None:
    """Let a customer prepay some principal with an amount."""
    take(order_for(loan, amount_fen, on=on, principal_fen=principal_fen, key=key), on=on)


def grant(of: Loan | Quote, amount_fen: int, *, purpose: str = "settlement") -> Authorisation:
    """Store the grant of a customer to move an amount, as the password endpoint gives it."""
    now, n = clock.wall(), Authorisation.objects.count()
    device = Device.objects.create(
        fingerprint_blind=n.to_bytes(16, "big"), model="M", os="android", os_version="15",
        is_emulator=False, is_rooted=False, first_seen_at=now, reported_at=now,
    )  # fmt: skip
    account = WechatAccount.objects.create(customer=of.customer, bound_at=now, unbound_at=now)
    session = LoginSession.objects.create(
        account=account, device=device, token_digest=n.to_bytes(32, "big"), began_at=now,
        used_at=now, ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    return Authorisation.objects.create(
        customer=of.customer, session=session, purpose=purpose, amount_fen=amount_fen,
        given_at=now, expires_at=now + timedelta(minutes=5),
    )  # fmt: skip
