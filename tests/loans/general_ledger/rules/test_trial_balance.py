"""Debits equal credits, and opening and movements give the closing, whatever moved."""

from hypothesis import given
from hypothesis import strategies as st

from loans.general_ledger.rules.chart import BY_CODE, IN_ORDER
from loans.general_ledger.rules.trial_balance import (
    AccountMovement,
    BalanceLine,
    KindMovement,
    Totals,
    balanced,
    by_kind,
    credit_side,
    debit_side,
    is_balanced,
    totals,
)
from tests.profiles import pure

DRAWN = AccountMovement("loan_principal", "bank", "drawdown", 2, 700)
REPAID = AccountMovement("bank", "loan_principal", "repayment", 3, 300)
TAKEN_BACK = AccountMovement("loan_principal", "bank", "reversal", 1, 100)


def test_each_account_has_a_line_in_the_order_of_the_chart():
    lines = balanced({"bank": 50, "opening_balance": -50}, [DRAWN, REPAID, TAKEN_BACK])

    assert [one.account for one in lines] == [one.code for one in IN_ORDER]
    found = {one.account: one for one in lines}
    assert found["bank"] == BalanceLine("bank", 50, 300, 800)
    assert found["bank"].closing_fen == -450
    assert found["loan_principal"] == BalanceLine("loan_principal", 0, 800, 300)
    assert found["opening_balance"] == BalanceLine("opening_balance", -50, 0, 0)
    assert found["interest"] == BalanceLine("interest", 0, 0, 0)


def test_balances_are_summed_by_their_sides():
    lines = balanced({"bank": 50, "opening_balance": -50}, [DRAWN, REPAID, TAKEN_BACK])

    assert totals(lines) == Totals(50, 50, 1_100, 1_100, 500, 500)
    assert is_balanced(lines)


def test_a_side_that_is_higher_is_noticed():
    assert not is_balanced([BalanceLine("bank", 1, 0, 0)])
    assert not is_balanced([BalanceLine("bank", 0, 1, 0)])
    assert not is_balanced([BalanceLine("bank", 1, 0, 1), BalanceLine("interest", -1, 0, 0)])
    assert is_balanced([])


def test_a_balance_stands_on_one_side():
    assert (debit_side(7), credit_side(7)) == (7, 0)
    assert (debit_side(-7), credit_side(-7)) == (0, 7)
    assert (debit_side(0), credit_side(0)) == (0, 0)


def test_an_account_is_summed_by_kind():
    assert by_kind("bank", [DRAWN, REPAID, DRAWN, TAKEN_BACK]) == [
        KindMovement("drawdown", 4, 0, 1_400),
        KindMovement("repayment", 3, 300, 0),
        KindMovement("reversal", 1, 0, 100),
    ]
    assert by_kind("interest", [DRAWN]) == []


accounts = st.sampled_from(sorted(BY_CODE))
moves = st.lists(
    st.builds(
        AccountMovement, accounts, accounts, st.just("night"), st.just(1), st.integers(1, 10**12)
    )
)


@pure
@given(moves, moves)
def test_whatever_was_posted_the_sides_are_equal(before, within):
    opening = {one.account: one.closing_fen for one in balanced({}, before)}

    lines = balanced(opening, within)

    assert is_balanced(lines)
    assert sum(one.closing_fen for one in lines) == 0
    assert lines == [
        both._replace(
            opening_fen=opening[both.account],
            debit_fen=both.debit_fen - early.debit_fen,
            credit_fen=both.credit_fen - early.credit_fen,
        )
        for both, early in zip(balanced({}, before + within), balanced({}, before), strict=True)
    ]
