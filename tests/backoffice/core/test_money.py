"""Integer money: the one rounding, the split without remainder, the words for people."""

from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.money import divide_half_up, split, yuan

fen = st.integers(0, 10**14)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=60).filter(any)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (0, 1, 0),
        (1, 3, 0),
        (2, 3, 1),
        (1, 2, 1),
        (3, 2, 2),
        (5, 2, 3),
        (499_999, 1_000_000, 0),
        (500_000, 1_000_000, 1),
        (1_499_999, 1_000_000, 1),
        (10_000_00 * 350 * 30, 1_000_000, 105_00),
    ],
)
def test_a_half_fen_is_rounded_up(numerator, denominator, rounded):
    assert divide_half_up(numerator, denominator) == rounded


@given(st.integers(0, 10**20), st.integers(1, 10**12))
def test_rounding_is_the_floor_of_the_exact_quotient_and_a_half(numerator, denominator):
    assert divide_half_up(numerator, denominator) == floor(
        Fraction(numerator, denominator) + Fraction(1, 2)
    )


@pytest.mark.parametrize(("numerator", "denominator"), [(-1, 2), (1, 0), (1, -2)])
def test_a_debt_or_a_share_of_nothing_is_not_rounded(numerator, denominator):
    with pytest.raises(AssertionError):
        divide_half_up(numerator, denominator)


@pytest.mark.parametrize(
    ("total_fen", "by", "parts_fen"),
    [
        (100, [1, 1, 1], [33, 34, 33]),
        (1, [1, 1], [1, 0]),
        (10_000, [3, 0, 1], [7_500, 0, 2_500]),
        (0, [5, 7], [0, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (999, [42], [999]),
    ],
)
def test_an_amount_is_split_by_weight(total_fen, by, parts_fen):
    assert split(total_fen, by) == parts_fen


@given(fen, weights)
def test_a_split_neither_loses_nor_invents_a_fen(total_fen, by):
    parts_fen = split(total_fen, by)

    assert sum(parts_fen) == total_fen
    assert len(parts_fen) == len(by)
    assert min(parts_fen) >= 0


@given(fen, weights)
def test_each_part_is_at_most_one_fen_from_its_exact_share(total_fen, by):
    for part_fen, weight in zip(split(total_fen, by), by, strict=True):
        assert abs(part_fen - Fraction(total_fen * weight, sum(by))) <= 1


@given(fen, weights)
def test_what_weighs_nothing_gets_nothing(total_fen, by):
    parts_fen = split(total_fen, by)

    assert all(part == 0 for part, weight in zip(parts_fen, by, strict=True) if weight == 0)


@given(fen, st.integers(1, 10**9), st.integers(2, 60))
def test_equal_weights_differ_by_at_most_one_fen(total_fen, weight, count):
    parts_fen = sorted(split(total_fen, [weight] * count))

    assert all(larger - smaller <= 1 for smaller, larger in pairwise(parts_fen))


def test_an_amount_cannot_be_split_over_nothing():
    with pytest.raises(AssertionError, match="over nothing"):
        split(1, [0, 0])


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (100, "1.00"),
        (1_015_008, "10,150.08"),
        (123_456_789_00, "123,456,789.00"),
        (-1, "-0.01"),
        (-1_234_56, "-1,234.56"),
    ],
)
def test_an_amount_is_written_for_people(amount_fen, text):
    assert yuan(amount_fen) == text


@given(st.integers(-(10**14), 10**14))
def test_the_written_amount_says_every_fen(amount_fen):
    assert int(yuan(amount_fen).replace(",", "").replace(".", "")) == amount_fen
