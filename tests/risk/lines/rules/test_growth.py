"""The growth factor of a line: steps of bills, and their ceiling (LIMIT-10, LIMIT-11)."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.lines.rules import growth
from risk.lines.rules.growth import START, GrowthOutcome, GrowthStep
from risk.policy import LimitPolicy
from tests import profiles

POLICY = LimitPolicy()
UP, DOWN = Fraction(21, 20), Fraction(19, 20)
OPENED = date(2027, 3, 1)  # the year has a 29 February
gaps = st.integers(0, 120)
steps = st.sampled_from([UP, DOWN, Fraction(1), Fraction(23, 20), Fraction(17, 16)])
lives = st.lists(st.tuples(gaps, steps), max_size=30)


def replayed(life):
    history, on = [GrowthStep(OPENED, START)], OPENED
    for gap, step in life:
        on += timedelta(gap)
        history.append(GrowthStep(on, growth.grown(history, step, on=on, policy=POLICY)))
    return history


@pytest.mark.parametrize(
    ("outcome", "permille"),
    [(GrowthOutcome.IN_FULL, 1050), (GrowthOutcome.NEUTRAL, 1000), (GrowthOutcome.OVERDUE, 950)],
)
def test_a_bill_moves_growth_by_how_it_ended(outcome, permille):
    assert growth.step_permille(outcome, policy=POLICY) == permille


@pytest.mark.parametrize(
    ("days", "factor"),
    [(364, Fraction(23, 20)), (365, Fraction(483, 400)), (366, Fraction(483, 400))],
)
def test_the_window_is_365_days_also_in_a_leap_year(days, factor):
    full = replayed([(0, UP), (30, UP), (30, UP)])
    assert full[-1].factor == Fraction(23, 20)
    history = [GrowthStep(OPENED, UP), *full[2:]]

    # 1.05 as of the end of the day of opening counts from the 365th day on.
    on = OPENED + timedelta(days)
    assert growth.grown(history, UP, on=on, policy=POLICY) == factor


def test_the_last_step_of_a_day_is_that_of_its_end():
    history = [GrowthStep(OPENED, UP), GrowthStep(OPENED, UP * UP)]

    assert growth.factor_at(history, on=OPENED) == UP * UP
    assert growth.factor_at(history, on=OPENED - timedelta(1)) == 1


def test_a_rise_above_the_ceiling_changes_nothing():
    history = [GrowthStep(OPENED, DOWN), GrowthStep(OPENED + timedelta(1), Fraction(23, 20))]

    on = OPENED + timedelta(365)
    assert growth.ceiling(history, on=on, policy=POLICY) < Fraction(23, 20)
    assert growth.grown(history, UP, on=on, policy=POLICY) == Fraction(23, 20)


def test_a_fall_is_whole_and_is_recovered_up_to_the_ceiling():
    history = replayed([(30, UP), (30, DOWN), (30, UP), (30, UP), (30, UP)])

    assert [step.factor for step in history[1:]] == [
        UP, UP * DOWN, UP * DOWN * UP, UP * DOWN * UP * UP, Fraction(23, 20),
    ]  # fmt: skip


@profiles.pure
@given(lives)
def test_a_rise_ends_at_most_15_percent_above_a_year_before(life):
    history = replayed(life)

    for n, (before, after) in enumerate(pairwise(history), 1):
        if after.factor > before.factor:
            year_before = after.on - timedelta(365)
            assert after.factor <= Fraction(23, 20) * growth.factor_at(history[:n], on=year_before)


@profiles.pure
@given(lives)
def test_a_step_up_never_lowers_and_a_step_down_is_exact(life):
    history = replayed(life)

    for (before, after), (_gap, step) in zip(pairwise(history), life, strict=True):
        if step > 1:
            assert before.factor <= after.factor <= before.factor * step
        else:
            assert after.factor == before.factor * step


@profiles.pure
@given(lives)
def test_the_same_life_gives_the_same_factors(life):
    assert replayed(life) == replayed(list(life))


@pytest.mark.parametrize(
    ("is_overdue", "paid_on", "outcome"),
    [
        (False, OPENED, GrowthOutcome.IN_FULL),
        (False, OPENED + timedelta(1), GrowthOutcome.NEUTRAL),
        (False, None, GrowthOutcome.NEUTRAL),
        (True, OPENED, GrowthOutcome.OVERDUE),
    ],
)
def test_a_bill_counts_by_when_all_of_it_was_paid(is_overdue, paid_on, outcome):
    found = growth.outcome_of(is_overdue=is_overdue, paid_on=paid_on, due_on=OPENED)

    assert found == outcome


@pytest.mark.parametrize(
    ("outcome", "counted", "step"),
    [
        (GrowthOutcome.IN_FULL, None, UP),
        (GrowthOutcome.IN_FULL, GrowthOutcome.OVERDUE, UP / DOWN),
        (GrowthOutcome.OVERDUE, GrowthOutcome.IN_FULL, DOWN / UP),
        (GrowthOutcome.NEUTRAL, GrowthOutcome.NEUTRAL, Fraction(1)),
    ],
)
def test_a_corrected_outcome_replaces_the_counted_one(outcome, counted, step):
    assert growth.step_of(outcome, counted=counted, policy=POLICY) == step
