"""A bill that its card's account cannot pay in one day is warned of before (FAQ-4, LAW-20)."""

import pytest

from loans.billing.rules.day_limits import (
    DayLimitWarning,
    PlannedDebit,
    asked_at_due_fen,
    warning_of,
)
from tests.loans.conftest import DUE_ON, day

DEBIT = PlannedDebit("billed", DUE_ON, "full", 1_015_000, 101_500, 0, "II")


def warning(on=-3, **facts):
    return warning_of(DEBIT._replace(**facts), on=day(on), days=3)


@pytest.mark.parametrize("on", [-3, -1, 0])
def test_from_three_days_before_the_due_date_on(on):
    assert warning(on) == DayLimitWarning("II", 1_000_000, 1_015_000)


@pytest.mark.parametrize("on", [-4, 1])
def test_not_earlier_and_not_once_the_day_is_over(on):
    assert warning(on) is None


@pytest.mark.parametrize(("total_fen", "is_warned"), [(1_000_000, False), (1_000_001, True)])
def test_the_limit_itself_can_be_paid(total_fen, is_warned):
    assert (warning(total_fen=total_fen) is not None) == is_warned


@pytest.mark.parametrize(
    "facts",
    [{"account_class": "I"}, {"account_class": ""}, {"mode": "off"}, {"mode": "minimum"},
     {"paid_fen": 15_000}, {"state": "grace"}, {"state": "paid"}],
)  # fmt: skip
def test_what_can_be_paid_or_is_not_debited_is_not_warned_of(facts):
    assert warning(**facts) is None


@pytest.mark.parametrize(
    ("facts", "asked_fen"),
    [
        ({}, 1_015_000),
        ({"mode": "minimum"}, 101_500),
        ({"mode": "off"}, 0),
        ({"paid_fen": 1_014_999}, 1),
        ({"paid_fen": 1_015_001}, 0),
    ],
)
def test_the_mode_decides_what_is_asked_on_the_due_date(facts, asked_fen):
    assert asked_at_due_fen(DEBIT._replace(**facts)) == asked_fen
