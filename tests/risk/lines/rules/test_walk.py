"""The way of a limit to its target, a day at a time (LIMIT-1, LIMIT-5, GEN-2)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.lines.rules.walk import WalkedLimit, WalkVerdict, line_target, next_day, resting_fen, walk
from risk.policy import LimitPolicy
from tests import profiles

POLICY = LimitPolicy()
KEEP, SUSPEND = WalkVerdict.KEEP, WalkVerdict.SUSPEND
limits = st.integers(5, 3000).map(lambda hundreds: hundreds * 10_000)
odd_limits = st.integers(50_000, 30_000_000)  # those of migrated lines
targets = st.fractions(0, 30_000_000, max_denominator=400)


@pytest.mark.parametrize(
    ("limit_fen", "target_fen", "following"),
    [
        (1_000_000, 1_000_000, WalkedLimit(1_000_000, KEEP)),
        (1_000_000, Fraction(10_099_999, 10), WalkedLimit(1_000_000, KEEP)),  # rises by nothing
        (1_000_000, Fraction(9_900_001, 10), WalkedLimit(1_000_000, KEEP)),  # falls by nothing
        (1_010_000, 9_000_000, WalkedLimit(1_210_000, KEEP)),  # 12,120 floored
        (1_010_000, 100_000, WalkedLimit(810_000, KEEP)),  # 8,080 ceiled
        (10_000_000, 30_000_000, WalkedLimit(12_000_000, KEEP)),
        (10_000_000, 100_000, WalkedLimit(8_000_000, KEEP)),
        (60_000, 50_000, WalkedLimit(50_000, KEEP)),
        (50_000, Fraction(499_999, 10), WalkedLimit(50_000, SUSPEND)),
        (60_000, 0, WalkedLimit(50_000, SUSPEND)),
        (1_000_000, 0, WalkedLimit(800_000, SUSPEND)),
        (1_234_567, 1_239_000, WalkedLimit(1_234_567, KEEP)),  # a rise never falls by its rounding
        (1_234_567, 1_231_000, WalkedLimit(1_234_567, KEEP)),  # a fall never rises by its rounding
        (1_234_567, 1_229_000, WalkedLimit(1_230_000, KEEP)),
    ],
)
def test_a_day_goes_towards_its_target(limit_fen, target_fen, following):
    found = next_day(limit_fen, target_fen, policy=POLICY)

    assert found == following
    assert type(found.limit_fen) is int


def test_a_fall_takes_its_days():
    assert [*walk(1_000_000, 300_000, policy=POLICY)] == [
        800_000, 640_000, 520_000, 420_000, 340_000, 300_000,
    ]  # fmt: skip


def test_where_nothing_changes_there_is_no_day():
    assert [*walk(1_000_000, 1_000_000, policy=POLICY)] == []


@profiles.pure
@given(odd_limits, targets)
def test_no_day_is_over_20_percent_or_out_of_range(limit_fen, target_fen):
    found = next_day(limit_fen, target_fen, policy=POLICY)

    assert 4 * limit_fen <= 5 * found.limit_fen <= 6 * limit_fen
    assert 50_000 <= found.limit_fen <= 30_000_000
    assert (found.verdict is SUSPEND) == (target_fen < 50_000)


@profiles.pure
@given(odd_limits, targets)
def test_a_day_never_passes_its_target_or_turns_back(limit_fen, target_fen):
    found = next_day(limit_fen, target_fen, policy=POLICY).limit_fen

    if target_fen > limit_fen:
        assert limit_fen <= found <= target_fen
    else:
        assert max(target_fen, 50_000) <= found <= limit_fen


@profiles.pure
@given(limits, limits)
def test_every_walk_of_whole_steps_arrives(limit_fen, target_fen):
    assert [limit_fen, *walk(limit_fen, target_fen, policy=POLICY)][-1] == target_fen


@profiles.pure
@given(limits | odd_limits, targets)
def test_the_walk_ends_where_it_rests(limit_fen, target_fen):
    *_, last_fen = [limit_fen, *walk(limit_fen, target_fen, policy=POLICY)]

    found_fen = resting_fen(limit_fen, target_fen, policy=POLICY)
    assert (found_fen, type(found_fen)) == (last_fen, int)


def test_a_target_rests_in_whole_steps_and_says_whether_it_is_below_the_lowest_limit():
    growth = Fraction(21, 20)

    found = line_target(1_400_000, Fraction(1_400_000), growth, cap_fen=30_000_000, policy=POLICY)
    little = line_target(100_000, Fraction(40_000), growth, cap_fen=30_000_000, policy=POLICY)
    most = line_target(100_000, Fraction(99_000_000), growth, cap_fen=30_000_000, policy=POLICY)

    assert found == (1_470_000, False)
    assert little == (50_000, True)
    assert most == (30_000_000, False)
