"""What moves the growth factor: reports that did not count, steps, days with payments."""

from datetime import date

import pytest

from risk.lines.operations.growth import PaymentDay, apply_conduct, record_payment_days
from risk.lines.queries import growth
from risk.policy import LimitPolicy
from tests.risk.lines.making import BY, day, granted, moment, report

pytestmark = pytest.mark.django_db


def sources(found):
    return {line_id: [one.source for one in reports] for line_id, reports in found.items()}


def test_reports_of_bills_due_before_the_day_in_order():
    line, other = granted(), granted()
    second = report(line, day(5))
    first = report(line, day(4))
    report(line, day(9))
    report(other, day(4))

    assert sources(growth.uncounted([line.pk], on=day(9))) == {line.pk: [first, second]}


def test_a_report_that_counted_is_left_out():
    line = granted()
    report(line, day(4))
    apply_conduct([line.pk], by=BY, on=day(5), at=moment(day(5)))

    assert growth.uncounted([line.pk], on=day(9)) == {}


@pytest.mark.parametrize(
    ("source", "bill"), [("bill:7", "bill:7"), ("bill:7:2", "bill:7"), ("bill:7:12", "bill:7")]
)
def test_the_bill_of_a_report(source, bill):
    assert growth.bill_of(source) == bill


def test_points_are_of_days_with_payments_and_of_bills_in_full():
    line = granted()
    record_payment_days([PaymentDay(line.customer_id, date(2026, 10, n)) for n in (1, 2, 31)])
    report(line, day(30))
    apply_conduct([line.pk], by=BY, on=day(31), at=moment(day(31)))
    steps = growth.steps_of([line.pk])[line.pk]
    days = growth.payment_months([line.customer_id])[line.customer_id]

    def points(until):
        return growth.points_of(line, steps, days, until=until, policy=LimitPolicy())

    assert [points(day(n)) for n in (0, 1, 31, 32)] == [0, 1, 3, 13]


def test_nothing_is_read_for_nobody():
    assert growth.uncounted([], on=day(1)) == {}
    assert growth.steps_of([]) == growth.payment_months([]) == {}
