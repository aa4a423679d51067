"""Loans that are drawn and stand under no bill yet."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from accounts.models import Customer
from backoffice.core import workflow
from loans.accounting.operations import ledger, postings
from loans.accounting.operations.terms import signed_under
from loans.accounting.rules.debt import Debt
from loans.models import Accrual, Instalment, Loan, LoanState, Plan
from loans.policy import LoanTerms
from risk.models import CreditLine
from tests.loans.conftest import moment


def draw(
    customer: Customer,
    *,
    drawn_on: date,
    due_on: Sequence[date],
    principal_fen: int = 200_000,
    rate_ppm: int = 500,
    fee_fen: int = 0,
) -> Loan:
    """Draw a loan: a bullet with one due date, a plan with equal rows and fees with several."""
    is_bullet = len(due_on) == 1
    terms, share_fen = LoanTerms(), principal_fen // len(due_on)
    line = CreditLine.objects.get(customer=customer)
    with transaction.atomic(), workflow.importing():
        CreditLine.objects.filter(pk=line.pk).update(drawn_fen=line.drawn_fen + principal_fen)
        loan = Loan.objects.create(
            customer=customer, line=line, terms=signed_under(terms), state=LoanState.ACTIVE,
            plan=Plan.BULLET if is_bullet else f"plan-{len(due_on)}", principal_fen=principal_fen,
            daily_rate_ppm=rate_ppm, drawn_on=drawn_on, unpaid_principal_fen=principal_fen,
            accrued_on=drawn_on,
        )  # fmt: skip
        for number, day in enumerate(due_on, 1):
            Instalment.objects.create(
                loan=loan, customer=customer, number=number, due_on=day, principal_fen=share_fen,
                unpaid_principal_fen=share_fen, plan_fee_fen=fee_fen,
                uncharged_plan_fee_fen=fee_fen,
                accrual=Accrual.OWN if is_bullet else Accrual.NONE, segment_on=drawn_on,
                segment_base_fen=share_fen if is_bullet else 0,
            )  # fmt: skip
        balances = postings.migrated(
            Debt(principal_fen=principal_fen), on=drawn_on, loan_id=loan.pk,
            customer_id=customer.pk,
        )  # fmt: skip
        ledger.post(balances, at=moment(drawn_on))
    return loan
