"""What staff see of a loan that was repaid early: its order, its money, its fee."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Staff
from loans.models import DebitOrder, Loan, Repayment
from tests.loans.conftest import day
from tests.loans.early import settle

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def staff(client):
    client.force_login(Staff.objects.create_superuser("admin"))
    return client


@pytest.fixture
def settled(make_loan):
    loan = make_loan()
    settle(loan, 1_010_100, on=date(2026, 9, 11))
    return loan


def page(staff, name, *args, **query):
    answer = staff.get(reverse(f"admin:loans_{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", ["debitorder", "repayment"])
def test_the_lists_find_what_was_paid_for_a_loan_by_its_customer(staff, settled, name):
    shown = page(staff, f"{name}_changelist", q=f"C{settled.customer_id}")

    assert "10,101.00" in shown
    assert reverse("admin:loans_loan_change", args=[settled.pk]) in shown or name == "debitorder"


def test_the_order_names_its_purpose_and_its_loan(staff, settled):
    shown = page(staff, "debitorder_change", DebitOrder.objects.get().pk)

    assert reverse("admin:loans_loan_change", args=[settled.pk]) in shown


def test_the_repayment_lists_what_it_settled(staff, settled):
    assert "10,000.00" in page(staff, "repayment_change", Repayment.objects.get().pk)


def test_the_loan_shows_the_prepayment_fee(staff, settled):
    assert "50.00" in page(staff, "loan_change", Loan.objects.get().pk)


def test_the_bill_shows_what_a_settlement_paid_of_it(staff, make_bill):
    bill = make_bill()
    [loan] = Loan.objects.all()
    settle(loan, 1_012_500, on=day(-5))

    assert "10,125.00" in page(staff, "bill_change", bill.pk)
