"""Total, renormalised weights, grade, rate, plans (SCORE-1, 8, 9, 11; RATE-1; REPAY-6)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.scoring.rules.score import NOT_SCORABLE, Components, Grade, Score, graded, score, weights
from tests import profiles
from tests.risk.scoring.inputs import POLICY, components, points, uniform

ALL = (3, 6, 12)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (850, Score(850, Grade.AAA, 200, ALL)), (800, Score(800, Grade.AAA, 200, ALL)),
        (799, Score(799, Grade.AA, 250, ALL)), (750, Score(750, Grade.AA, 250, ALL)),
        (749, Score(749, Grade.A, 300, (3, 6))), (700, Score(700, Grade.A, 300, (3, 6))),
        (699, Score(699, Grade.BBB, 350, ())), (650, Score(650, Grade.BBB, 350, ())),
        (649, Score(649, Grade.BB, 400, ())), (600, Score(600, Grade.BB, 400, ())),
        (599, Score(599, Grade.B, 450, ())), (550, Score(550, Grade.B, 450, ())),
        (549, Score(549, Grade.C, 500, ())), (500, Score(500, Grade.C, 500, ())),
        (499, Score(499, None, None, ())), (300, Score(300, None, None, ())),
    ],
)  # fmt: skip
def test_a_grade_begins_at_its_score_and_has_its_rate(total, expected):
    assert graded(total, policy=POLICY) == expected


@pytest.mark.parametrize(
    ("value", "total"), [(0, 300), (100, 850), ("1/11", 301), ("999/11000", 300), ("50", 575)]
)
def test_the_scale_goes_from_300_to_850_half_up(value, total):
    assert score(uniform(value), policy=POLICY).total == total


@pytest.mark.parametrize("missing", [["payment"], ["performance"], Components._fields])
def test_without_payment_or_performance_no_score_is_computed(missing):
    found = uniform(90)._replace(**dict.fromkeys(missing))

    assert score(found, policy=POLICY) == NOT_SCORABLE


def test_with_everything_else_withdrawn_payment_and_performance_carry_the_score():
    found = Components(Fraction(80), None, None, None, Fraction(40))

    assert weights(found, policy=POLICY) == (Fraction(3, 4), 0, 0, 0, Fraction(1, 4))
    assert score(found, policy=POLICY).total == 300 + 385


@profiles.pure
@given(components)
def test_renormalised_weights_sum_to_1(found):
    assert sum(weights(found, policy=POLICY)) == 1


@profiles.pure
@given(components)
def test_the_score_is_the_rounded_weighted_mean(found):
    pairs = zip(weights(found, policy=POLICY), found, strict=True)
    exact = 300 + Fraction(11, 2) * sum(weight * (value or 0) for weight, value in pairs)

    total = score(found, policy=POLICY).total
    assert exact - Fraction(1, 2) < total <= exact + Fraction(1, 2)
    assert 300 <= total <= 850


@profiles.pure
@given(components, st.sampled_from(Components._fields), points)
def test_the_score_rises_with_every_component(found, name, value):
    if getattr(found, name) is None:
        return
    lower, higher = sorted([getattr(found, name), value])
    less, more = (
        score(found._replace(**{name: one}), policy=POLICY).total for one in (lower, higher)
    )

    assert less <= more


@profiles.pure
@given(st.integers(300, 849))
def test_a_better_score_never_has_a_higher_rate_or_fewer_plans(total):
    this, better = graded(total, policy=POLICY), graded(total + 1, policy=POLICY)

    assert this.rate_ppm is None or better.rate_ppm <= this.rate_ppm
    assert {*this.plans} <= {*better.plans}
