"""Whom a day may issue a bill, and what is known of a customer's bills so far."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from accounts.models import Customer
from backoffice.core import workflow
from loans.billing.queries import unbilled
from loans.models import Bill, Instalment
from risk.conduct import operations as conduct
from tests.loans.billing.loans import draw
from tests.loans.conftest import DUE_ON, day, moment

pytestmark = pytest.mark.django_db

NEXT_DUE, NEXT_BILL = date(2026, 11, 1), date(2026, 10, 22)


@pytest.fixture
def bill(make_bill):
    return make_bill(mode="off")


def to_issue(on=NEXT_BILL):
    return unbilled.to_issue(on=on, lead_days=10)


def left(bill, state="min_paid"):
    """Let a bill have closed with what stands under it."""
    with transaction.atomic(), workflow.importing():
        Bill.objects.filter(pk=bill.pk).update(closed_through=day(1))
        for step in {"min_paid": ["min_paid"], "carried": ["grace", "carried"]}[state]:
            Bill.objects.filter(pk=bill.pk).update(state=step)


def test_an_instalment_under_no_bill_is_up_from_its_bill_date(bill):
    loan = draw(bill.customer, drawn_on=day(4), due_on=[NEXT_DUE])

    assert to_issue(NEXT_BILL - timedelta(1)) == []
    assert to_issue() == [bill.customer_id]
    assert unbilled.loans_to_bill([bill.customer_id], on=NEXT_BILL, lead_days=10) == [loan.pk]


def test_an_instalment_that_is_paid_or_billed_is_not(bill):
    draw(bill.customer, drawn_on=day(4), due_on=[NEXT_DUE])
    Instalment.objects.filter(bill=None).update(unpaid_principal_fen=0)

    assert to_issue() == []
    assert unbilled.loans_to_bill([bill.customer_id], on=NEXT_BILL, lead_days=10) == []


def test_only_the_rows_of_a_plan_whose_day_has_come_are_up(bill):
    rows_on = [date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    draw(bill.customer, drawn_on=day(4), due_on=rows_on, principal_fen=300_000)

    assert to_issue() == []
    assert to_issue(date(2026, 11, 21)) == [bill.customer_id]


@pytest.mark.parametrize("state", ["min_paid", "carried"])
def test_what_a_closed_bill_left_is_up(bill, state):
    left(bill, state)

    assert to_issue() == [bill.customer_id]


def test_an_open_bill_is_not(bill):
    assert to_issue() == []


def test_bills_come_latest_first_and_say_whether_they_are_needed(bill, make_bill):
    later = make_bill(mode="off", due_on=NEXT_DUE, customer=bill.customer)
    left(bill)
    Instalment.objects.filter(bill=bill).update(bill=later)

    found = unbilled.bills_of([bill.customer_id], on=NEXT_BILL, months=12)

    assert found == {
        bill.customer_id: [
            (later.pk, "billed", NEXT_DUE, True), (bill.pk, "min_paid", DUE_ON, False),
        ]
    }  # fmt: skip


def test_an_old_bill_counts_while_it_is_collected(bill):
    on = DUE_ON + timedelta(900)

    assert len(unbilled.bills_of([bill.customer_id], on=on, months=12)) == 1
    left(bill)
    assert unbilled.bills_of([bill.customer_id], on=on, months=12) == {}


def test_the_repayment_day_is_that_of_the_first_drawdown(bill):
    draw(bill.customer, drawn_on=day(14), due_on=[NEXT_DUE])

    assert unbilled.repayment_days([bill.customer_id]) == {bill.customer_id: 1}
    assert unbilled.repayment_days([]) == {}


def test_a_customer_who_drew_nothing_has_none():
    customer = Customer.objects.create(registered_at=moment(DUE_ON))

    assert unbilled.repayment_days([customer.pk]) == {}


def test_a_migrated_customer_keeps_the_day_of_the_earlier_bills(make_bill):
    bill = make_bill(mode="off", drawn_on=date(2026, 8, 28), due_on=date(2026, 9, 27))
    Customer.objects.filter(pk=bill.customer_id).update(origin="book:1")
    assert unbilled.repayment_days([bill.customer_id]) == {bill.customer_id: 27}

    past = conduct.ConductReport(
        bill.customer_id, "book:1:2", date(2026, 8, 31), 1_000, 100, 1_000, "paid"
    )
    conduct.record([past], at=moment(DUE_ON))
    assert unbilled.repayment_days([bill.customer_id]) == {bill.customer_id: 21}
