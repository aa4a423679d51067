"""What a bill asks at least (REPAY-7)."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.billing.rules.minimum import minimum_fen
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
