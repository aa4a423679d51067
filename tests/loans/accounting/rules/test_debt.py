"""Amounts by component: one order, and a sum that loses no component (REPAY-8)."""

from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.debt import COMPONENTS, NOTHING, Debt, columns, sql_total
from tests.profiles import pure

fen = st.integers(-5_000, 30_000_000)
debts = st.builds(Debt, fen, fen, fen, fen, fen)


def test_the_components_stand_in_the_order_in_which_a_repayment_settles_them():
    assert COMPONENTS == (
        "penalty_fen", "late_fee_fen", "interest_fen", "plan_fee_fen", "principal_fen",
    )  # fmt: skip


def test_sums_and_differences_are_taken_component_by_component():
    one, other = Debt(1, 20, 300, 4_000, 50_000), Debt(5, 4, 3, 2, 1)

    assert one + other == Debt(6, 24, 303, 4_002, 50_001)
    assert one - other == Debt(-4, 16, 297, 3_998, 49_999)


def test_sums_and_differences_are_debts_again():
    total = sum([Debt(principal_fen=100), Debt(interest_fen=5)], NOTHING)

    assert (type(total), type(total - total)) == (Debt, Debt)
    assert total.total_fen == 105


@pure
@given(debts, debts)
def test_what_is_added_can_be_taken_off_again(one, other):
    assert (one + other) - other == one
    assert (one - other) + other == one


@pure
@given(debts, debts, debts)
def test_the_order_of_a_sum_does_not_matter(one, other, third):
    assert one + other == other + one
    assert (one + other) + third == one + (other + third)


@pure
@given(debts, debts)
def test_the_total_of_a_sum_is_the_sum_of_the_totals(one, other):
    assert (one + other).total_fen == one.total_fen + other.total_fen
    assert (one - other).total_fen == one.total_fen - other.total_fen


@pure
@given(debts)
def test_nothing_adds_nothing(debt):
    assert debt + NOTHING == debt - NOTHING == debt
    assert debt - debt == NOTHING


def test_columns_take_a_prefix_and_the_order_of_the_components():
    assert columns() == COMPONENTS
    assert columns("unpaid_") == (
        "unpaid_penalty_fen", "unpaid_late_fee_fen", "unpaid_interest_fen", "unpaid_plan_fee_fen",
        "unpaid_principal_fen",
    )  # fmt: skip


def test_the_total_in_sql_names_each_column_of_its_table_once():
    assert sql_total("unpaid_", table="part") == (
        "part.unpaid_penalty_fen + part.unpaid_late_fee_fen + part.unpaid_interest_fen + "
        "part.unpaid_plan_fee_fen + part.unpaid_principal_fen"
    )
