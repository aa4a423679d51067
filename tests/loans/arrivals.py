"""Money that arrived for a bill, as the channel's answer would have stored it."""

from django.db import transaction

from accounts.models import BankCard
from backoffice.core import workflow
from loans.models import Bill, DebitOrder, Repayment
from loans.repayment.rules import Payment
from tests.loans.conftest import day, moment


def arrived(bill: Bill, amount_fen: int, *, n: int = 0) -> Payment:
    """Store a repayment that the channel took on D+n; return it as the engine's event."""
    with transaction.atomic(), workflow.importing():
        order = DebitOrder.objects.create(
            number=f"arrived-{Repayment.objects.count()}",
            bill=bill,
            customer_id=bill.customer_id,
            card=BankCard.objects.get(customer=bill.customer_id),
            state="succeeded",
            origin="customer",
            cycle=1,
            attempt=1,
            business_date=day(n),
            amount_fen=amount_fen,
            taken_fen=amount_fen,
            reference="arrived",
            asked_at=moment(day(n)),
            answered_at=moment(day(n)),
        )
    repayment = Repayment.objects.create(
        order=order,
        bill=bill,
        customer_id=bill.customer_id,
        amount_fen=amount_fen,
        value_on=day(n),
        recorded_at=moment(day(n)),
    )
    return Payment(repayment.pk, bill.pk, amount_fen, day(n))
