"""What a draft does to one line: targets by the rules, and the reason that weighs most."""

from dataclasses import replace
from fractions import Fraction

import pytest

from risk.decisions.rules.decision import DecisionVerdict
from risk.lines.rules.grant import Asset, AssetKind, Capacity
from risk.policy import LimitPolicy, ScoringPolicy
from risk.simulation.rules import moves
from risk.simulation.rules.moves import DecisionMove, MoveReason, SimulatedLine, SimulatedNumbers
from tests.bench.decisions import FROZEN

NOW = SimulatedNumbers(ScoringPolicy(), LimitPolicy(), 30_000_000)
# 7,000.00 a month, twice that, by a growth factor of 1.05.
LINE = SimulatedLine(1, 7, 1_470_000, Fraction(21, 20), Capacity(700_000, 1000, (), 1000), None)
APPROVED, REFUSED, REVIEW = (
    DecisionVerdict.APPROVED, DecisionVerdict.REFUSED, DecisionVerdict.MANUAL_REVIEW,
)  # fmt: skip


def under(**limits):
    return NOW._replace(limits=replace(NOW.limits, **limits))


def move(line=LINE, *, after, **other):
    return moves.line_move(line, NOW, after, **other)


def test_a_larger_multiple_raises_the_target_in_whole_steps():
    found = move(after=under(income_permille=2200))

    # 7,000 x 2.2 x 1.05 = 16,170 yuan, floored to 100.
    assert (found.before_fen, found.after_fen) == (1_470_000, 1_610_000)
    assert found.reason is MoveReason.RAISED


def test_a_smaller_multiple_lowers_the_target_and_rounds_up():
    found = move(after=under(income_permille=1500))

    # 7,000 x 1.5 x 1.05 = 11,025 yuan, ceiled to 100.
    assert (found.after_fen, found.reason) == (1_110_000, MoveReason.LOWERED)


def test_the_lender_s_cap_is_a_number_of_the_draft():
    found = move(after=NOW._replace(cap_fen=1_000_000))

    assert (found.after_fen, found.reason) == (1_000_000, MoveReason.LOWERED)


def test_a_house_counts_by_the_numbers_of_each_side():
    house = LINE._replace(
        capacity=LINE.capacity._replace(assets=(Asset(AssetKind.HOUSE, "h"),)), growth=Fraction(1)
    )

    found = move(house, after=under(house_percent=20))

    assert (found.before_fen, found.after_fen) == (1_610_000, 1_680_000)


def test_below_the_lowest_limit_the_line_is_suspended_and_above_it_no_longer():
    higher = under(limit_min_fen=1_000_000)
    little = LINE._replace(limit_fen=1_000_000, capacity=Capacity(400_000, 1000, (), 1000))

    down, up = move(little, after=higher), moves.line_move(little, higher, NOW)

    assert (down.reason, down.is_below, down.was_below) == (MoveReason.SUSPENDED, True, False)
    assert (up.reason, up.is_below, up.was_below) == (MoveReason.RESUMED, False, True)


def test_a_limit_that_a_person_decided_stays():
    found = move(LINE._replace(agreed=Fraction(1_400_000)), after=under(income_permille=3000))

    assert (found.before_fen, found.after_fen) == (1_470_000, 1_470_000)
    assert found.reason is MoveReason.AGREED


def test_a_line_without_inputs_has_the_model_part_it_was_given_or_none():
    given = LINE._replace(capacity=None, agreed=Fraction(2_000_000))
    none = LINE._replace(capacity=None, agreed=None)

    assert move(given, after=under(income_permille=3000)).after_fen == 2_100_000
    assert move(none, after=under(income_permille=3000)).reason is MoveReason.NO_MODEL
    assert move(none, after=under(income_permille=3000)).after_fen == 1_470_000


def test_a_decision_is_made_again_from_its_frozen_inputs():
    same = moves.decision_move(FROZEN, NOW, NOW)
    stricter = NOW._replace(
        scoring=replace(
            NOW.scoring, **{f"grade_{g}_min": 843 + n for n, g in enumerate(reversed(GRADES))}
        )
    )

    changed = moves.decision_move(FROZEN, NOW, stricter)

    assert (same.verdict_before, same.grade_before) == (APPROVED, same.grade_after)
    assert not (same.is_in or same.is_out or same.grade_steps)
    assert (changed.verdict_after, changed.grade_after, changed.is_out) == (REFUSED, "", True)
    assert changed.grade_steps < 0


GRADES = ("aaa", "aa", "a", "bbb", "bb", "b", "c")


@pytest.mark.parametrize(
    ("before", "after", "is_in", "is_out"),
    [
        (APPROVED, REFUSED, False, True),
        (REVIEW, REFUSED, False, True),
        (REFUSED, APPROVED, True, False),
        (REFUSED, REVIEW, True, False),
        (APPROVED, REVIEW, False, False),
        (REFUSED, REFUSED, False, False),
    ],
)
def test_in_and_out_are_moves_across_a_refusal(before, after, is_in, is_out):
    found = DecisionMove(before, after, "A", "A")

    assert (found.is_in, found.is_out) == (is_in, is_out)


def test_a_decision_weighs_more_than_the_limit():
    out = DecisionMove(APPROVED, REFUSED, "C", "")

    assert move(after=under(income_permille=3000), decision=out).reason is MoveReason.REFUSED
    assert moves.applicant_move(7, DecisionMove(REFUSED, APPROVED, "", "C")) == (
        None, 7, 0, 0, MoveReason.APPROVED, False, False, (REFUSED, APPROVED, "", "C"),
    )  # fmt: skip


def test_grades_are_counted_in_steps():
    assert DecisionMove(APPROVED, APPROVED, "BBB", "A").grade_steps == 1
    assert DecisionMove(APPROVED, REFUSED, "C", "").grade_steps == -1
