"""A change of direct debit and the issue of a bill at the same moment (REPAY-10)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from threading import Barrier

import pytest
from django.db import connection

from loans.billing.operations import auto_debit, issue
from loans.models import AutoDebit, Bill, Mandate
from tests.loans.billing.loans import draw
from tests.loans.conftest import day, moment

pytestmark = pytest.mark.usefixtures("committed_db")

NEXT_DUE, NEXT_BILL = date(2026, 11, 1), date(2026, 10, 22)
AT = moment(NEXT_BILL, time(0, 6))


def at_once(*calls):
    """Start the calls together in threads of their own; return what they came to."""
    barrier = Barrier(len(calls))

    def start(call):
        try:
            barrier.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(start, calls))


def choose(customer, mode):
    return auto_debit.choose(
        customer.pk, mode=mode, card_id=None, by=f"customer:{customer.pk}", on=NEXT_BILL, at=AT
    )


def issued(customer):
    return issue.issue([customer.pk], by="system:billing", on=NEXT_BILL, at=AT)


@pytest.mark.parametrize("_attempt", range(5))
def test_a_new_bill_never_keeps_the_mode_of_before(make_bill, _attempt):
    customer = make_bill().customer
    draw(customer, drawn_on=day(4), due_on=[NEXT_DUE])

    at_once(lambda: choose(customer, "off"), lambda: issued(customer))

    bill = Bill.objects.get(due_on=NEXT_DUE)
    assert (bill.mode, bill.debit_on) == ("off", None)


def test_a_day_issued_by_two_processes_has_one_bill(make_bill):
    customer = make_bill().customer
    draw(customer, drawn_on=day(4), due_on=[NEXT_DUE])

    counts = at_once(lambda: issued(customer), lambda: issued(customer))

    assert sorted(counts) == [0, 1]
    assert Bill.objects.filter(due_on=NEXT_DUE).count() == 1


def test_two_choices_at_once_are_one_mandate_and_one_mode(make_bill):
    customer = make_bill().customer

    at_once(lambda: choose(customer, "off"), lambda: choose(customer, "minimum"))

    assert Mandate.objects.filter(customer=customer, state="signed").count() == 1
    mode = AutoDebit.objects.get(customer=customer).mode
    assert Bill.objects.get().mode in ("full", mode)
