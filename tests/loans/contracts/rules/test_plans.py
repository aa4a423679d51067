"""Instalments of a plan and the split of its fee (REPAY-5, REPAY-6)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.codes import Plan
from loans.contracts.rules import plans
from tests.loans.cases import TERMS
from tests.profiles import pure

DUE_ON = date(2026, 12, 1)


def test_a_bullet_is_one_instalment_without_a_fee():
    [row] = plans.rows(1_000_000, Plan.BULLET, first_due_on=DUE_ON, terms=TERMS)

    assert row == (1, DUE_ON, 1_000_000, 0)


def test_a_plan_falls_due_each_month_with_equal_principal_and_fee():
    rows = plans.rows(1_000_000, Plan.PLAN_3, first_due_on=DUE_ON, terms=TERMS)

    assert rows == (
        (1, date(2026, 12, 1), 333_333, 5_000),
        (2, date(2027, 1, 1), 333_333, 5_000),
        (3, date(2027, 2, 1), 333_334, 5_000),
    )


@pytest.mark.parametrize(
    ("plan", "count", "fee_ppm", "fee_fen"),
    [
        (Plan.BULLET, 1, 0, 0),
        (Plan.PLAN_3, 3, 15_000, 15_000),
        (Plan.PLAN_6, 6, 30_000, 30_000),
        (Plan.PLAN_12, 12, 60_000, 60_000),
    ],
)
def test_a_plan_has_its_number_of_instalments_and_its_flat_fee(plan, count, fee_ppm, fee_fen):
    assert plans.count_of(plan) == count
    assert plans.fee_ppm(plan, TERMS) == fee_ppm
    assert plans.fee_fen(1_000_000, plan, TERMS) == fee_fen


def test_the_fee_is_rounded_half_up_once():
    assert plans.fee_fen(33, Plan.PLAN_3, TERMS) == 0  # 0.495 fen
    assert plans.fee_fen(100, Plan.PLAN_3, TERMS) == 2  # 1.5 fen


@pytest.mark.parametrize(
    ("counts", "is_open"),
    [
        ((), [True, False, False, False]),
        ((3, 6), [True, True, True, False]),
        ((3, 6, 12), [True, True, True, True]),
    ],
)
def test_a_score_opens_plans_and_always_the_bullet(counts, is_open):
    assert [plans.is_open(plan, counts) for plan in Plan] == is_open


@pure
@given(st.integers(1, 30_000_000), st.sampled_from(list(Plan)))
def test_the_rows_sum_to_principal_and_fee(principal_fen, plan):
    rows = plans.rows(principal_fen, plan, first_due_on=DUE_ON, terms=TERMS)

    assert sum(row.principal_fen for row in rows) == principal_fen
    assert sum(row.fee_fen for row in rows) == plans.fee_fen(principal_fen, plan, TERMS)
    assert len({(row.principal_fen, row.fee_fen) for row in rows[:-1]}) <= 1
    assert all(row.due_on.day == 1 for row in rows)


def test_a_conversion_has_the_plan_fees_of_its_sheet_and_the_terms_of_its_loan():
    own = replace(TERMS, grace_days=2, plan_3_fee_ppm=1, plan_6_fee_ppm=2, plan_12_fee_ppm=3)
    sheet = replace(TERMS, plan_3_fee_ppm=10, plan_6_fee_ppm=20, plan_12_fee_ppm=30)

    assert plans.with_plan_fees(own, sheet) == replace(sheet, grace_days=2)
