"""The rules of an assessment and the bare loop beside them compute the same."""

import json

from tests.bench import decisions


def test_the_bare_loop_decides_as_the_rules_do():
    total, _grade, rate_ppm, limit_fen = decisions.assessment()

    assert (total, rate_ppm, limit_fen) == decisions.bare() == (650, 350, 2_710_000)


def test_the_whole_decision_comes_to_the_score_of_the_rules():
    _inputs, result = json.loads(decisions.decision())

    # A tenure is counted up to 24 months: that is full already.
    assert (result["verdict"], result["score"]) == ("approved", decisions.assessment()[0])
