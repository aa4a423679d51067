"""What a segment bears, in closed form (GEN-2, GEN-3, RATE-3 to RATE-5, REPAY-9)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.accounting.rules.accrual import contract_fen, interest_fen, penalty_fen, revolving_fen
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
