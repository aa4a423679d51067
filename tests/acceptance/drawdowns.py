"""A loan of a worked life, as it stands once the money has been paid out."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from backoffice.core import workflow
from loans.accounting.operations import ledger, postings
from loans.accounting.operations.terms import signed_under
from loans.accounting.rules.codes import Accrual, LoanState, Plan
from loans.accounting.rules.debt import Debt
from loans.contracts.rules.due_dates import first_due_on, repayment_day
from loans.contracts.rules.plans import rows
from loans.models import Instalment, Loan
from loans.policy import LoanTerms
from risk.models import CreditLine

TERMS = LoanTerms()


@transaction.atomic
def draw(customer_id: int, drawn: dict[str, Any], *, first_on: date, at: datetime) -> int:
    """Return the id of a loan drawn now; ``first_on`` is the customer's first drawdown."""
    on, principal_fen = at.date(), drawn["p"]
    plan = Plan(f"plan-{drawn['plan']}" if "plan" in drawn else "bullet")
    is_bullet = plan == Plan.BULLET
    line = CreditLine.objects.get(customer=customer_id)
    CreditLine.objects.filter(pk=line.pk).update(drawn_fen=F("drawn_fen") + principal_fen)
    with workflow.importing():
        loan = Loan.objects.create(
            customer_id=customer_id, line=line, terms=signed_under(TERMS), state=LoanState.ACTIVE,
            plan=plan, principal_fen=principal_fen, daily_rate_ppm=drawn["ppm"], drawn_on=on,
            unpaid_principal_fen=principal_fen, accrued_on=on,
        )  # fmt: skip
    due_on = first_due_on(on, repayment_day(first_on), TERMS)
    for row in rows(principal_fen, plan, first_due_on=due_on, terms=TERMS):
        Instalment.objects.create(
            loan=loan, customer_id=customer_id, number=row.number, due_on=row.due_on,
            principal_fen=row.principal_fen, unpaid_principal_fen=row.principal_fen,
            plan_fee_fen=row.fee_fen, uncharged_plan_fee_fen=row.fee_fen,
            accrual=Accrual.OWN if is_bullet else Accrual.NONE, segment_on=on,
            segment_base_fen=row.principal_fen if is_bullet else 0,
        )  # fmt: skip
    paid_out = Debt(principal_fen=principal_fen)
    posted = postings.migrated(paid_out, on=on, loan_id=loan.pk, customer_id=customer_id)
    ledger.post(posted, at=at)
    return loan.pk
