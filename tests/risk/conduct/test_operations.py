"""Payment history: each bill is stored once, as it was reported first."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Customer
from risk.conduct import operations as conduct
from risk.conduct.operations import ConductReport
from risk.models import Conduct
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=1)


@pytest.fixture
def customer():
    return Customer.objects.create(registered_at=AT)


def report(customer, **changes):
    plain = ConductReport(
        customer.pk, "bill:1", date(2026, 10, 1), 1_015_000, 101_500, 50_000, "min_paid"
    )
    return plain._replace(**changes)


def stored():
    return list(Conduct.objects.order_by("source").values_list("source", "outcome", "paid_fen"))


def test_a_report_is_stored_as_it_is(customer):
    conduct.record([report(customer)], at=AT)

    [row] = Conduct.objects.all()
    assert (row.customer, row.source, row.due_on) == (customer, "bill:1", date(2026, 10, 1))
    assert (row.total_fen, row.minimum_fen, row.paid_fen) == (1_015_000, 101_500, 50_000)
    assert (row.outcome, row.recorded_at) == ("min_paid", AT)


def test_a_bill_reported_again_keeps_its_first_report(customer):
    conduct.record([report(customer)], at=AT)

    conduct.record([report(customer, outcome="paid", paid_fen=1_015_000)], at=LATER)

    assert stored() == [("bill:1", "min_paid", 50_000)]
    assert Conduct.objects.get().recorded_at == AT


def test_a_bill_that_comes_twice_in_one_batch_is_stored_once(customer):
    conduct.record([report(customer), report(customer, outcome="overdue")], at=AT)

    assert stored() == [("bill:1", "min_paid", 50_000)]


def test_a_known_bill_does_not_hold_back_the_others(customer):
    conduct.record([report(customer)], at=AT)
    fresh = report(customer, source="bill:2", outcome="carried", paid_fen=0)

    conduct.record([report(customer), fresh], at=LATER)

    assert stored() == [("bill:1", "min_paid", 50_000), ("bill:2", "carried", 0)]


def test_nothing_to_report_stores_nothing():
    conduct.record([], at=AT)

    assert stored() == []


def test_an_outcome_that_does_not_exist_stores_nothing_of_the_batch(customer):
    batch = [report(customer), report(customer, source="bill:2", outcome="forgotten")]

    with pytest.raises(IntegrityError), transaction.atomic():
        conduct.record(batch, at=AT)

    assert stored() == []
