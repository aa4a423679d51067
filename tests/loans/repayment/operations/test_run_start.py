"""Where a rerun begins when money for a loan came before its bill was issued (GEN-9)."""

from datetime import date, time

import pytest

from loans.models import Bill, BillSnapshot, Charge, Instalment, Loan, UnappliedFunds
from tests.loans.collection.operations.test_arrivals import unequal
from tests.loans.conftest import day, moment
from tests.loans.early import order_for, take

pytestmark = pytest.mark.usefixtures("committed_db")
BEFORE_ISSUE, RECEIVED_AT = date(2026, 9, 11), moment(day(-3), time(12))


def test_a_loan_settled_before_its_bill_leaves_nothing_to_ask(make_bill):
    bill = make_bill()
    [loan] = Loan.objects.all()

    take(order_for(loan, 1_010_000, on=BEFORE_ISSUE), on=BEFORE_ISSUE, recorded_at=RECEIVED_AT)

    assert (Loan.objects.get().state, Loan.objects.get().ended_on) == ("settled", BEFORE_ISSUE)
    bill = Bill.objects.get(pk=bill.pk)
    assert (bill.state, bill.paid_fen, bill.total_fen) == ("paid", 0, 1_015_000)
    assert Instalment.objects.get().bill_id is None
    assert Charge.objects.get(kind="prepayment").charged_fen == 5_000
    assert UnappliedFunds.objects.count() == 0
    assert unequal() == []


def test_a_bullet_prepaid_before_its_bill_is_asked_for_the_rest(make_bill):
    bill = make_bill()
    [loan] = Loan.objects.all()

    order = order_for(loan, 206_000, on=BEFORE_ISSUE, principal_fen=200_000)
    take(order, on=BEFORE_ISSUE, recorded_at=RECEIVED_AT)

    bill = Bill.objects.get(pk=bill.pk)
    assert (bill.state, bill.total_fen, bill.paid_fen) == ("billed", 808_000, 0)  # 20 nights
    assert Instalment.objects.get().bill_id == bill.pk
    assert BillSnapshot.objects.filter(bill=bill).count() == 2
    assert unequal() == []


def test_the_other_loan_of_the_bill_stays_under_it(make_bill):
    bill = make_bill()
    other = make_bill(due_on=day(31), customer=bill.customer)
    [loan] = Loan.objects.filter(instalments__bill=bill)
    [untouched] = Loan.objects.filter(instalments__bill=other)

    take(order_for(loan, 1_010_000, on=BEFORE_ISSUE), on=BEFORE_ISSUE, recorded_at=RECEIVED_AT)

    assert Loan.objects.get(pk=untouched.pk).state == "active"
    assert Bill.objects.get(pk=other.pk).state == "billed"
    assert unequal() == []
