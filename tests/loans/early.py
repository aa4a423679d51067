"""Orders for a loan that is repaid early, and the channel's answer to them."""

from datetime import date, datetime, time

from accounts.models import BankCard
from backoffice.core import bulk
from loans.collection.operations import results
from loans.gateways.channel import Answer, Outcome
from loans.models import DebitOrder, DebitOrderState, Loan, Origin, Purpose
from tests.loans.conftest import moment

NOON = time(12)


def order_for(
    loan: Loan, amount_fen: int, *, on: date, principal_fen: int | None = None, key: str = "a"
) -> DebitOrder:
    """Store the order of a settlement, or of a prepayment of some principal."""
    order = bulk.new(
        DebitOrder,
        number=f"L{loan.pk}-{key}",
        purpose=Purpose.SETTLEMENT if principal_fen is None else Purpose.PREPAYMENT,
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
