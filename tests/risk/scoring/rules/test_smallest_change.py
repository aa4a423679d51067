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
