"""Money that arrives for a loan: settled or prepaid, with the line and every bill (REPAY-4)."""

from datetime import date, time

import pytest

from loans.models import (
    Bill,
    Charge,
    Loan,
    Repayment,
    RepaymentAllocation,
    Transfer,
    UnappliedFunds,
)
from loans.reconciliation import queries as reconciliation
from risk.models import CreditLine
from tests.loans.conftest import day, moment
from tests.loans.early import order_for, prepay, settle, take

pytestmark = pytest.mark.usefixtures("committed_db")
NIGHT_TEN = date(2026, 9, 11)


def unequal():
    """What ``reconcile`` finds beside the night, which did not run."""
    return [
        *reconciliation.caches(), *reconciliation.orders(), *reconciliation.unapplied_funds(),
        *(one for one in reconciliation.account_balances()),
    ]  # fmt: skip


def drawn_fen(loan):
    return CreditLine.objects.get(pk=loan.line_id).drawn_fen


def test_a_settlement_ends_the_loan_and_gives_the_line_back(make_loan):
    loan = make_loan()

    settle(loan, 1_010_000, on=NIGHT_TEN)

    loan = Loan.objects.get(pk=loan.pk)
    assert (loan.state, loan.ended_on, loan.unpaid_principal_fen) == ("settled", NIGHT_TEN, 0)
    assert drawn_fen(loan) == 0
    [repayment] = Repayment.objects.all()
    assert (repayment.bill_id, repayment.loan_id) == (None, loan.pk)
    [part] = RepaymentAllocation.objects.all()
    assert (part.bill_id, part.interest_fen, part.principal_fen) == (None, 5_000, 1_000_000)
    fee = Charge.objects.get(kind="prepayment")
    assert (fee.base_fen, fee.charged_fen, fee.posted_on) == (1_000_000, 5_000, NIGHT_TEN)
    posted = Transfer.objects.get(kind="prepayment")
    assert (posted.debit_account, posted.credit_account, posted.amount_fen) == (
        "bank", "prepayment_income", 5_000,
    )  # fmt: skip
    assert unequal() == []


def test_a_second_settlement_of_the_same_loan_waits_for_its_refund(make_loan):
    loan = make_loan()
    settle(loan, 1_010_000, on=NIGHT_TEN)

    take(order_for(loan, 1_010_000, on=NIGHT_TEN, key="b"), on=NIGHT_TEN)

    [waiting] = UnappliedFunds.objects.all()
    assert (waiting.customer_id, waiting.amount_fen) == (loan.customer_id, 1_010_000)
    assert Charge.objects.filter(kind="prepayment").count() == 1
    assert unequal() == []


def test_a_settlement_of_the_drawdown_day_charges_its_one_night(make_loan):
    loan = make_loan(principal_fen=800_000, rate_ppm=300)

    settle(loan, 800_000 + 240 + 4_000, on=loan.drawn_on)  # EX-10, EX-22

    night = Charge.objects.get(kind="own")
    assert (night.from_on, night.to_on, night.charged_fen) == (
        date(2026, 9, 1), date(2026, 9, 2), 240,
    )  # fmt: skip
    assert Loan.objects.get().state == "settled"
    assert UnappliedFunds.objects.count() == 0
    assert unequal() == []


def test_a_prepayment_leaves_the_rest_of_a_bullet_in_a_new_segment(make_loan):
    loan = make_loan()

    prepay(loan, 206_000, principal_fen=200_000, on=NIGHT_TEN)

    [part] = loan.instalments.all()
    assert (part.unpaid_principal_fen, part.segment_on, part.segment_base_fen) == (
        800_000, NIGHT_TEN, 800_000,
    )  # fmt: skip
    assert (Loan.objects.get().state, drawn_fen(loan)) == ("active", 800_000)
    assert unequal() == []


def test_a_settlement_takes_the_share_of_a_bill_and_leaves_its_total_as_printed(make_bill):
    bill = make_bill()
    other = make_bill(customer=bill.customer, due_on=day(30), drawn_on=day(0))
    [loan] = Loan.objects.filter(instalments__bill=bill)

    settle(loan, 1_012_500, on=day(-5))  # 25 nights, no fee from the bill date on

    paid = Bill.objects.get(pk=bill.pk)
    assert (paid.state, paid.paid_on, paid.total_fen) == ("paid", day(-5), 1_015_000)
    assert paid.paid_fen == 1_012_500
    assert Bill.objects.get(pk=other.pk).state == "billed"
    assert Charge.objects.filter(kind="prepayment").count() == 0
    assert unequal() == []


def test_an_overdue_loan_is_settled_with_its_penalty_and_cured(make_bill, channel):
    bill = make_bill(with_mandate=True, mode="off")
    [loan] = Loan.objects.all()
    settle(loan, 1_019_509, on=day(7))  # 1.9: the payoff of 10-08 less its own night

    assert Loan.objects.get().state in ("active", "overdue")
    assert Bill.objects.get(pk=bill.pk).paid_fen == 1_019_509

    settle_rest = order_for(loan, 1_002, on=day(7), key="b")
    take(settle_rest, on=day(7))

    assert (Loan.objects.get().state, Bill.objects.get(pk=bill.pk).state) == ("settled", "paid")
    assert unequal() == []


def test_money_of_an_earlier_day_settles_the_loan_on_that_day(make_loan):
    loan = make_loan()
    prepay(loan, 108_000, principal_fen=100_000, on=date(2026, 9, 16))
    order = order_for(loan, 1_010_000, on=NIGHT_TEN, key="b")

    take(order, on=NIGHT_TEN, recorded_at=moment(date(2026, 9, 20), time(12)))

    loan = Loan.objects.get(pk=loan.pk)
    assert (loan.state, loan.ended_on, loan.charged_fen) == ("settled", NIGHT_TEN, 5_000)
    assert UnappliedFunds.objects.get().amount_fen == 108_000  # nothing was left for it
    assert sum(Charge.objects.filter(kind="prepayment").values_list("charged_fen", flat=True)) == (
        5_000
    )
    assert unequal() == []
