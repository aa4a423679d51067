"""Accuracy and false acceptance: what a number of cases can show, and what it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.identity.rules.evaluation import (
    PPB,
    Case,
    CheckAnswer,
    Label,
    Measured,
    accepted_bound_ppb,
    accuracy_ppm,
    measure,
)
from tests.profiles import pure

LIMIT_PPB = 100_000  # 0.01 %


def attacks(accepted, of):
    return Measured(cases=of, right=of - accepted, attacks=of, accepted_attacks=accepted)


def test_cases_are_counted_by_what_they_were_and_what_was_answered():
    cases = [
        Case(Label.GENUINE, CheckAnswer.ACCEPTED),
        Case(Label.GENUINE, CheckAnswer.REFUSED),
        Case(Label.ATTACK, CheckAnswer.REFUSED),
        Case(Label.ATTACK, CheckAnswer.ACCEPTED),
        Case(Label.ATTACK, CheckAnswer.REFUSED),
    ]

    assert measure(cases) == Measured(cases=5, right=3, attacks=3, accepted_attacks=1)


def test_accuracy_is_floored():
    assert accuracy_ppm(Measured(3, 2, 0, 0)) == 666_666
    assert accuracy_ppm(Measured(0, 0, 0, 0)) == 0


# 1 - 0.05 ** (1 / n) for none accepted; the others from tables of the exact binomial bound.
@pytest.mark.parametrize(
    ("accepted", "of", "bound_ppb"),
    [(0, 30_000, 99_853), (0, 1, 950_000_001), (0, 10, 258_865_554), (1, 10, 394_163_310),
     (5, 10, 777_558_913), (10, 10, PPB), (0, 0, PPB)],
)  # fmt: skip
def test_the_bound_is_the_exact_one(accepted, of, bound_ppb):
    assert accepted_bound_ppb(attacks(accepted, of)) == pytest.approx(bound_ppb, abs=200)


def test_so_many_attacks_and_no_fewer_show_what_is_promised():
    assert accepted_bound_ppb(attacks(0, 29_957)) < LIMIT_PPB
    assert accepted_bound_ppb(attacks(0, 29_956)) >= LIMIT_PPB
    assert accepted_bound_ppb(attacks(1, 30_000)) >= LIMIT_PPB


@pure
@given(st.integers(1, 2_000), st.data())
def test_the_bound_lies_above_the_rate_and_grows_with_it(of, data):
    accepted = data.draw(st.integers(0, of - 1))

    bound = accepted_bound_ppb(attacks(accepted, of))

    assert accepted * PPB // of < bound <= accepted_bound_ppb(attacks(accepted + 1, of))
