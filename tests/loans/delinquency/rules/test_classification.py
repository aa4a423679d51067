"""What the 00:05 close decides of an unpaid bill (REPAY-9 to REPAY-16)."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loans.accounting.rules.codes import BillMove
from loans.delinquency.rules.classification import (
    BillOutcome,
    Unpaid,
    decide,
    is_classified,
    is_minimum_met,
    is_small_balance,
    outcome_at_due,
)
from tests.loans.cases import DUE_ON, TERMS, day
from tests.profiles import pure

LEAVES = {
    BillMove.SETTLE_MINIMUM: {"billed", "grace"},
    BillMove.ENTER_GRACE: {"billed"},
    BillMove.CARRY: {"grace"},
    BillMove.RECORD_OVERDUE: {"grace"},
}
ENDS = {
    BillMove.SETTLE_MINIMUM: "min_paid",
    BillMove.ENTER_GRACE: "grace",
    BillMove.CARRY: "carried",
    BillMove.RECORD_OVERDUE: "overdue",
}
fen = st.one_of(st.integers(0, 2_500), st.integers(0, 2_000_000))
days = st.integers(-3, 12).map(day)


@st.composite
def bills(draw, **fixed):
    """A bill as it can stand at midnight."""
    paid_fen, unpaid_fen = draw(fen), draw(fen.filter(bool))
    facts = {
        "state": draw(st.sampled_from(["billed", "grace", "overdue"])),
        "due_on": DUE_ON,
        "minimum_fen": draw(st.integers(1, paid_fen + unpaid_fen)),
        "paid_fen": paid_fen,
        "last_paid_on": day(draw(st.integers(-5, 3))) if paid_fen else None,
        "shortfall_fen": draw(st.sampled_from([unpaid_fen, 1_000, 1_001])) if paid_fen else None,
        "unpaid_fen": unpaid_fen,
        "mandatory_unpaid_fen": draw(st.one_of(st.just(0), st.integers(0, unpaid_fen))),
        "late_fee_fen": draw(st.sampled_from([0, 0, 508])),
        "refusals": draw(st.integers(0, 3)),
        "is_debited": draw(st.booleans()),
    }
    return Unpaid(**(facts | fixed))


@pure
@given(bills(), days)
def test_no_two_moves_contradict_each_other(bill, on):
    state = bill.state
    for move in decide(bill, on=on, terms=TERMS).moves:
        assert state in LEAVES[move]
        state = ENDS[move]


@pure
@given(bills(), days, st.integers(0, 10))
def test_a_later_day_only_adds_moves(bill, on, later):
    earlier = decide(bill, on=on, terms=TERMS).moves

    assert decide(bill, on=on + timedelta(days=later), terms=TERMS).moves[: len(earlier)] == earlier


@pure
@given(bills(), days)
def test_a_day_closed_twice_is_closed_once(bill, on):
    decision = decide(bill, on=on, terms=TERMS)
    assume(decision.moves)

    again = bill._replace(state=ENDS[decision.moves[-1]])
    assert decide(again, on=on, terms=TERMS) == BillOutcome()


@pure
@given(bills(), days)
def test_only_a_met_minimum_revolves(bill, on):
    decision = decide(bill, on=on, terms=TERMS)

    assert (decision.revolves_on is not None) == (BillMove.SETTLE_MINIMUM in decision.moves)
    if decision.revolves_on:
        assert is_minimum_met(bill)
        assert not is_small_balance(bill, TERMS)
        assert decision.revolves_on == (DUE_ON if bill.state == "billed" else bill.last_paid_on)


@pure
@given(bills())
def test_nothing_is_decided_before_the_due_date_is_over(bill):
    billed = bill._replace(state="billed")

    assert decide(billed, on=DUE_ON, terms=TERMS) == BillOutcome()
    assert decide(billed, on=day(1), terms=TERMS).moves


@pure
@given(bills(state="grace"), st.integers(1, 3))
def test_nobody_is_recorded_within_grace(bill, n):
    assert BillMove.RECORD_OVERDUE not in decide(bill, on=day(n), terms=TERMS).moves
    assert BillMove.CARRY not in decide(bill, on=day(n), terms=TERMS).moves


@pure
@given(bills(state="grace"))
def test_grace_never_outlasts_the_seventh_day(bill):
    assert decide(bill, on=day(7), terms=TERMS).moves != ()


@pure
@given(bills(state="grace", refusals=3, shortfall_fen=None, mandatory_unpaid_fen=1))
def test_three_refusals_and_grace_over_make_the_record(bill):
    assume(bill.unpaid_fen > TERMS.tolerance_fen)

    assert decide(bill, on=day(4), terms=TERMS).moves == (BillMove.RECORD_OVERDUE,)


@pure
@given(
    bills(state="grace", is_debited=True, shortfall_fen=None, mandatory_unpaid_fen=1),
    st.integers(0, 2),
    st.integers(4, 6),
)
def test_fewer_refusals_put_the_record_off(bill, refusals, n):
    waiting = bill._replace(refusals=refusals)
    assume(bill.unpaid_fen > TERMS.tolerance_fen)

    assert decide(waiting, on=day(n), terms=TERMS).moves == ()
    assert decide(waiting, on=day(7), terms=TERMS).moves == (BillMove.RECORD_OVERDUE,)


@pure
@given(
    bills(state="billed") | bills(state="grace"),
    st.integers(1, 1_000),
    days,
)
def test_a_small_rest_neither_revolves_nor_is_recorded(bill, shortfall_fen, on):
    small = bill._replace(
        shortfall_fen=shortfall_fen, paid_fen=bill.paid_fen or 1, last_paid_on=DUE_ON
    )
    moves = decide(small, on=on, terms=TERMS).moves
    assert {*moves} <= {BillMove.ENTER_GRACE, BillMove.CARRY}
    assert (BillMove.CARRY in moves) == (on > day(3))


@pytest.mark.parametrize(
    ("refusals", "is_debited", "n", "expected"),
    [
        (3, True, 4, True),
        (2, True, 4, False),
        (2, True, 6, False),
        (0, True, 7, True),
        (0, False, 4, True),
    ],
)
def test_who_is_recorded_once_grace_is_over(refusals, is_debited, n, expected):
    bill = Unpaid("grace", DUE_ON, 1, 0, None, None, 5_000, 0, 0, refusals, is_debited)

    assert is_classified(bill, on=day(n), terms=TERMS) is expected


@pytest.mark.parametrize(
    ("paid_fen", "outcome"),
    [(10_000, "paid"), (9_999, "carried"), (9_000, "carried"), (8_999, "min_paid"),
     (1_000, "min_paid"), (999, "overdue"), (0, "overdue")],
)  # fmt: skip
def test_how_a_bill_ended_of_which_only_amounts_are_known(paid_fen, outcome):
    found = outcome_at_due(10_000, minimum_fen=1_000, paid_fen=paid_fen, terms=TERMS)

    assert found == outcome


@pytest.mark.parametrize(
    ("paid_fen", "late_fee_fen", "is_met"),
    [
        (101_500, 0, True),
        (101_499, 0, False),
        (101_500, 508, False),
        (102_007, 508, False),
        (102_008, 508, True),
    ],
)
def test_in_grace_the_minimum_is_met_with_the_late_fee_on_top(paid_fen, late_fee_fen, is_met):
    bill = Unpaid(
        state="grace", due_on=DUE_ON, minimum_fen=101_500, paid_fen=paid_fen, last_paid_on=day(2),
        shortfall_fen=900_000, unpaid_fen=900_000, mandatory_unpaid_fen=0,
        late_fee_fen=late_fee_fen, refusals=1, is_debited=True,
    )  # fmt: skip

    assert is_minimum_met(bill) == is_met
