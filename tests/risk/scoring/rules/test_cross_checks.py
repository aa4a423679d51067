"""Declared against evidenced values: contradictions, and the lower value (SCORE-12)."""

import pytest

from risk.scoring.rules.cross_checks import CrossCheck, CrossChecked, Declaration, cross_check
from tests.risk.scoring.inputs import POLICY

AGREED = Declaration(
    income_fen=899_999, inflow_fen=300_000, province="44", network_province="44", employer="a",
    bureau_employer="a", phone="p", bank_phone="p",
)  # fmt: skip


def check(**changes):
    return cross_check(AGREED._replace(**changes), policy=POLICY)


def test_what_agrees_contradicts_nothing_and_keeps_the_declared_income():
    assert check() == CrossChecked((), (), 899_999)


def test_an_income_of_three_times_the_inflow_contradicts_and_the_inflow_is_scored():
    assert check(income_fen=900_000) == CrossChecked((CrossCheck.INCOME,), (), 300_000)


@pytest.mark.parametrize(
    ("changes", "contradiction"),
    [
        ({"network_province": "11"}, CrossCheck.ADDRESS),
        ({"bureau_employer": "b"}, CrossCheck.EMPLOYER),
        ({"bank_phone": "q"}, CrossCheck.PHONE),
    ],
)
def test_another_value_contradicts(changes, contradiction):
    assert check(**changes) == CrossChecked((contradiction,), (), 899_999)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"inflow_fen": None}, CrossCheck.INCOME),
        ({"inflow_fen": 0}, CrossCheck.INCOME),
        ({"province": ""}, CrossCheck.ADDRESS),
        ({"bureau_employer": ""}, CrossCheck.EMPLOYER),
        ({"bank_phone": ""}, CrossCheck.PHONE),
    ],
)
def test_a_check_without_evidence_is_not_evaluated(changes, missing):
    assert check(**changes) == CrossChecked((), (missing,), 899_999)


def test_nothing_declared_is_nothing_evaluated():
    assert cross_check(Declaration(), policy=POLICY) == CrossChecked((), (*CrossCheck,), None)


def test_a_declared_income_of_zero_contradicts_nothing():
    assert check(income_fen=0) == CrossChecked((), (), 0)
