"""A customer of a worked life: ready, with a card, a mandate and a line that is large enough."""

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from accounts.models import BankCard, BankCardState, Customer, CustomerState
from backoffice.core import workflow
from loans.billing.operations import auto_debit
from risk.lines.operations.imports import ImportedLine, record_import
from risk.models import CreditLine, CreditLineState
from tests.loans.conftest import moment

LIMIT_FEN = 30_000_000


@transaction.atomic
def create(life: Any, *, number: int, on: date) -> None:
    """Create the customer of a life; who is not debited has no mandate."""
    at = moment(on)
    registered_at = at - timedelta(days=60)  # the cooling-off period is over (ELIG-10)
    with workflow.importing():
        customer = Customer.objects.create(
            state=CustomerState.READY, name="张三", id_number=f"11010119900307{number:04}",
            id_blind=number.to_bytes(16, "big"), registered_at=registered_at,
        )  # fmt: skip
        card = BankCard.objects.create(
            customer=customer, state=BankCardState.ACTIVE, number=f"621700001000{number:07}",
            number_blind=number.to_bytes(16, "big"), last_four=f"{number:04}", bank="建设银行",
            account=f"acct-{number}", account_class="I", is_default=True, bound_at=at,
        )  # fmt: skip
        line = CreditLine.objects.create(
            customer=customer, state=CreditLineState.ACTIVE, limit_fen=LIMIT_FEN,
            buffer_permille=150, opened_on=on,
        )  # fmt: skip
    imported = ImportedLine(customer.pk, line.pk, LIMIT_FEN, "")
    record_import([imported], by="system:import", on=on, at=at)
    mode = life.input.get("mode", "FULL").lower()
    auto_debit.choose(customer.pk, mode=mode, card_id=card.pk, by="customer", on=on, at=at)
    if not life.input.get("mandate", True):
        auto_debit.revoke(customer.pk, by="customer", reason="revoked", at=at)
    life.customer_id, life.account = customer.pk, card.account
