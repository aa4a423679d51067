"""The job computes only lines that something touched (GEN-8)."""

from datetime import timedelta

import pytest

from risk.lines import operations as lines
from risk.lines.operations import temporary
from risk.lines.queries import touched
from risk.models import CreditLine
from tests.risk.lines.making import BY, ON, day, granted, moment, report

pytestmark = pytest.mark.django_db


def of_day(n):
    return touched.line_ids(on=day(n), at=moment(day(n)))


@pytest.fixture
def line():
    granted()  # of somebody whom nothing touches
    return granted()


def test_without_anything_nobody_is_read(line):
    assert of_day(1) == []


def test_a_report_of_a_bill(line):
    report(line, day(4))

    assert (of_day(4), of_day(5)) == ([], [line.pk])


def test_a_target_that_is_not_reached(line):
    change = lines.InputsChange(line.pk, "x", income_fen=900_000)
    lines.revise([change], by=BY, on=ON, at=moment(ON))

    assert of_day(1) == [line.pk]


def test_an_anniversary(line):
    CreditLine.objects.filter(pk=line.pk).update(anniversary_on=day(9))

    assert (of_day(8), of_day(9), of_day(10)) == ([], [line.pk], [line.pk])


def test_a_temporary_limit_that_has_ended(line):
    for n in (90, 60, 30):
        report(line, ON - timedelta(n))
    temporary.request(line.customer, amount_fen=100, days=3, by=BY, on=ON, at=moment(ON))

    assert (of_day(3), of_day(4)) == ([], [line.pk])


def test_a_hold_after_72_hours(line):
    purchase = lines.Purchase(line.customer_id, "payment:1", 600_000, moment(ON))
    lines.hold_for_purchase([purchase], by=BY, on=ON)

    assert (of_day(2), of_day(3)) == ([], [line.pk])


def test_a_closed_line_is_left_out(line):
    CreditLine.objects.filter(pk=line.pk).update(anniversary_on=day(1))
    report(line, day(1))
    lines.close([line.customer_id], by=BY, reason="left", at=moment(ON))

    assert of_day(5) == []
