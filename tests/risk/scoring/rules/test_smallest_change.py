"""The smallest change that would have reached a score: scored again, or none (FAQ-2)."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.scoring.rules.assessment import assess
from risk.scoring.rules.smallest_change import (
    WORDS,
    InputChange,
    Lever,
    SmallestChange,
    _apply,
    _levers,
    smallest_change,
)
from tests import profiles
from tests.risk.scoring.inputs import ORDINARY, POLICY, inputs


def found(total_min, given_inputs=ORDINARY):
    return smallest_change(given_inputs, total_min=total_min, policy=POLICY)


def test_a_score_that_suffices_needs_no_change():
    assert found(650) == SmallestChange((), 650)


def test_one_input_may_suffice():
    assert found(654) == SmallestChange((InputChange(Lever.MOVES, 6, 5),), 659)


def test_two_inputs_come_where_one_does_not_suffice():
    change = found(670)

    assert len(change.changes) == 2
    assert change.total >= 670


@pytest.mark.parametrize(
    ("total_min", "changes", "reached"),
    [
        (651, [(Lever.UTILITY_PAYMENTS, 9, 10)], 652),
        (668, [(Lever.MOVES, 6, 4)], 668),
        (669, [(Lever.UTILITY_PAYMENTS, 9, 10), (Lever.MOVES, 6, 4)], 669),
        (670, [(Lever.LARGE_PAYMENTS, 2, 1), (Lever.MOVES, 6, 4)], 670),
        (672, [(Lever.LARGE_PAYMENTS, 2, 0), (Lever.MOVES, 6, 4)], 672),
    ],
)
def test_one_input_comes_before_two_and_fewer_steps_before_more(total_min, changes, reached):
    assert found(total_min) == SmallestChange(
        tuple(InputChange(*change) for change in changes), reached
    )


def test_the_last_score_within_reach_is_reached():
    assert found(672) is not None
    assert found(673) is None


def test_steps_are_a_twentieth_or_so_of_what_is_and_never_pass_the_best():
    many = ORDINARY._replace(
        counts=ORDINARY.counts._replace(failed=400, refunds=39, night_payments=40)
    )

    ranges = [tuple(one) for one in _levers(many, policy=POLICY)]

    assert ranges == [
        (Lever.UTILITY_PAYMENTS, 9, 1, 12),
        (Lever.FAILED, 400, -20, 0),
        (Lever.REFUNDS, 39, -1, 0),
        (Lever.LARGE_PAYMENTS, 2, -1, 0),
        (Lever.NIGHT_PAYMENTS, 40, -2, 0),
        (Lever.ACTIVE_DAYS, 83, 5, 90),
        (Lever.MERCHANTS, 29, 2, 30),
        (Lever.MOVES, 6, -1, 4),
    ]
    assert [one.steps_max for one in _levers(many, policy=POLICY)] == [3, 20, 20, 2, 20, 2, 1, 2]
    assert [one.at(2).then for one in _levers(many, policy=POLICY)] == [
        11, 360, 37, 0, 36, 90, 30, 4,
    ]  # fmt: skip


def test_what_is_at_its_best_is_no_lever():
    best = ORDINARY._replace(
        counts=ORDINARY.counts._replace(
            utility_payments=13, failed=0, refunds=0, large_payments=0, night_payments=0,
            active_days=20, merchants=20, payments=20,
        ),
        holdings=ORDINARY.holdings._replace(moves=4),
    )  # fmt: skip

    assert list(_levers(best, policy=POLICY)) == []
    without = best._replace(counts=None, holdings=None)
    assert list(_levers(without, policy=POLICY)) == []


def test_what_no_two_inputs_reach_is_none():
    assert found(720) is None


@pytest.mark.parametrize("given_up", ["counts", "codes"])
def test_where_no_score_is_computed_none_is_within_reach(given_up):
    assert found(500, ORDINARY._replace(**{given_up: None})) is None


def test_every_lever_has_words():
    assert {*WORDS} == {*Lever}
    assert all("{now}" in text and "{then}" in text for text in WORDS.values())


def total(given_inputs):
    return assess(given_inputs, policy=POLICY).score.total


@settings(profiles.pure, max_examples=25)
@given(inputs, st.integers(1, 40))
def test_a_change_reaches_the_score_and_nothing_smaller_does(given_inputs, missing):
    total_min = total(given_inputs) + missing
    change = found(total_min, given_inputs)
    singles = [
        (steps, _apply(given_inputs, [lever.at(steps)]))
        for lever in _levers(given_inputs, policy=POLICY)
        for steps in range(1, lever.steps_max + 1)
    ]
    suffice = [steps for steps, changed in singles if total(changed) >= total_min]

    if change is None:
        assert suffice == []
        return
    changed = _apply(given_inputs, list(change.changes))
    assert total(changed) == change.total >= total_min
    assert (len(change.changes) == 1) == bool(suffice)
    if suffice:
        levers = {lever.lever: lever for lever in _levers(given_inputs, policy=POLICY)}
        [one] = change.changes
        assert levers[one.lever].at(min(suffice)) == one


@settings(profiles.pure, max_examples=10)
@given(inputs, st.integers(1, 40))
def test_of_two_inputs_the_fewest_steps_are_taken(given_inputs, missing):
    total_min = total(given_inputs) + missing
    change = found(total_min, given_inputs)
    if change is None or len(change.changes) == 1:
        return
    first, second = (
        next(one for one in _levers(given_inputs, policy=POLICY) if one.lever is part.lever)
        for part in change.changes
    )
    steps = [
        a + b
        for a, b in product(range(1, first.steps_max + 1), range(1, second.steps_max + 1))
        if total(_apply(given_inputs, [first.at(a), second.at(b)])) >= total_min
    ]
    taken = [
        next(n for n in range(1, one.steps_max + 1) if one.at(n) == part)
        for one, part in zip((first, second), change.changes, strict=True)
    ]

    assert sum(taken) == min(steps)
