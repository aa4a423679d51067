"""How much is late, and how late a customer has been since the line was suspended (REPAY-19)."""

from datetime import time

import pytest
from django.db import transaction

from backoffice.core import workflow
from loans.delinquency import queries
from loans.delinquency.queries import Arrears, CustomerDebt, Late
from loans.models import Bill, Instalment
from risk.lines import operations as lines
from risk.models import CreditLine
from tests.loans.conftest import _customer, day, moment

pytestmark = pytest.mark.django_db

BY = {"by": "test", "reason": "test"}


@transaction.atomic
def move(bill, transition, *, n, **facts):
    """Move a bill alone on D+n, its loan left where it is."""
    record = Bill.objects.select_for_update().get(pk=bill.pk)
    record.last_paid_on = day(n)
    workflow.move([record], transition, at=moment(day(n)), **BY, **facts)
    workflow.save([record], "last_paid_on", "paid_on", "overdue_on")


def record_overdue(bill, *, n=4):
    move(bill, "enter_grace", n=n)
    move(bill, "record_overdue", n=n, on=day(n))


def suspend(bill, *, n, at=time(9)):
    lines.suspend([bill.customer_id], at=moment(day(n), at), **BY)


def arrears(bill):
    return queries.since_suspended([bill.customer_id]).get(bill.customer_id)


def test_without_bills_nothing_is_late():
    assert queries.late(on=day(-30)) == {"grace": Late(0, 0), "overdue": Late(0, 0)}


def test_every_component_of_what_is_late_counts(make_bill):
    move(make_bill(), "enter_grace", n=1)
    Instalment.objects.update(
        unpaid_penalty_fen=1, unpaid_late_fee_fen=20, unpaid_interest_fen=300, plan_fee_fen=4_000,
        unpaid_plan_fee_fen=4_000, unpaid_principal_fen=50_000,
    )  # fmt: skip

    assert queries.late(on=day(-30)) == {"grace": Late(1, 54_321), "overdue": Late(0, 0)}


def test_bills_are_counted_by_their_state_and_others_not_at_all(make_bill):
    for principal_fen in (100, 200):
        record_overdue(make_bill(principal_fen=principal_fen))
    move(make_bill(principal_fen=4_000), "enter_grace", n=1)
    move(make_bill(principal_fen=8_000), "settle_minimum", n=1)
    make_bill(principal_fen=16_000)

    assert queries.late(on=day(-30)) == {"grace": Late(1, 4_000), "overdue": Late(2, 300)}


def test_a_bill_of_several_instalments_is_one_bill(make_bill):
    bill = make_bill(principal_fen=100)
    other = make_bill(principal_fen=200, customer=bill.customer, due_on=day(1))
    Instalment.objects.filter(bill=other).update(bill=bill)

    record_overdue(bill)

    assert queries.late(on=day(-30))["overdue"] == Late(1, 300)


def test_a_customer_whose_line_is_active_has_no_arrears_to_weigh(make_bill):
    bill = make_bill()
    record_overdue(bill)

    assert queries.since_suspended([bill.customer_id]) == {}


def test_what_is_overdue_still_goes_on(make_bill):
    bill = make_bill()
    record_overdue(bill)
    suspend(bill, n=4)

    assert arrears(bill) == Arrears(goes_on=True, days_past_due_max=0)


@pytest.mark.parametrize(("paid_on", "expected"), [(3, None), (4, Arrears(False, 4))])
def test_a_bill_counts_that_was_paid_from_the_day_of_the_suspension_on(
    make_bill, paid_on, expected
):
    bill = make_bill()
    record_overdue(bill, n=2)
    move(bill, "pay", n=paid_on)
    suspend(bill, n=4)

    assert arrears(bill) == expected


def test_the_longest_arrears_count_beside_those_that_go_on(make_bill):
    long = make_bill()
    short = make_bill(customer=long.customer, due_on=day(10))
    going_on = make_bill(customer=long.customer, due_on=day(40))
    for bill in (long, short, going_on):
        record_overdue(bill)
    suspend(long, n=4)
    move(long, "pay", n=31)
    move(short, "pay", n=35)

    assert arrears(long) == Arrears(goes_on=True, days_past_due_max=31)


def test_a_bill_that_was_never_overdue_does_not_count(make_bill):
    bill = make_bill()
    suspend(bill, n=1)
    move(bill, "enter_grace", n=1)
    move(bill, "pay", n=3)

    assert arrears(bill) is None


def test_the_last_suspension_counts(make_bill):
    bill = make_bill()
    record_overdue(bill)
    suspend(bill, n=4)
    move(bill, "pay", n=50)
    lines.resume([bill.customer_id], at=moment(day(50)), **BY)

    suspend(bill, n=51)

    assert arrears(bill) is None


def test_the_day_of_a_suspension_is_that_of_shanghai(make_bill):
    bill = make_bill()
    record_overdue(bill, n=2)
    move(bill, "pay", n=4)

    suspend(bill, n=5, at=time(0, 30))  # still D+4 in UTC

    assert arrears(bill) is None


def test_a_line_that_came_suspended_counts_every_arrears(make_bill):
    with transaction.atomic(), workflow.importing():
        customer = _customer(1)
        CreditLine.objects.create(customer=customer, state="suspended", limit_fen=30_000_000,
                                  buffer_permille=150, opened_on=day(-30))  # fmt: skip
    bill = make_bill(customer=customer)
    record_overdue(bill, n=2)
    move(bill, "pay", n=31)

    assert arrears(bill) == Arrears(False, 31)


@transaction.atomic
def test_a_freeze_of_a_suspended_line_begins_no_new_suspension(make_bill):
    bill = make_bill()
    record_overdue(bill)
    suspend(bill, n=4)
    move(bill, "pay", n=40)
    for n, transition in ((41, "freeze"), (42, "unfreeze_suspended")):
        frozen = list(CreditLine.objects.select_for_update())
        workflow.move(frozen, transition, at=moment(day(n)), **BY)
        workflow.save(frozen)

    assert arrears(bill) == Arrears(False, 40)


def test_each_customer_asked_about_has_arrears_of_their_own(make_bill):
    first, second, third = (make_bill() for _ in range(3))
    for bill in (first, second, third):
        record_overdue(bill)
        suspend(bill, n=4)
    move(second, "pay", n=9)

    found = queries.since_suspended([first.customer_id, second.customer_id])

    assert found == {first.customer_id: Arrears(True, 0), second.customer_id: Arrears(False, 9)}
    assert queries.since_suspended([]) == {}


def debt(bill):
    return queries.customer_debts([bill.customer_id]).get(bill.customer_id)


def test_the_earliest_late_bill_of_a_customer_dates_the_debt(make_bill):
    overdue = make_bill()
    younger = make_bill(customer=overdue.customer, due_on=day(2))
    record_overdue(overdue)
    move(younger, "enter_grace", n=3)

    assert debt(overdue) == CustomerDebt(day(0), is_overdue=True)


def test_a_bill_in_grace_is_not_overdue(make_bill):
    bill = make_bill()
    move(bill, "enter_grace", n=1)

    assert debt(bill) == CustomerDebt(day(0))


def test_who_is_not_late_has_a_debt_without_a_date_and_who_has_no_loan_has_none(make_bill):
    bill = make_bill()
    assert debt(bill) == CustomerDebt()
    assert queries.customer_debts([bill.customer_id + 1]) == {}
