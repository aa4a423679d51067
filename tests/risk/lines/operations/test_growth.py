"""Bills and the anniversary move the growth factor, each once (LIMIT-10, LIMIT-11, SCORE-10)."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from risk.lines.operations.growth import (
    PaymentDay,
    anniversary,
    apply_conduct,
    record_payment_days,
)
from risk.models import GrowthChange, PaymentMonth
from tests.risk.lines.making import (
    BY,
    ON,
    changes,
    day,
    factors,
    granted,
    moment,
    report,
    reread,
)

pytestmark = pytest.mark.django_db


def count(line, n):
    return apply_conduct([line.pk], by=BY, on=day(n), at=moment(day(n)))


def celebrate(line, on):
    return anniversary([line.pk], by=BY, on=on, at=moment(on))


@pytest.mark.parametrize(
    ("outcome", "paid_on", "factor", "target_fen"),
    [
        ("paid", day(30), "21/20", 1_470_000),
        ("paid", day(31), "1", 1_400_000),  # in grace
        ("min_paid", None, "1", 1_400_000),
        ("carried", None, "1", 1_400_000),
        ("overdue", None, "19/20", 1_330_000),
    ],
)
def test_a_bill_moves_the_factor_by_its_outcome(outcome, paid_on, factor, target_fen):
    line = granted()
    report(line, day(30), outcome, paid_on=paid_on)

    assert count(line, 31) == 1

    assert (reread(line).growth, reread(line).target_fen) == (factor, target_fen)
    assert reread(line).limit_fen == 1_400_000


def test_a_bill_counts_once_and_not_before_its_due_date_has_ended():
    line = granted()
    report(line, day(30))

    assert [count(line, n) for n in (30, 31, 31, 32)] == [0, 1, 0, 0]
    assert factors(line) == ["21/20"]
    assert [change[3:] for change in changes(line)[1:]] == [("LIMIT-10", "limit-bill-in-full")]


def test_a_bill_from_before_the_line_does_not_count():
    line = granted()
    report(line, day(-1))

    assert count(line, 5) == 0


def test_a_corrected_outcome_replaces_the_one_that_was_counted():
    line = granted()
    source = report(line, day(30), "overdue")
    count(line, 34)
    report(line, day(30), "paid", source=f"{source}:2")

    count(line, 40)

    assert factors(line) == ["19/20", "21/20"]
    assert changes(line)[-1][3:] == ("LIMIT-10", "limit-bill-corrected")


def test_rises_end_at_the_ceiling_of_a_year():
    line = granted()
    for n in (30, 60, 90, 120):
        report(line, day(n))

        count(line, n + 1)

    assert factors(line) == ["21/20", "441/400", "23/20", "23/20"]


def test_several_reports_are_counted_oldest_first():
    line = granted()
    report(line, day(60), "overdue")
    report(line, day(30))

    assert count(line, 65) == 2

    assert factors(line) == ["21/20", str(Fraction(21 * 19, 400))]


def test_a_report_of_long_ago_is_not_read():
    line = granted()
    report(line, day(1))

    assert count(line, 200) == 0


def test_the_points_of_a_year_raise_the_factor_on_the_anniversary():
    line, on = granted(), date(2027, 10, 1)
    record_payment_days([PaymentDay(line.customer_id, ON + timedelta(n)) for n in range(200)])

    assert [celebrate(line, on - timedelta(1)), celebrate(line, on), celebrate(line, on)] == [
        0,
        1,
        0,
    ]

    step = GrowthChange.objects.get()
    assert (step.points, step.after) == (200, str(Fraction(1075, 1000)))
    assert reread(line).anniversary_on == date(2028, 10, 1)
    assert changes(line)[-1] == (1_400_000, 1_400_000, 1_500_000, "SCORE-10", "limit-anniversary")


def test_points_start_again_and_a_month_with_an_overdue_bill_has_none():
    line = granted()
    record_payment_days([PaymentDay(line.customer_id, date(2026, 11, n)) for n in (1, 2, 3)])
    record_payment_days([PaymentDay(line.customer_id, date(2026, 12, n)) for n in (1, 2)])
    report(line, date(2026, 11, 10), "overdue")
    apply_conduct([line.pk], by=BY, on=date(2026, 11, 14), at=moment(date(2026, 11, 14)))

    celebrate(line, date(2027, 10, 1))
    celebrate(line, date(2028, 10, 1))

    points = GrowthChange.objects.filter(cause="anniversary").order_by("pk")
    assert [*points.values_list("points", flat=True)] == [2, 0]


def test_a_payment_day_is_stored_once():
    line = granted()
    days = [PaymentDay(line.customer_id, date(2026, 11, n)) for n in (1, 1, 30)]

    for _ in "12":
        record_payment_days(days)
    record_payment_days([PaymentDay(line.customer_id, date(2026, 11, 2))])

    month = PaymentMonth.objects.get()
    assert (month.month_on, month.day_bits) == (date(2026, 11, 1), 1 | 2 | 1 << 29)
