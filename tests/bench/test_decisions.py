"""The rules of an assessment and the bare loop beside them compute the same."""

from tests.bench import decisions


def test_the_bare_loop_decides_as_the_rules_do():
    total, _grade, rate_ppm, limit_fen = decisions.assessment()

    assert (total, rate_ppm, limit_fen) == decisions.bare() == (650, 350, 2_710_000)
