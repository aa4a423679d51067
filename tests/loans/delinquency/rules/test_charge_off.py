"""A loan given up as a loss: it leaves the balance sheet, the debt stays as it is (OPS-3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules import engine
from loans.accounting.rules.outcomes import ChargedOffLoan
from loans.accounting.rules.position import InstalmentKey, Position
from loans.delinquency.rules.charge_off import ChargeOffLoan
from loans.repayment.rules import Payment
from tests.loans.cases import TERMS, bill, day, loan, part
from tests.profiles import pure


def overdue(principal_fen=1_000_000, *, state="overdue"):
    one = part(principal_fen, "penalty", segment_on=day(4))
    standing = loan(one, accrued_on=day(4))._replace(state=state)
    return Position({1: bill(InstalmentKey(7, 0), state="overdue")}, {7: standing})


def run(position, *events):
    return engine.run(position, events, {7: TERMS})


def test_the_loan_leaves_the_books_with_what_is_owed_on_the_day():
    result = run(overdue(), ChargeOffLoan(7, day(5)))

    # 1,000 penalty of one night; RATE-7 leaves 657 of a loan without earlier nights.
    assert result.charged_off == [ChargedOffLoan(7, day(5), 1_000_657)]
    loan_ = result.position.loans[7]
    assert (loan_.state, loan_.ended_on) == ("charged_off", day(5))
    assert result.position.bills[1] == overdue().bills[1]
    assert [one.is_off_books for one in result.charges] == [False]


def test_penalty_goes_on_but_is_no_income():
    result = run(overdue(), ChargeOffLoan(7, day(5)), Payment(9, 1, 700, day(6)))

    assert [(one.to_on, one.is_off_books) for one in result.charges] == [
        (day(5), False), (day(6), True),
    ]  # fmt: skip
    assert [one.is_recovery for one in result.allocations] == [True]


def test_a_loan_that_owes_nothing_any_more_is_recovered():
    ended = run(overdue(), ChargeOffLoan(7, day(5)), Payment(9, 1, 2_000_000, day(5)))

    loan_ = ended.position.loans[7]
    assert (loan_.state, loan_.ended_on) == ("recovered", day(5))
    assert ended.position.bills[1].state == "paid"


def test_what_comes_after_the_recovery_is_a_surplus():
    result = run(
        overdue(), ChargeOffLoan(7, day(5)), Payment(9, 1, 2_000_000, day(5)),
        Payment(10, 1, 5, day(6)),
    )  # fmt: skip

    assert [one.amount_fen for one in result.surpluses] == [2_000_000 - 1_000_657, 5]
    assert [one.repayment_id for one in result.allocations] == [9]


@pytest.mark.parametrize("state", ["active", "settled", "charged_off"])
def test_a_loan_that_is_not_overdue_stays_as_it_is(state):
    position = overdue(state=state)

    result = run(position, ChargeOffLoan(7, day(5)))

    assert (result.position, result.charged_off) == (position, [])


@pure
@given(st.integers(1, 10**9), st.integers(0, 60), st.integers(1, 2 * 10**9))
def test_the_debt_is_the_same_with_and_without_it(principal_fen, nights, paid_fen):
    money = Payment(9, 1, paid_fen, day(4 + nights))

    kept = run(overdue(principal_fen), money)
    given_up = run(overdue(principal_fen), ChargeOffLoan(7, day(4)), money)

    assert given_up.position.owed(1) == kept.position.owed(1)
    assert sum(one.charged_fen for one in given_up.charges) == sum(
        one.charged_fen for one in kept.charges
    )
