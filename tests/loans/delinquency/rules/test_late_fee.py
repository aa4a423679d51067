"""The late fee of a bill: half a permille once, on its day, over its parts (REPAY-11, REPAY-13)."""

from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loans.delinquency.rules.late_fee import is_late_fee_due, late_fee_fen, late_fees_fen
from tests.loans.cases import TERMS, day
from tests.profiles import pure


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


@pytest.mark.parametrize(
    ("unpaid_fen", "fee_fen"),
    [(0, 0), (999, 0), (1_000, 1), (2_999, 1), (3_000, 2), (106_000, 53), (1_015_000, 508)],
)
def test_half_a_fen_becomes_a_whole_one(unpaid_fen, fee_fen):
    assert late_fee_fen(unpaid_fen, TERMS) == fee_fen


def test_the_rate_is_that_of_the_contract():
    doubled = replace(TERMS, late_fee_ppm=1_000)

    assert late_fee_fen(1_015_000, doubled) == 1_015
    assert late_fees_fen([15_000, 1_000_000], doubled) == [15, 1_000]


@pytest.mark.parametrize(
    ("bases_fen", "fees_fen"),
    [([], []), ([0, 0], [0, 0]), ([1_000, 1_000], [1, 0]), ([1_000] * 3, [1, 0, 1]),
     ([1_000, 0, 4_000], [1, 0, 2]), ([4_000, 0, 1_000], [2, 0, 1])],
)  # fmt: skip
def test_the_parts_are_rounded_by_their_running_sum(bases_fen, fees_fen):
    assert late_fees_fen(bases_fen, TERMS) == fees_fen


@pytest.mark.parametrize(
    ("refused", "charged", "is_debited", "on", "expected"),
    [
        (0, None, True, 1, True),
        (1, None, True, 1, False),
        (1, None, True, 2, True),
        (None, None, True, 9, False),
        (None, None, False, 1, True),
        (0, 1, True, 2, False),
        (None, 1, False, 2, False),
    ],
    ids=[
        "the day after the refusal",
        "not on the day of the refusal",
        "refused a day later",
        "technical faults alone",
        "nobody debits",
        "once",
        "once where nobody debits",
    ],
)
def test_the_day_of_the_late_fee(refused, charged, is_debited, on, expected):
    assert (
        is_late_fee_due(
            on=day(on),
            refused_on=None if refused is None else day(refused),
            charged_on=None if charged is None else day(charged),
            is_debited=is_debited,
        )
        is expected
    )
