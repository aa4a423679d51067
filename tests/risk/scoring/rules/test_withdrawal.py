"""The preview of a withdrawn source: nothing is stored, the rest is renormalised (FAQ-3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.scoring.rules.score import Components, score
from risk.scoring.rules.withdrawal import Source, preview, without
from tests import profiles
from tests.risk.scoring.inputs import POLICY, components, uniform

GOOD = Components(*map(int, (80, 70, 60, 90, 100)))


@pytest.mark.parametrize(
    ("source", "then"),
    [(Source.SOCIAL, 736), (Source.WEALTH, 747), (Source.CONSUMPTION, 711)],
)
def test_the_score_may_rise_or_fall_without_a_source(source, then):
    found = preview(GOOD, source, policy=POLICY)

    assert (found.now.total, found.then.total, found.stops_scoring) == (724, then, False)


@pytest.mark.parametrize("source", [Source.PAYMENT, Source.BUREAU])
def test_without_payment_or_bureau_scoring_stops(source):
    found = preview(uniform(90), source, policy=POLICY)

    assert (found.then.total, found.then.plans, found.stops_scoring) == (None, (), True)


def test_each_source_has_a_component_of_its_own():
    left = [without(uniform(90), source) for source in Source]

    assert sorted(one.index(None) for one in left) == [0, 1, 2, 3, 4]


@profiles.pure
@given(components, st.sampled_from(Source))
def test_a_preview_is_the_score_after_the_withdrawal(found, source):
    assert preview(found, source, policy=POLICY).then == score(
        without(found, source), policy=POLICY
    )
