"""The bills of a customer: those before one, and those that belong together."""

import pytest

from loans.billing.queries.customers import bills_of, earlier_bills
from loans.billing.rules.issue import Earlier
from tests.loans.conftest import day

pytestmark = pytest.mark.usefixtures("committed_db")


def test_the_bills_before_one_come_latest_first(make_bill):
    bill = make_bill()
    for n in (-61, 30, -31):
        make_bill(due_on=day(n), drawn_on=day(n - 30), customer=bill.customer)
    make_bill(due_on=day(-1))

    found = earlier_bills({bill.pk: bill.due_on})[bill.pk]

    ids = [one.pk for one in sorted(bill.customer.bills.all(), key=lambda one: one.due_on)]
    assert found == (Earlier(ids[1], "billed"), Earlier(ids[0], "billed"))


def test_bills_of_other_customers_do_not_belong_together(make_bill):
    bill, other = make_bill(), make_bill()
    later = make_bill(due_on=day(30), customer=bill.customer)

    assert bills_of([bill.customer_id]) == {bill.pk, later.pk}
    assert bills_of([bill.customer_id, other.customer_id]) == {bill.pk, later.pk, other.pk}


def test_no_bill_is_no_question(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert bills_of([]) == set()
