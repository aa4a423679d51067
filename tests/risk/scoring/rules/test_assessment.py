"""The score of everything known of a customer: repeatable, and silent where consent is missing."""

from copy import deepcopy

import pytest
from hypothesis import given

from risk.scoring.rules.assessment import assess
from risk.scoring.rules.components import UnknownCodeError
from tests import profiles
from tests.risk.scoring.inputs import ORDINARY, POLICY, inputs


def test_an_ordinary_customer_has_a_score():
    found = assess(ORDINARY, policy=POLICY)

    assert (found.score.total, found.score.grade, found.score.rate_ppm) == (650, "BBB", 350)
    assert len(found.sub_scores) == 12
    assert None not in found.components


@pytest.mark.parametrize(
    ("given_up", "component"),
    [("friends", "social"), ("holdings", "wealth"), ("spending", "consumption")],
)
def test_a_withdrawn_source_leaves_its_component_out(given_up, component):
    found = assess(ORDINARY._replace(**{given_up: None}), policy=POLICY)

    assert getattr(found.components, component) is None
    assert found.score.total is not None


@pytest.mark.parametrize("given_up", ["counts", "codes"])
def test_without_payments_or_bureau_there_is_no_score(given_up):
    assert assess(ORDINARY._replace(**{given_up: None}), policy=POLICY).score.total is None


def test_a_thin_file_is_scored():
    assert assess(ORDINARY._replace(codes=""), policy=POLICY).components.performance == 100


def test_a_code_that_is_not_defined_is_refused():
    with pytest.raises(UnknownCodeError):
        assess(ORDINARY._replace(codes="X"), policy=POLICY)


@profiles.pure
@given(inputs)
def test_the_same_inputs_give_the_same_score(found):
    assert assess(deepcopy(found), policy=POLICY) == assess(found, policy=POLICY)
