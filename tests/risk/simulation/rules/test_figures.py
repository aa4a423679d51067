"""Figures of a simulation: every line counted once, sums exact, parts merged in any cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.decisions.rules.decision import DecisionVerdict
from risk.simulation.rules import figures
from risk.simulation.rules.figures import SimulationFigures
from risk.simulation.rules.moves import DecisionMove, LineMove, MoveReason, applicant_move
from tests.profiles import pure

amounts = st.integers(0, 30_000_000)
UP, DOWN, SAME = MoveReason.RAISED, MoveReason.LOWERED, MoveReason.UNCHANGED


def move(line_id, before_fen, after_fen, **other):
    return LineMove(line_id, line_id, before_fen, after_fen, UP, **other)


@pytest.mark.parametrize(
    ("after_fen", "bucket"),
    [
        (0, 0), (50_000, 0), (50_001, 1), (80_000, 1), (80_001, 2), (90_000, 2), (95_000, 3),
        (99_999, 4), (100_000, 5), (100_001, 6), (105_000, 6), (105_001, 7), (110_000, 7),
        (120_000, 8), (150_000, 9), (150_001, 10), (900_000, 10),
    ],
)  # fmt: skip
def test_a_change_is_in_the_bucket_of_its_percent(after_fen, bucket):
    assert figures.bucket_of(100_000, after_fen) == bucket


def test_what_was_nothing_before_is_in_the_last_bucket():
    assert figures.bucket_of(0, 10_000) == figures.BUCKETS - 1
    assert figures.bucket_of(0, 0) == figures.UNCHANGED_BUCKET


def test_lines_are_counted_by_their_target_and_beside_it():
    moves = [
        move(1, 100, 200),
        move(2, 100, 50, is_below=True),
        move(3, 100, 100, was_below=True),
        LineMove(None, 9, 0, 0, SAME),
    ]

    found = figures.of_moves(moves)

    assert (found.lines, found.raised, found.lowered, found.unchanged) == (3, 1, 1, 1)
    assert (found.suspended, found.resumed, found.applicants) == (1, 1, 1)
    assert (found.before_fen, found.after_fen, sum(found.buckets)) == (300, 350, 3)
    assert (found.bucket_fen[0], found.bucket_fen[-1], sum(found.bucket_fen)) == (-50, 100, 50)
    assert [row["line"] for row in found.movers] == [1, 2]


def test_decisions_are_counted_by_verdict_and_grade():
    out = DecisionMove(DecisionVerdict.APPROVED, DecisionVerdict.REFUSED, "C", "")
    better = DecisionMove(DecisionVerdict.APPROVED, DecisionVerdict.APPROVED, "B", "A")
    same = DecisionMove(DecisionVerdict.APPROVED, DecisionVerdict.APPROVED, "B", "B")
    moves = [
        move(1, 1, 1, decision=out),
        move(2, 1, 1, decision=better),
        move(3, 1, 1),
        move(4, 1, 1, decision=same),
    ]

    found = figures.of_moves(moves)

    assert (found.refused, found.approved, found.grade_up, found.grade_down) == (1, 0, 1, 1)
    assert found.grades == {"B > A": 1, "C > -": 1}


def test_who_goes_out_or_changes_grade_is_named_without_a_move_of_the_target():
    approved, refused = DecisionVerdict.APPROVED, DecisionVerdict.REFUSED
    same = DecisionMove(approved, approved, "B", "B")
    better = DecisionMove(approved, approved, "B", "A")
    gone = applicant_move(9, DecisionMove(approved, refused, "C", ""))
    moves = [
        move(1, 5, 5, decision=same),
        move(2, 5, 5, decision=better),
        move(3, 5, 6, decision=better),
        gone,
    ]

    found = figures.merged([figures.of_moves(moves[:2]), figures.of_moves(moves[2:])]).outcomes

    assert [(one["line"], one["customer"], one["reason"]) for one in found] == [
        (None, 9, "refused"), (2, 2, "raised"),
    ]  # fmt: skip
    assert (found[1]["grade_before"], found[1]["grade_after"]) == ("B", "A")


def test_only_the_largest_moves_are_listed_and_equal_ones_in_order():
    moves = [move(n, 1000, 1000 + (n % 5)) for n in range(1, 101)]

    found = figures.of_moves(moves).movers

    assert [row["line"] for row in found] == list(range(4, 100, 5))[: figures.MOVERS_MAX]


@pure
@given(st.lists(st.tuples(amounts, amounts), max_size=60), st.integers(1, 20))
def test_parts_merge_to_the_figures_of_the_whole(pairs, size):
    moves = [move(n, *pair) for n, pair in enumerate(pairs, 1)]
    parts = [figures.of_moves(moves[n : n + size]) for n in range(0, len(moves), size)]

    whole = figures.merged(parts)

    assert whole == figures.of_moves(moves)
    assert sum(whole.bucket_fen) == whole.after_fen - whole.before_fen
    assert whole.raised + whole.lowered + whole.unchanged == sum(whole.buckets) == len(pairs)


def test_figures_are_stored_and_read_again():
    found = figures.of_moves([move(1, 100, 200)])

    assert SimulationFigures.from_json(found.as_json()) == found


def test_what_changes_is_listed_in_full():
    better = DecisionMove(DecisionVerdict.APPROVED, DecisionVerdict.APPROVED, "B", "A")
    moves = [move(1, 100, 70), move(2, 5, 5, decision=better)]

    found = figures.of_moves(moves)

    assert found.movers == [
        {"line": 1, "customer": 1, "before_fen": 100, "after_fen": 70, "reason": "raised"}
    ]
    assert found.outcomes == [
        {"line": 2, "customer": 2, "before_fen": 5, "after_fen": 5, "reason": "raised",
         "grade_before": "B", "grade_after": "A", "grade_steps": 3},
    ]  # fmt: skip


def test_a_line_that_was_and_stays_below_the_minimum_is_neither_suspended_nor_resumed():
    found = figures.of_moves([move(1, 1, 1, was_below=True, is_below=True), move(2, 1, 1)])

    assert (found.suspended, found.resumed, found.unchanged) == (0, 0, 2)


def test_parts_with_other_buckets_are_refused():
    part = figures.of_moves([move(1, 100, 200)])

    with pytest.raises(ValueError, match="shorter"):
        figures.merged([SimulationFigures.from_json(part.as_json() | {"buckets": [0]})])
    with pytest.raises(ValueError, match="shorter"):
        figures.merged([SimulationFigures.from_json(part.as_json() | {"bucket_fen": [0]})])


def test_a_verdict_weighs_more_than_any_number_of_grades():
    approved, refused = DecisionVerdict.APPROVED, DecisionVerdict.REFUSED
    best = DecisionMove(approved, approved, "C", "AAA")
    moves = [
        move(1, 5, 5, decision=best),
        applicant_move(8, DecisionMove(refused, approved, "", "C")),
        applicant_move(9, DecisionMove(approved, refused, "C", "")),
    ]

    found = figures.of_moves(moves)

    assert [(one["customer"], one["reason"]) for one in found.outcomes][:2] == [
        (8, "approved"), (9, "refused"),
    ]  # fmt: skip
    assert found.outcomes[2]["customer"] == 1
    assert (found.approved, found.refused, found.applicants) == (1, 1, 2)
