"""On which days bills are due (REPAY-2)."""

from datetime import date

import pytest

from loans.billing.rules.bill_dates import Unbilled, due_dates, repayment_on

BILL_DATE, DUE_ON = date(2026, 10, 22), date(2026, 11, 1)


def dates(*things, day=1, on=BILL_DATE):
    return due_dates(things, day=day, on=on, lead_days=10)


@pytest.mark.parametrize(
    ("day", "after", "on"),
    [
        (28, date(2026, 10, 22), date(2026, 10, 28)),
        (1, date(2026, 10, 22), date(2026, 11, 1)),
        (1, date(2026, 11, 1), date(2026, 12, 1)),
        (28, date(2027, 1, 31), date(2027, 2, 28)),
        (21, date(2026, 12, 21), date(2027, 1, 21)),
    ],
)
def test_the_next_repayment_day(day, after, on):
    assert repayment_on(day, after=after) == on


def test_nothing_to_bill_is_no_bill():
    assert dates() == []


@pytest.mark.parametrize(
    ("due_on", "found"),
    [
        (date(2026, 10, 22), []),  # due today: it is too late for a bill of its own
        (date(2026, 10, 23), [date(2026, 10, 23)]),
        (DUE_ON, [DUE_ON]),
        (date(2026, 11, 2), []),
    ],
)
def test_an_instalment_is_billed_from_ten_days_before_it_falls_due(due_on, found):
    assert dates(Unbilled(due_on), day=None) == found


def test_instalments_of_one_due_date_have_one_bill():
    assert dates(Unbilled(DUE_ON), Unbilled(DUE_ON)) == [DUE_ON]


@pytest.mark.parametrize("left_on", [date(2026, 10, 2), date(2026, 10, 5), BILL_DATE])
def test_what_was_left_by_the_bill_date_is_billed_on_the_repayment_day(left_on):
    assert dates(Unbilled(date(2026, 10, 1), left_on)) == [DUE_ON]


def test_what_was_left_after_the_bill_date_waits_a_month():
    left = Unbilled(date(2026, 10, 20), date(2026, 10, 24))

    assert dates(left, on=date(2026, 10, 24)) == []
    assert dates(left, on=date(2026, 11, 21)) == [date(2026, 12, 1)]


def test_a_rest_is_not_billed_before_its_day():
    assert dates(Unbilled(date(2026, 10, 1), date(2026, 10, 2)), on=date(2026, 10, 21)) == []


def test_a_rest_goes_with_an_instalment_that_falls_due():
    left = Unbilled(date(2026, 9, 21), date(2026, 9, 22))

    assert dates(left, Unbilled(date(2026, 10, 30)), day=21) == [date(2026, 10, 30)]


def test_principal_under_no_bill_whose_day_has_passed_is_billed_on_the_repayment_day():
    assert dates(Unbilled(date(2026, 10, 1))) == [DUE_ON]


def test_without_a_repayment_day_a_rest_has_no_bill():
    assert dates(Unbilled(date(2026, 10, 1), date(2026, 10, 2)), day=None) == []
