"""What a bill asks at least, and its late fee (REPAY-7, REPAY-13)."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.billing.rules import minimum_fen
from loans.delinquency.rules.late_fee import late_fee_fen, late_fees_fen
from tests.loans.cases import TERMS
from tests.profiles import pure

fen = st.one_of(st.integers(1, 2_500), st.integers(1, 60_000_000))


@pure
@given(fen, st.integers(0, 60_000_000), st.integers(0, 1_000_000))
def test_the_minimum_lies_between_what_must_be_paid_and_the_whole(total_fen, mandatory, past_due):
    mandatory_fen = min(mandatory, total_fen)

    asked_fen = minimum_fen(
        total_fen, mandatory_fen=mandatory_fen, past_due_fen=past_due, terms=TERMS
    )

    assert past_due + mandatory_fen <= asked_fen <= past_due + total_fen
    assert asked_fen >= past_due + total_fen // 10


@pure
@given(st.integers(1, 999), st.integers(0, 999))
def test_a_bill_below_ten_yuan_is_paid_whole(total_fen, mandatory_fen):
    assert minimum_fen(total_fen, mandatory_fen=mandatory_fen, terms=TERMS) == total_fen


@pure
@given(st.integers(1_000, 60_000_000), st.integers(0, 60_000_000))
def test_the_minimum_is_a_tenth_half_up_or_the_mandatory_part(total_fen, mandatory_fen):
    tenth_fen = floor(Fraction(total_fen, 10) + Fraction(1, 2))

    asked_fen = minimum_fen(total_fen, mandatory_fen=mandatory_fen, terms=TERMS)

    assert asked_fen == min(total_fen, max(tenth_fen, mandatory_fen))


@pytest.mark.parametrize(("total_fen", "asked_fen"), [(999, 999), (1_000, 100)])
def test_ten_yuan_is_where_a_tenth_begins_to_do(total_fen, asked_fen):
    assert minimum_fen(total_fen, mandatory_fen=0, terms=TERMS) == asked_fen


@pure
@given(st.lists(st.integers(0, 5_000_000), max_size=12))
def test_the_parts_of_a_late_fee_sum_to_it(bases_fen):
    parts_fen = late_fees_fen(bases_fen, TERMS)

    assert sum(parts_fen) == late_fee_fen(sum(bases_fen), TERMS)
    assert all(
        abs(part_fen - Fraction(base_fen * TERMS.late_fee_ppm, 1_000_000)) < 2
        for part_fen, base_fen in zip(parts_fen, bases_fen, strict=True)
    )


@pure
@given(st.integers(0, 60_000_000))
def test_the_late_fee_is_half_a_permille_half_up(unpaid_fen):
    assert late_fee_fen(unpaid_fen, TERMS) == floor(Fraction(unpaid_fen, 2_000) + Fraction(1, 2))
