"""What a waiver takes off, and what becomes of the segments, the bill and the loan (RATE-5, 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules import engine
from loans.accounting.rules.allocation import Claim
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.outcomes import Cause, WaivedCharge
from loans.accounting.rules.position import InstalmentKey, Position
from loans.delinquency.rules.waiver import WaiveCharges, spread, without
from tests.loans.cases import TERMS, bill, day, loan, part
from tests.profiles import pure

fen = st.integers(0, 10**9)
debts = st.builds(Debt, fen, fen, fen, fen, fen)
charges = st.builds(Debt, fen, fen, fen, fen, st.just(0))
claims = st.lists(st.builds(Claim, debts, st.integers(0, 10**6), st.booleans(), st.dates()))


@pure
@given(charges, claims)
def test_no_more_is_waived_than_is_owed_or_approved(debt, claims):
    parts = spread(debt, claims)

    for name in Debt._fields:
        waived_fen = sum(getattr(part, name) for part in parts)
        owed_fen = sum(getattr(claim.debt, name) for claim in claims)
        most_fen = 0 if name == "principal_fen" else min(getattr(debt, name), owed_fen)
        assert waived_fen == most_fen
    assert all(
        one <= owed for part, claim in zip(parts, claims, strict=True)
        for one, owed in zip(part, claim.debt, strict=True)
    )  # fmt: skip


def waive(position, debt, *, n=4):
    event = WaiveCharges(5, 1, debt, day(n))
    return engine.run(position, [event], dict.fromkeys(position.loans, TERMS))


def standing(*parts, state="overdue", **facts):
    rows = tuple(InstalmentKey(7, index) for index in range(len(parts)))
    due = loan(*parts, accrued_on=day(4))._replace(state="overdue")
    return Position({1: bill(*rows, state=state, **facts)}, {7: due})


def test_the_higher_rate_comes_first_and_no_component_pays_for_another():
    dear, cheap = part(1_000, "penalty", late_fee_fen=3), part(1_000, "own", late_fee_fen=9)

    result = waive(standing(cheap, dear), Debt(penalty_fen=50, late_fee_fen=5))

    assert [(one.part_index, one.debt) for one in result.waived] == [
        (0, Debt(late_fee_fen=2)), (1, Debt(late_fee_fen=3)),
    ]  # fmt: skip
    assert result.position.bills[1].waived_fen == 5


def test_a_rate_with_its_factor_decides_which_comes_first():
    """0.05 % x 0.9 is less than 0.048 %."""
    rows = (InstalmentKey(7, 0), InstalmentKey(8, 0))
    lowered = loan(part(1_000, "own", interest_fen=9), accrued_on=day(4))
    lowered = lowered._replace(
        state="overdue", rate_ppm=500, factor_permille=900, full_rate_on=day(30)
    )
    other = loan(part(1_000, "own", interest_fen=9), accrued_on=day(4))
    other = other._replace(state="overdue", rate_ppm=480)
    position = Position({1: bill(*rows, state="overdue")}, {7: lowered, 8: other})

    result = waive(position, Debt(interest_fen=9))

    assert [(one.loan_id, one.debt) for one in result.waived] == [(8, Debt(interest_fen=9))]


def test_waived_penalty_begins_a_segment_on_the_base_without_it():
    owed = part(1_000, "penalty", penalty_fen=300, segment_base_fen=1_200)

    left = without(owed, Debt(penalty_fen=100), on=day(4))

    assert (left.segment_on, left.segment_base_fen, left.segment_posted_fen) == (day(4), 1_200, 0)
    assert left.debt == Debt(penalty_fen=200, principal_fen=1_000)


def test_another_waiver_leaves_the_segment():
    owed = part(1_000, "penalty", penalty_fen=300, late_fee_fen=7, segment_base_fen=1_200)

    left = without(owed, Debt(late_fee_fen=7), on=day(4))

    assert (left.segment_on, left.debt) == (owed.segment_on, owed.debt - Debt(late_fee_fen=7))


def test_what_owes_nothing_any_more_is_paid_and_settled():
    result = waive(standing(part(0, "none", interest_fen=15), last_paid_on=day(2)),
                   Debt(interest_fen=15))  # fmt: skip

    ended = result.position.bills[1]
    assert (ended.state, ended.paid_on, ended.waived_fen) == ("paid", day(4), 15)
    owes_nothing = result.position.loans[7]
    assert (owes_nothing.state, owes_nothing.ended_on) == ("settled", day(4))
    assert [one.move.value for one in result.decisions] == ["pay", "settle"]


def test_charges_of_a_charged_off_loan_are_marked():
    position = standing(part(1_000, "penalty", interest_fen=15))
    position.loans[7] = position.loans[7]._replace(state="charged_off")

    result = waive(position, Debt(interest_fen=15), n=5)

    assert result.waived == [
        WaivedCharge(5, 7, 0, day(5), Debt(interest_fen=15), 1, is_off_books=True)
    ]
    assert [(one.is_off_books, one.cause) for one in result.charges] == [(True, Cause("waiver", 5))]


def test_a_waiver_is_charged_for_good():
    position = standing(part(1_000_000, "penalty"))

    result = waive(position, Debt(penalty_fen=657), n=5)

    after = result.position.loans[7]
    assert after.parts[0].debt == Debt(principal_fen=1_000_000)
    assert after.charged_fen == 657  # the cap of one night (EX-53)


def test_nothing_is_owed_of_nothing():
    assert spread(NOTHING, []) == []


def test_a_waiver_of_principal_is_named_as_one_that_cannot_be():
    with pytest.raises(AssertionError, match=r"^principal is never waived$"):
        spread(Debt(principal_fen=1), [])
