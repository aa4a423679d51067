"""Which bills were paid in full by their due dates (LIMIT-7)."""

import pytest

from risk.lines.queries.conduct import paid_in_full
from tests.risk.lines.making import day, granted, report

pytestmark = pytest.mark.django_db


def test_bills_in_the_order_of_their_due_dates():
    line = granted()
    report(line, day(60), "overdue")
    report(line, day(30))
    report(line, day(90), paid_on=day(91))

    assert paid_in_full(line.customer_id) == [True, False, False]


def test_the_latest_report_of_a_bill_counts():
    line = granted()
    source = report(line, day(30), "overdue")
    report(line, day(30), source=f"{source}:2")

    assert paid_in_full(line.customer_id) == [True]


def test_imported_bills_of_one_customer_are_bills_of_their_own():
    line = granted()
    report(line, day(-60), source="book:7:3")
    report(line, day(-30), "min_paid", source="book:7:2")

    assert paid_in_full(line.customer_id) == [True, False]
