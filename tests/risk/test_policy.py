"""The product numbers of limits and what they refuse."""

import pytest

from risk.policy import RiskPolicy


def test_the_buffer_is_the_rulebooks():
    assert RiskPolicy().buffer_permille == 150


@pytest.mark.parametrize("buffer_permille", [0, 1, 999, 1000])
def test_a_buffer_is_a_share_of_the_limit(buffer_permille):
    assert RiskPolicy(buffer_permille=buffer_permille).buffer_permille == buffer_permille


@pytest.mark.parametrize("buffer_permille", [-1, 1001])
def test_a_buffer_below_nothing_or_above_the_limit_is_refused(buffer_permille):
    with pytest.raises(ValueError, match="allowed is 0 – 1000"):
        RiskPolicy(buffer_permille=buffer_permille)
