"""A period of the ledger is a day or a month."""

from datetime import date

import pytest

from loans.general_ledger.rules.periods import (
    LedgerPeriod,
    month_code,
    month_of,
    next_month,
    period_of,
)


@pytest.mark.parametrize(
    ("code", "first_on", "last_on"),
    [
        ("2026-09", date(2026, 9, 1), date(2026, 9, 30)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-09-30", date(2026, 9, 30), date(2026, 9, 30)),
        ("2000-01", date(2000, 1, 1), date(2000, 1, 31)),
        ("2099-12-31", date(2099, 12, 31), date(2099, 12, 31)),
    ],
)
def test_a_period_is_read_as_it_is_written(code, first_on, last_on):
    assert period_of(code) == LedgerPeriod(first_on, last_on)
    assert period_of(code).code == code


@pytest.mark.parametrize(
    "code",
    ["", "2026", "2026-13", "2026-9", "2026-02-30", "1999-12", "2100-01", "0001-01", "2026-09-1",
     "20260901", "2026-W01", "２０２６-０９", "2026-09 ", "2026-09\n"],
)  # fmt: skip
def test_what_is_no_day_and_no_month_is_refused(code):
    with pytest.raises(ValueError, match=r"."):
        period_of(code)


def test_months_follow_each_other_over_the_year():
    assert month_of(date(2026, 2, 14)) == LedgerPeriod(date(2026, 2, 1), date(2026, 2, 28))
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert next_month(date(2026, 1, 31)) == date(2026, 2, 1)
    assert month_code(date(2026, 9, 30)) == "2026-09"
