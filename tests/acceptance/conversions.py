"""A bullet of a worked life that is converted, and what the product shows of it (REPAY-6)."""

from collections.abc import Sequence
from datetime import date, datetime

from loans.models import Conversion, Instalment, Loan, Plan
from tests.loans.conversion import sheets


def convert(loan: Loan, count: int, *, at: datetime) -> None:
    """Let the customer of a loan convert it into a plan of so many instalments."""
    bill = Instalment.objects.get(loan=loan).bill
    assert bill is not None
    sheets.convert(bill, Plan(f"plan-{count}"), at=at, loan_ids=[loan.public_id])


def converted_on(customer_ids: Sequence[int], *, on: date) -> list[tuple[int, int, str, int, int]]:
    """Return what was converted on a day: customer, loan, due date, principal, instalments."""
    rows = Conversion.objects.filter(customer__in=customer_ids, effective_on=on)
    return [
        (row.customer_id, row.loan_id, row.bill.due_on.isoformat(), row.principal_fen,
         int(row.plan.removeprefix("plan-")))
        for row in rows.filter(state="effective").select_related("bill").order_by("pk")
    ]  # fmt: skip
