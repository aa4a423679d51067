"""How the first attempt at the oldest bill of imported customers ended."""

import pytest

from accounts.models import Customer
from loans.collection.queries import first_attempts
from tests.loans.conftest import day
from tests.loans.delinquency.test_overdue_life import debit, live, pay

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def imported(make_bill):
    """Make a bill whose customer was imported under a mark."""

    def make(origin, **given):
        bill = make_bill(**given)
        Customer.objects.filter(pk=bill.customer_id).update(origin=origin)
        return bill

    return make


def test_each_first_attempt_is_found_by_the_mark_of_its_customer(imported, channel):
    bills = [imported(f"book:{n}") for n in (1, 2, 3)]
    channel.will_answer("acct-2", "NOTENOUGH")
    channel.will_answer("acct-3", "TIMEOUT")
    for bill in bills:
        debit(bill, channel, on=day(0))

    found = first_attempts.by_origin(["book:1", "book:2", "book:3"])

    assert found == {"book:1": "succeeded", "book:2": "failed", "book:3": "unknown"}


def test_before_any_order_there_is_no_state(imported):
    imported("book:1")

    assert first_attempts.by_origin(["book:1"]) == {"book:1": None}


def test_who_was_not_imported_or_not_asked_for_is_left_out(imported):
    imported("book:1")
    imported("book:2")

    assert first_attempts.by_origin(["book:2", "book:9"]) == {"book:2": None}
    assert first_attempts.by_origin([]) == {}


def test_a_customer_without_a_bill_has_no_state(db, imported):
    customer = imported("book:1").customer
    Customer.objects.create(registered_at=customer.registered_at, origin="book:2")

    assert first_attempts.by_origin(["book:2"]) == {"book:2": None}


def test_the_last_try_of_the_first_attempt_counts(imported, channel):
    bill = imported("book:1")
    channel.will_answer("acct-1", "BANKERROR", "NOTENOUGH", "SUCCESS")

    debit(bill, channel, on=day(0))
    debit(bill, channel, on=day(0))
    debit(bill, channel, on=day(1))

    assert first_attempts.by_origin(["book:1"]) == {"book:1": "failed"}


def test_a_later_cycle_is_not_the_first_attempt(imported, channel):
    bill = imported("book:1")
    channel.will_answer("acct-1", "NOTENOUGH", "NOTENOUGH", "NOTENOUGH", "SUCCESS")

    live(bill, channel, until=6)

    assert first_attempts.by_origin(["book:1"]) == {"book:1": "failed"}


def test_what_the_customer_paid_by_hand_is_no_attempt(imported, channel):
    bill = imported("book:1")

    pay(bill, channel, 700, at=bill.customer.registered_at.replace(year=2026, month=9, day=30))

    assert first_attempts.by_origin(["book:1"]) == {"book:1": None}


def test_the_opening_bill_is_the_oldest_and_not_the_first_stored(imported, channel):
    later = imported("book:1", due_on=day(30))
    oldest = imported("book:1", due_on=day(0), customer=later.customer)
    channel.will_answer("acct-1", "NOTENOUGH")

    debit(oldest, channel, on=day(0))

    assert first_attempts.by_origin(["book:1"]) == {"book:1": "failed"}
