"""A bill of a bullet loan made into one of the first row of a plan of three."""

from datetime import timedelta

from django.db import transaction

from backoffice.core import bulk, workflow
from loans.accounting.queries.positions import position_of
from loans.accounting.queries.snapshots import SNAPSHOT_COLUMNS, to_row
from loans.models import Bill, BillSnapshot, Instalment, Loan

FEE_FEN = 150


def as_plan(bill: Bill) -> Bill:
    """Let the bill ask for the first of three equal rows, each with a fee of 1.50."""
    loan = Loan.objects.get(instalments__bill=bill)
    share_fen = loan.principal_fen // 3
    with transaction.atomic(), workflow.importing():
        Loan.objects.filter(pk=loan.pk).update(plan="plan-3")
        first = Instalment.objects.get(loan=loan)
        Instalment.objects.filter(pk=first.pk).update(
            principal_fen=share_fen, unpaid_principal_fen=share_fen, segment_base_fen=0,
            plan_fee_fen=FEE_FEN, uncharged_plan_fee_fen=FEE_FEN, accrual="none",
        )  # fmt: skip
        for number in (2, 3):
            Instalment.objects.create(
                loan=loan, customer=bill.customer, number=number, principal_fen=share_fen,
                unpaid_principal_fen=share_fen, plan_fee_fen=FEE_FEN,
                uncharged_plan_fee_fen=FEE_FEN, accrual="none", segment_on=loan.drawn_on,
                due_on=bill.due_on + timedelta(days=100 * (number - 1)),
            )  # fmt: skip
        asked_fen = share_fen + FEE_FEN
        Bill.objects.filter(pk=bill.pk).update(total_fen=asked_fen, minimum_fen=asked_fen)
    loan = Loan.objects.get(pk=loan.pk)
    rows = Instalment.objects.filter(loan=loan).order_by("number")
    latest = BillSnapshot.objects.filter(bill=bill, loan=loan).count()
    row = to_row(bill.pk, loan.pk, position_of(loan, rows), revision=latest + 1)
    with transaction.atomic():
        bulk.copy(BillSnapshot, SNAPSHOT_COLUMNS, [row])
    return Bill.objects.get(pk=bill.pk)
