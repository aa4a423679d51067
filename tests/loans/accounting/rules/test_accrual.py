"""What a segment bears, in closed form (GEN-2, GEN-3, RATE-3 to RATE-5, REPAY-9)."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.accrual import (
    contract_fen,
    interest_fen,
    penalty_fen,
    rate_micro,
    revolving_fen,
)
from tests.loans.cases import TERMS
from tests.loans.nightly import half_up
from tests.profiles import pure

bases = st.one_of(st.integers(0, 100), st.integers(0, 30_000_000))
rates = st.integers(0, 1_000)
nights = st.integers(0, 400)
kinds = st.sampled_from(["own", "revolving", "penalty"])


@pure
@given(bases, rates, nights)
def test_interest_is_exact_until_it_is_rounded_once(base_fen, rate_ppm, night_count):
    exact = Fraction(base_fen * rate_ppm * night_count, 1_000_000)

    assert interest_fen(base_fen, rate_ppm, night_count) == half_up(exact)


@pure
@given(bases, rates, st.integers(1_000, 3_000), nights)
def test_a_factor_is_multiplied_through_and_divided_once(base_fen, rate_ppm, factor, night_count):
    exact = Fraction(base_fen * rate_ppm * factor * night_count, 1_000_000_000)

    assert revolving_fen(base_fen, rate_ppm, factor, night_count) == half_up(exact)


@pure
@given(bases, st.sampled_from([0, 1, 7, 500, 1_000, 1_001, 1_000_000]), st.integers(0, 120))
def test_penalty_is_the_exact_power_rounded_once(base_fen, penalty_ppm, night_count):
    exact = base_fen * ((1 + Fraction(penalty_ppm, 1_000_000)) ** night_count - 1)

    assert penalty_fen(base_fen, penalty_ppm, night_count) == half_up(exact)


@pure
@given(bases, rates, st.sampled_from([1_000, 900]), st.sampled_from([1_500, 1_300, 2_000]),
       st.integers(0, 120))  # fmt: skip
def test_penalty_by_the_contract_is_a_multiple_of_the_loans_own_rate(
    base_fen, rate_ppm, scenario, multiple, night_count
):
    terms = replace(TERMS, penalty_mode="CONTRACT", penalty_factor_permille=multiple)
    own = max(Fraction(rate_ppm * scenario, 1_000), min(rate_ppm, terms.daily_rate_min_ppm))
    rate = own * multiple / 10**9
    exact = base_fen * ((1 + rate) ** night_count - 1)

    found = contract_fen(
        "penalty", base_fen, rate_ppm, night_count, terms, factor_permille=scenario
    )

    assert found == half_up(exact)
    assert rate_micro("penalty", rate_ppm, terms, factor_permille=scenario) == half_up(rate * 10**9)


def test_a_loan_at_the_highest_rate_bears_three_quarters_of_the_articles_penalty():
    """0.05 % x 1.5 = 0.075 % a night (LAW-5): 10 nights on 10,000.00, compounded."""
    by_contract = replace(TERMS, penalty_mode="CONTRACT")

    assert contract_fen("penalty", 1_000_000, 500, 10, by_contract) == 7_525
    assert contract_fen("penalty", 1_000_000, 500, 10, TERMS) == 10_045
    assert rate_micro("penalty", 500, by_contract) == 750_000


@pure
@given(kinds, bases, rates, nights, st.integers(0, 30))
def test_what_a_segment_has_borne_never_shrinks(kind, base_fen, rate_ppm, night_count, more):
    before = contract_fen(kind, base_fen, rate_ppm, night_count, TERMS)

    assert contract_fen(kind, base_fen, rate_ppm, night_count + more, TERMS) >= before


@pytest.mark.parametrize("kind", ["none", "own", "revolving", "penalty"])
def test_no_night_bears_nothing(kind):
    assert contract_fen(kind, 1_000_000, 500, 0, TERMS) == 0


def test_each_kind_bears_its_own_rate():
    night = [contract_fen(kind, 1_000_000, 500, 1, TERMS) for kind in ("none", "own", "revolving")]

    assert night == [0, 500, 750]
    assert contract_fen("penalty", 1_000_000, 500, 2, TERMS) == 2_001


def test_a_promised_rate_times_one_and_a_half_is_not_rounded_on_the_way():
    assert revolving_fen(1_000_000, 225, 1_500, 2) == 675
