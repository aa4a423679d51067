"""The state of the debt on the pages of a customer: never a green word over an overdue bill."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Customer, Staff
from loans.delinquency.labels import debt_states
from tests.loans.conftest import day
from tests.loans.days import set_clock
from tests.loans.delinquency.test_queries import move, record_overdue

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(Staff.objects.create_superuser("admin"))
    return client


def words(bill, n):
    with override("en"):
        state = debt_states([bill.customer_id], on=day(n))[bill.customer_id]
        return str(state.text), state.colour_of


def test_days_past_due_count_from_the_due_date(make_bill):
    bill = make_bill()
    assert words(bill, 0) == ("not past due", "active")

    move(bill, "enter_grace", n=1)
    assert words(bill, 1) == ("in grace, 1 day past due", "grace")

    move(bill, "record_overdue", n=4, on=day(4))
    assert words(bill, 35) == ("overdue, 35 days past due", "overdue")


@pytest.mark.parametrize("page", ["list", "record"])
def test_a_customer_35_days_late_is_shown_in_red_and_not_in_green(staff, make_bill, page):
    bill = make_bill()
    record_overdue(bill)
    set_clock(day(35))
    address = reverse("admin:accounts_customer_changelist")
    if page == "record":
        address = reverse("admin:accounts_customer_change", args=[bill.customer_id])

    shown = staff.get(address, headers={"accept-language": "en"}).content.decode()

    before, _text, after = shown.partition("overdue, 35 days past due")
    assert "bg-red-100" in before[-500:]
    assert "bg-green-100" not in before[-2000:] + after[:2000]


def test_who_owes_nothing_has_no_state_of_debt(make_bill):
    bill = make_bill()

    assert set(debt_states([bill.customer_id, bill.customer_id + 1], on=day(0))) == {
        bill.customer_id
    }
    assert Customer.objects.filter(pk=bill.customer_id).exists()
