"""A score in parts: the weakest, points that sum, deltas that sum (FAQ-2, FAQ-6)."""

import re

import pytest
from hypothesis import given

from risk.scoring.rules import explanation
from risk.scoring.rules.assessment import assess
from risk.scoring.rules.components import Component
from risk.scoring.rules.score import Components, score
from risk.scoring.rules.smallest_change import NONE_WITHIN_REACH, WORDS
from tests import profiles
from tests.risk.scoring.inputs import ORDINARY, POLICY, components, inputs, uniform


@pytest.mark.parametrize(
    ("values", "weakest"),
    [
        ((80, 70, 60, 90, 100), (Component.WEALTH, Component.SOCIAL)),
        ((80, None, 60, 90, 100), (Component.WEALTH, Component.PAYMENT)),
        ((50, 50, 50, 50, 50), (Component.PAYMENT, Component.SOCIAL)),
        ((50, None, None, None, 10), (Component.PERFORMANCE, Component.PAYMENT)),
    ],
)
def test_the_two_weakest_components_are_named(values, weakest):
    assert explanation.weakest(Components(*values)) == weakest


def test_points_of_components_are_whole():
    found = explanation.component_points(Components(80, 70, 60, 90, 100), policy=POLICY)

    assert found == {
        Component.PAYMENT: 132, Component.SOCIAL: 96, Component.WEALTH: 66,
        Component.CONSUMPTION: 75, Component.PERFORMANCE: 55,
    }  # fmt: skip


@profiles.pure
@given(components)
def test_points_of_components_sum_to_the_score(found):
    points = explanation.component_points(found, policy=POLICY)

    assert 300 + sum(points.values()) == score(found, policy=POLICY).total


@profiles.pure
@given(inputs)
def test_points_of_indicators_sum_to_those_of_payment(found):
    scored = assess(found, policy=POLICY)

    points = explanation.indicator_points(scored, policy=POLICY)
    of_payment = explanation.component_points(scored.components, policy=POLICY)[Component.PAYMENT]
    assert sum(points.values()) == of_payment
    assert min(points.values()) >= 0


def test_an_indicator_has_its_share_of_the_points():
    points = explanation.indicator_points(assess(ORDINARY, policy=POLICY), policy=POLICY)

    assert list(points.values()) == [17, 16, 9, 11, 15, 9, 10, 9, 9, 13, 7, 10]


@profiles.pure
@given(components, components)
def test_deltas_sum_to_the_difference_of_the_scores(before, after):
    found = explanation.deltas(before, after, policy=POLICY)

    totals = [score(one, policy=POLICY).total for one in (before, after)]
    assert sum(delta.points for delta in found) == totals[1] - totals[0]
    sizes = [abs(delta.points) for delta in found]
    assert sizes == sorted(sizes, reverse=True)


def test_a_score_with_no_points_has_none_anywhere():
    assert set(explanation.component_points(uniform(0), policy=POLICY).values()) == {0}


# Verbs and goods of advice; the note that there is none is the exception (FAQ-2).
ADVICE = re.compile(r"\b(?:buy|purchase|invest|should|must|increase|add|recommend|fund)", re.I)


def test_words_are_neutral_and_complete():
    words = [*explanation.WHAT_COUNTS.values(), *WORDS.values(), NONE_WITHIN_REACH]

    assert {*explanation.WHAT_COUNTS} == {*Component}
    assert [text for text in words if ADVICE.search(text)] == []
    assert "no advice to buy" in explanation.NEUTRAL_NOTE


def test_where_no_indicator_has_a_sub_score_none_has_points():
    counts = ORDINARY.counts._replace(
        payments=0, outgoing_fen=900, active_days=0, merchants=0, utility_payments=0, failed=1,
        tried=1, inflow_of_months_fen=(0,) * 6, inflow_fen=0, months_of_use=0, large_payments=9,
    )  # fmt: skip
    scored = assess(ORDINARY._replace(counts=counts), policy=POLICY)
    nothing = scored._replace(sub_scores=((0, 1),) * 12)

    found = explanation.indicator_points(nothing, policy=POLICY)

    assert len(found) == 12
    assert {*found.values()} == {0}


def test_deltas_name_both_sides_and_the_greatest_change_comes_first():
    before, after = Components(80, 70, 60, 90, 100), Components(80, 70, 90, 60, 100)

    found = explanation.deltas(before, after, policy=POLICY)

    assert [(one.component, one.before, one.after, one.points) for one in found] == [
        (Component.WEALTH, 66, 99, 33),
        (Component.CONSUMPTION, 75, 50, -25),
        (Component.PAYMENT, 132, 132, 0),
        (Component.SOCIAL, 96, 96, 0),
        (Component.PERFORMANCE, 55, 55, 0),
    ]


def test_points_need_a_sub_score_for_each_indicator():
    scored = assess(ORDINARY, policy=POLICY)

    for sub_scores, problem in [
        (scored.sub_scores[:-1], "shorter"), ((*scored.sub_scores, (1, 1)), "longer"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=problem):
            explanation.indicator_points(scored._replace(sub_scores=sub_scores), policy=POLICY)
