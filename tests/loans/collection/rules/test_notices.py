"""The most that is notified of before a debit (REPAY-10), against the days of the table 1.9."""

from datetime import timedelta

import pytest

from loans.accounting.rules.engine import run
from loans.accounting.rules.outcomes import Cause
from loans.accounting.rules.position import InstalmentKey, Position
from loans.collection.rules.cycle import Cycle
from loans.collection.rules.notices import Window, _Charged, maximum_fen, next_window
from loans.delinquency.rules.end_of_day import EndOfDay, Refusals
from tests.loans.cases import DUE_ON, TERMS, bill, day, loan, part

FIRST = Cycle(1, DUE_ON, 0)


def position(**facts):
    """The bill of the table 1.9 two days before its due date."""
    ahead = loan(part(bill_id=1))
    return Position({1: bill(InstalmentKey(7, 0), **facts)}, {7: ahead})


def maximum(state, window, *, on):
    return maximum_fen(state, 1, window, on=on, terms={7: TERMS})


def window(first, *, cycle=1):
    return Window(cycle, day(first), day(first + 2))


def following(state, cycle, *, on):
    return next_window(state, cycle, on=on, due_on=DUE_ON, terms=TERMS)


def test_the_first_window_is_notified_with_two_nights_and_the_late_fee():
    assert maximum(position(), window(0), on=day(-2)) == 1_016_508


def test_a_bill_that_pays_nothing_late_is_notified_of_no_late_fee_before_its_day():
    one_day = Window(1, DUE_ON, DUE_ON)

    assert maximum(position(), one_day, on=day(-2)) == 1_015_000


def test_the_second_window_ends_with_the_nights_of_grace_and_the_late_fee():
    in_grace = position(state="grace", closed_through=day(2), late_fee_on=None)
    at_due = in_grace.loans[7].parts[0]._replace(late_fee_base_fen=1_015_000)
    state = in_grace._replace(loans={7: in_grace.loans[7].with_part(0, at_due)})

    assert maximum(state, window(4), on=day(3)) == 1_015_000 + 6 * 500 + 508


def test_a_recovery_cycle_is_notified_with_its_last_night_of_penalty():
    ends = [EndOfDay(1, day(n), True, Refusals(min(n, 3), DUE_ON)) for n in range(1, 5)]
    state = run(position(), ends, {7: TERMS}).position

    assert state.bills[1].state == "overdue"
    assert maximum(state, window(6, cycle=2), on=day(4)) == 1_021_514


def test_a_bill_in_grace_that_was_cured_is_not_notified_again():
    """Minimum and late fee were paid on D+2: the close of the night ends the bill (REPAY-15)."""
    state = position(state="grace", closed_through=day(2), late_fee_fen=508, late_fee_on=day(1),
                     paid_fen=103_008, last_paid_on=day(2), shortfall_fen=913_500)  # fmt: skip
    left = loan(part(913_500, segment_on=day(2), bill_id=1), accrued_on=day(2))
    cured = state._replace(loans={7: left})

    assert maximum(cured, window(4), on=day(3)) == 0


def test_nothing_is_paid_by_looking_ahead():
    state = position()

    maximum(state, window(0), on=day(-2))

    assert state == position()


@pytest.mark.parametrize(
    ("on", "first"), [(-2, 0), (0, 0), (2, 0), (3, 4), (4, 4), (6, 4), (7, None)]
)
def test_before_classification_two_windows_follow_each_other(on, first):
    expected = None if first is None else window(first)

    assert following("grace", FIRST, on=day(on)) == expected


@pytest.mark.parametrize(("on", "first", "cycle"), [(4, 6, 2), (8, 6, 2), (9, 13, 3), (12, 13, 3)])
def test_recovery_cycles_follow_every_seven_days(on, first, cycle):
    assert following("overdue", Cycle(2, day(6), 0), on=day(on)) == window(first, cycle=cycle)


def test_after_ninety_days_there_is_no_window():
    last = Cycle(14, DUE_ON + timedelta(days=90), 0)

    assert following("overdue", last, on=last.first_on + timedelta(days=3)) is None


def test_the_nights_ahead_are_charged_because_of_the_end_of_day():
    result = run(position(), [_Charged(1, day(2))], {7: TERMS})

    assert {one.cause for one in result.charges} == {Cause("end_of_day", 1)}
    assert sum(one.charged_fen for one in result.charges) == 16_000  # of 32 nights
