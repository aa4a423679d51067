"""What settling a loan takes today, and what was ordered of it (REPAY-4)."""

from datetime import date

import pytest

from loans.accounting.rules.debt import Debt
from loans.models import Loan, Plan
from loans.settlement.queries import orders_of, quote_of
from tests.loans.early import order_for, settle, take

pytestmark = pytest.mark.usefixtures("committed_db")
NIGHT_TEN = date(2026, 9, 11)


def test_the_quote_of_a_bullet_is_principal_interest_and_fee(make_loan):
    quote = quote_of(make_loan(), on=NIGHT_TEN)

    assert (quote.debt, quote.prepayment_fee_fen) == (
        Debt(interest_fen=5_000, principal_fen=1_000_000), 5_000,
    )  # fmt: skip


def test_the_quote_of_a_plan_has_the_fee_of_the_started_period_alone(make_loan):
    quote = quote_of(make_loan(principal_fen=1_200_000, plan=Plan.PLAN_12), on=NIGHT_TEN)

    assert quote.debt == Debt(plan_fee_fen=6_000, principal_fen=1_200_000)
    assert quote.total_fen == 1_212_000


def test_a_loan_that_is_settled_has_no_quote(make_loan):
    loan = make_loan()
    settle(loan, 1_010_000, on=NIGHT_TEN)

    assert quote_of(Loan.objects.get(), on=NIGHT_TEN) is None


def test_a_quote_changes_nothing(make_loan):
    loan = make_loan()

    quote_of(loan, on=NIGHT_TEN)

    assert Loan.objects.get().accrued_on == loan.drawn_on


def test_the_orders_of_a_loan_come_latest_first(make_loan):
    loan = make_loan()
    first = order_for(loan, 206_000, principal_fen=200_000, on=NIGHT_TEN)
    take(first, on=NIGHT_TEN)
    second = order_for(loan, 804_000, on=NIGHT_TEN, key="b")

    assert [one.pk for one in orders_of(loan)] == [second.pk, first.pk]
