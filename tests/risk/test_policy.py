"""The product numbers of scores and limits: the rulebook's, and what they refuse."""

from dataclasses import fields

import pytest

from backoffice.core import ranges
from risk.policy import COMPONENTS, INDICATORS, LimitPolicy, ScoringPolicy


def test_the_weights_are_the_rulebooks():
    numbers = ScoringPolicy()

    assert [getattr(numbers, f"{one}_weight_percent") for one in COMPONENTS] == [30, 25, 20, 15, 10]
    assert [getattr(numbers, f"{one}_weight_percent") for one in INDICATORS] == [
        14, 14, 8, 8, 10, 6, 8, 6, 6, 8, 6, 6,
    ]  # fmt: skip


def test_the_limits_are_the_rulebooks():
    numbers = LimitPolicy()

    assert (numbers.limit_min_fen, numbers.limit_step_fen) == (50_000, 10_000)  # LIMIT-1, GEN-2
    assert (numbers.low_income_fen, numbers.low_income_limit_fen) == (500_000, 1_000_000)  # LIMIT-2
    assert (numbers.daily_walk_permille, numbers.buffer_permille) == (200, 150)  # LIMIT-5, LIMIT-9
    assert (numbers.growth_ceiling_permille, numbers.growth_window_days) == (1150, 365)  # LIMIT-11


@pytest.mark.parametrize("policy", [ScoringPolicy, LimitPolicy])
def test_every_number_has_a_range(policy):
    assert [one.name for one in fields(policy) if not ranges.allowed(one)] == []


@pytest.mark.parametrize("buffer_permille", [0, 1, 999, 1000])
def test_a_buffer_is_a_share_of_the_limit(buffer_permille):
    assert LimitPolicy(buffer_permille=buffer_permille).buffer_permille == buffer_permille


@pytest.mark.parametrize("buffer_permille", [-1, 1001])
def test_a_buffer_below_nothing_or_above_the_limit_is_refused(buffer_permille):
    with pytest.raises(ValueError, match="allowed is 0 – 1000"):
        LimitPolicy(buffer_permille=buffer_permille)


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"social_weight_percent": 24}, "five components sum to 100"),
        (
            {"performance_weight_percent": 0, "social_weight_percent": 35},
            "payment and performance weigh",
        ),
        ({"pay_12_weight_percent": 7}, "twelve indicators sum to 100"),
        ({"grade_aa_min": 800}, "each grade begins below"),
        ({"rate_b_ppm": 399}, "no lower rate"),
        ({"score_base": 501}, "within the scale"),
        ({"score_span": 499}, "within the scale"),
        ({"plan_score_min": 751}, "long plan"),
        ({"long_plan_score_min": 851}, "for a plan is within"),
        ({"friend_other_tenths": 11}, "closer friend"),
        ({"friends_other_max_tenths": 1}, "one other friend"),
        ({"wealth_stable_points": 81}, "holdings sum to at most 100"),
        ({"performance_code_1_points": 31}, "longer delay"),
        ({"pay_05_full": 91}, "no more days"),
        ({"rate_c_ppm": 658}, "allowed is 0 – 657"),
    ],
)
def test_scoring_numbers_that_cannot_work_together_are_refused(overrides, why):
    with pytest.raises(ValueError, match=why):
        ScoringPolicy(**overrides)


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({"limit_min_fen": 50_001}, "whole steps"),
        ({"low_income_limit_fen": 1_005_000}, "whole steps"),
        ({"daily_walk_permille": 199}, "rise by a step"),
        ({"limit_min_fen": 40_000}, "rise by a step"),
        ({"limit_step_fen": 12_500}, "rise by a step"),
        ({"other_occupation_permille": 801}, "not named"),
        ({"low_income_limit_fen": 40_000}, "not above that of low incomes"),
        ({"occupation_middle_years": 11}, "not fewer"),
        ({"civil_servant_middle_permille": 1199}, "more years"),
        ({"public_institution_senior_permille": 1299}, "more years"),
        ({"assets_max_percent": 14}, "one asset"),
        ({"consumption_high_min": 39}, "high band"),
        ({"consumption_low_permille": 1001}, "higher band"),
        ({"growth_up_permille": 1151}, "one rise"),
        ({"growth_ceiling_permille": 1149}, "growth points"),
        ({"temporary_days_max": 31}, "allowed is 1 – 30"),
    ],
)
def test_limit_numbers_that_cannot_work_together_are_refused(overrides, why):
    with pytest.raises(ValueError, match=why):
        LimitPolicy(**overrides)
