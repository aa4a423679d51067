"""The twelve indicators of payment behaviour: values, sub-scores, component (SCORE-2)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.policy import INDICATORS
from risk.scoring.rules.payment_behaviour import (
    PAYMENT_INDICATORS,
    PaymentCounts,
    measure,
    number_of,
    score_values,
    variation,
)
from tests import profiles
from tests.risk.scoring.inputs import ORDINARY, POLICY, counts

NOTHING = PaymentCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (0, 0, 0, 0, 0, 0), 0, 0)
BEST = [(8, 1), (30_000, 1), (0, 1), (0, 1), (90, 1), (30, 1), (12, 1), (0, 1), (0, 1), (0, 1),
        (1, 2), (24, 1)]  # fmt: skip
WORST = [(0, 1), (0, 1), (7, 1), (2, 5), (0, 1), (0, 1), (0, 1), (1, 5), (1, 3), (1, 1),
         (-1, 2), (0, 1)]  # fmt: skip
HALF = [(4, 1), (15_000, 1), (10, 3), (1, 5), (45, 1), (15, 1), (6, 1), (1, 10), (1, 6), (1, 2),
        (0, 1), (12, 1)]  # fmt: skip


def scored(values):
    return score_values(values, policy=POLICY)


@pytest.mark.parametrize(("values", "points"), [(BEST, 100), (WORST, 0), (HALF, 50)])
def test_the_scale_of_every_indicator_is_the_rulebooks(values, points):
    found = scored(values)

    assert [Fraction(*one) for one in found.sub_scores] == 12 * [points]
    assert found.component == points


@pytest.mark.parametrize("n", range(12))
def test_an_indicator_weighs_what_its_number_of_the_policy_says(n):
    values = [*WORST]
    values[n] = BEST[n]

    assert scored(values).component == getattr(POLICY, f"{INDICATORS[n]}_weight_percent")


def test_what_has_no_denominator_scores_nothing():
    values = measure(NOTHING, policy=POLICY)

    assert [n for n, value in enumerate(values, 1) if value is None] == [4, 8, 9, 10, 11]
    assert scored(values).component == 8  # no large payment


def test_values_are_measured_over_their_windows():
    values = measure(ORDINARY.counts, policy=POLICY)

    assert values == (
        (517, 90), (1_913_771, 90), (2, 1), (41, 517), (83, 1), (29, 1), (9, 1), (13, 530),
        (11, 517), (18_828, 1_000_000), (499_968, 2_413_739), (31, 1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amounts", "ratio"),
    [
        ((5, 5, 5), (0, 1_000_000)),
        ((0, 10), (1_000_000, 1_000_000)),
        ((1, 2, 3), (408_248, 1_000_000)),  # the root of 1/6, rounded down
        ((0, 0), None),
        ((), None),
    ],
)
def test_variation_is_the_spread_over_the_mean(amounts, ratio):
    assert variation(amounts) == ratio


@profiles.pure
@given(counts())
def test_the_component_is_the_exact_weighted_mean(found_counts):
    found = scored(measure(found_counts, policy=POLICY))

    mean = sum(
        Fraction(*sub_score) * getattr(POLICY, f"{field}_weight_percent")
        for field, sub_score in zip(INDICATORS, found.sub_scores, strict=True)
    )
    assert found.component == Fraction(mean, 100)
    assert all(0 <= Fraction(*one) <= 100 for one in found.sub_scores)


@profiles.pure
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_variation_never_depends_on_the_unit(amounts):
    assert variation(amounts) == variation([100 * amount for amount in amounts])


def test_indicators_are_data_with_names_in_both_languages():
    codes = [one.code for one in PAYMENT_INDICATORS]

    assert codes == [f"PAY-{n:02}" for n in range(1, 13)]
    assert all(one.name_en and one.name_zh and one.measure for one in PAYMENT_INDICATORS)
    assert [one.formula(POLICY) for one in PAYMENT_INDICATORS][:3] == [
        "min(100, x / 8 * 100)", "min(100, x / 30000 * 100)", "max(0, 100 - 15 * x)",
    ]  # fmt: skip
    assert number_of(PAYMENT_INDICATORS[11], POLICY) == 24
