"""Later instalments under an overdue bill: all principal, no further plan fee (RATE-5, REPAY-4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules import engine
from loans.accounting.rules.accrual import penalty_fen
from loans.accounting.rules.outcomes import Cause
from loans.accounting.rules.position import InstalmentKey, Position
from loans.delinquency.rules.acceleration import Accelerate, is_long_overdue, later_rows
from tests.loans.cases import TERMS, bill, day, loan, part
from tests.profiles import pure


def plan(*principals_fen, state="overdue"):
    """A plan whose first row is overdue under bill 1, the others under no bill."""
    rows = [part(fen, "none") for fen in principals_fen]
    rows[0] = part(principals_fen[0], "penalty", bill_id=1, segment_on=day(4))
    standing = loan(*rows, accrued_on=day(4))._replace(is_bullet=False, state="overdue")
    return Position({1: bill(InstalmentKey(7, 0), state=state)}, {7: standing})


def accelerate(position, *, n=91):
    return engine.run(position, [Accelerate(1, day(n))], {7: TERMS})


@pytest.mark.parametrize(
    ("n", "state", "is_long"),
    [(90, "overdue", False), (91, "overdue", True), (91, "grace", False), (91, "paid", False)],
)
def test_only_a_bill_that_is_overdue_for_more_than_ninety_days(n, state, is_long):
    assert is_long_overdue(bill(state=state), on=day(n), terms=TERMS) is is_long


def test_the_later_rows_bear_penalty_under_the_bill_from_the_night_of_the_day():
    result = accelerate(plan(1_000, 2_000, 3_000))

    assert [row.part_index for row in result.position.bills[1].rows] == [0, 1, 2]
    later = result.position.loans[7].parts[1:]
    assert [(one.bill_id, one.accrual, one.segment_on, one.segment_base_fen) for one in later] == [
        (1, "penalty", day(91), 2_000), (1, "penalty", day(91), 3_000),
    ]  # fmt: skip
    assert {(one.part_index, one.to_on, one.cause) for one in result.charges} == {
        (0, day(91), Cause("acceleration", 1))
    }
    assert penalty_fen(2_000, TERMS.penalty_ppm, 1) == 2


def test_a_row_that_another_bill_asks_stays_there():
    position = plan(1_000, 2_000)
    asked = position.loans[7].parts[1]._replace(bill_id=2)
    position.loans[7] = position.loans[7].with_part(1, asked)

    assert later_rows(position.loans, position.bills[1]) == []


def test_a_bill_that_was_paid_before_calls_nothing_due():
    position = plan(1_000, 2_000, state="paid")

    assert accelerate(position).position == position


@pure
@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=12))
def test_what_is_owed_only_moves(principals_fen):
    position = plan(*principals_fen)

    result = accelerate(position)

    charged_fen = sum(one.charged_fen for one in result.charges)
    assert result.position.owed(1).principal_fen == sum(principals_fen)
    assert result.position.owed(1).total_fen == sum(principals_fen) + charged_fen
