"""The credit report that may be used now."""

from datetime import timedelta

import pytest

from risk.bureau import operations as reports
from risk.bureau import queries
from risk.models import BureauPayload
from tests.accounts.people import AT
from tests.risk.people import withdraw

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(make_customer, bureau):
    customer = make_customer("overdue90-1")
    reports.fetch([customer.pk], bureau=bureau, at=AT)
    return customer


def test_the_newest_report_is_read_as_of_the_day(customer):
    found = queries.current(customer.pk, at=AT + timedelta(days=14))

    assert found.reading.on == (AT + timedelta(days=14)).date()
    assert found.reading.months[-1] == "#"  # November has no row in a report of November
    assert found.reading.is_adverse


@pytest.mark.parametrize(("days", "is_there"), [(-1, False), (0, True), (29, True), (30, False)])
def test_a_report_serves_from_its_day_for_thirty_days(customer, days, is_there):
    found = queries.current(customer.pk, at=AT + timedelta(days=days))

    assert (found is not None) is is_there


def test_a_withdrawn_consent_hides_the_report_at_once(customer):
    withdraw(customer, "bureau")

    assert queries.current(customer.pk, at=AT) is None
    assert queries.current(customer.pk, at=AT + timedelta(seconds=1)) is None


def test_an_erased_report_does_not_serve(customer):
    BureauPayload.objects.all().delete()

    assert queries.current(customer.pk, at=AT) is None
