"""Social, wealth, performance and consumption: exact points (SCORE-4 to SCORE-7)."""

from fractions import Fraction

import pytest
from hypothesis import given

from risk.scoring.rules import components as parts
from risk.scoring.rules.components import Friends, Holdings, Spending, UnknownCodeError
from tests import profiles
from tests.risk.scoring.inputs import POLICY, spendings


@pytest.mark.parametrize(
    ("friends", "points"),
    [
        (Friends(0, 0, 0, 0, 0), 0),
        (Friends(1, 1, 1, 1, 0), "37/10"),
        (Friends(0, 0, 100, 0, 0), 20),
        (Friends(0, 0, 101, 0, 0), 20),
        (Friends(50, 0, 0, 0, 0), 100),
        (Friends(60, 0, 0, 0, 3), 100),  # 120 less 15: clamped at the end
        (Friends(1, 0, 0, 0, 1), 0),
    ],
)
def test_friends_count_by_what_connects_them(friends, points):
    assert parts.social(friends, policy=POLICY) == Fraction(points)


@pytest.mark.parametrize(
    ("holdings", "points"),
    [
        (Holdings(0, 0, 1, 0), 0),
        (Holdings(365, 0, 1, 0), 80),
        (Holdings(9_999, 1, 1, 0), 100),
        (Holdings(1, 0, 1, 0), "16/73"),
        (Holdings(365, 0, 1, 4), 80),
        (Holdings(365, 0, 1, 5), 72),
        (Holdings(10, 0, 1, 50), 0),
        (Holdings(0, 0, 0, 0), 20),  # a known income of zero is covered
        (Holdings(0, 9_999_999, None, 0), 0),  # an unknown one is not
        (Holdings(365, 5, 5, 7), 76),
    ],
)
def test_holdings_count_by_stability(holdings, points):
    assert parts.wealth(holdings, policy=POLICY) == Fraction(points)


@pytest.mark.parametrize(
    ("codes", "own_codes", "points"),
    [
        ("", "", 100),
        ("N*#CM", "", 100),
        ("1", "1", 80),
        ("123", "", 0),
        ("13", "", 30),
        ("11111111111", "", 0),
        ("B", "", 0), ("D", "", 0), ("Z", "", 0), ("G", "", 0), ("N7", "", 0), ("", "4", 0),
        ("4" + 24 * "N", "", 100),  # older than 24 months
        ("4" + 23 * "N", "", 0),
        ("1" + 24 * "N", "2" + 23 * "N", 70),
    ],
)  # fmt: skip
def test_delays_of_24_months_take_points(codes, own_codes, points):
    assert parts.performance(codes, own_codes, policy=POLICY) == points


@pytest.mark.parametrize("codes", ["8", "n", "N N", "４"])
def test_a_code_that_is_not_defined_is_refused(codes):
    with pytest.raises(UnknownCodeError):
        parts.performance(codes, policy=POLICY)
    with pytest.raises(UnknownCodeError):
        parts.performance("", codes, policy=POLICY)


@pytest.mark.parametrize(
    ("living", "total", "points"),
    [(0, 0, 0), (0, 1, 0), (60, 100, 80), (61, 100, "161/2"), (1, 1, 100), (3, 10, 40)],
)
def test_everyday_spending_counts_up_to_80_and_above_60_percent_more(living, total, points):
    assert parts.consumption(Spending(living, total), policy=POLICY) == Fraction(points)


@profiles.pure
@given(spendings())
def test_more_everyday_spending_never_scores_less(spending):
    found = parts.consumption(spending, policy=POLICY)

    assert 0 <= found <= 100
    if spending.living_fen < spending.total_fen:
        more = spending._replace(living_fen=spending.living_fen + 1)
        assert parts.consumption(more, policy=POLICY) > found


@pytest.mark.parametrize(
    ("value", "shown"), [("1/3", 33), ("2/3", 67), ("1/200", 1), (100, 10_000)]
)
def test_a_component_is_shown_half_up_to_a_hundredth(value, shown):
    assert parts.hundredths(Fraction(value)) == shown
