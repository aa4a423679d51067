"""The schedule follows the sheet, whatever day the bank pays (REPAY-2, RATE-10)."""

from datetime import date

import pytest

from loans.contracts.rules.schedule import due_dates_after, full_rate_from, interest_until
from loans.policy import LoanTerms

AGREED = [date(2026, 10, 1), date(2026, 11, 1)]


@pytest.mark.parametrize(
    ("drawn_on", "first_due_on"),
    [
        (date(2026, 9, 1), date(2026, 10, 1)),
        (date(2026, 9, 20), date(2026, 10, 1)),  # the bill is of the next day
        (date(2026, 9, 21), date(2026, 11, 1)),  # the bill would be of that day
        (date(2026, 10, 22), date(2026, 12, 1)),
    ],
)
def test_dates_stay_until_the_first_bill_would_come_before_the_money(drawn_on, first_due_on):
    first, second = due_dates_after(AGREED, drawn_on, None, LoanTerms())

    assert first == first_due_on
    assert (second.month - first.month) % 12 == 1


def test_the_first_bill_comes_after_the_days_in_which_a_preferred_rate_is_proven():
    proof_until_on = date(2026, 9, 21)

    assert due_dates_after(AGREED, date(2026, 9, 14), proof_until_on, LoanTerms()) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
    ]


def test_the_full_rate_begins_with_the_night_after_the_last_day_of_proof():
    # Drawn on 09-01: day 7 is 09-08, and night 8 is the one from 09-09.
    assert full_rate_from(date(2026, 9, 8)) == date(2026, 9, 9)


def test_the_interest_until_the_due_date_is_that_of_the_own_rate_and_its_factor():
    terms = LoanTerms()

    assert interest_until(1_000_000, 500, 1000, 30, terms) == 15_000
    assert interest_until(1_000_000, 500, 900, 30, terms) == 13_500
    assert interest_until(1_001, 500, 1000, 1, terms) == 1
