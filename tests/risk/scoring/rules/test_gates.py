"""Gates besides the score: each failed one with its facts (ELIG-11, SCORE-9, SCORE-11)."""

import pytest

from risk.scoring.rules.gates import FailedGate, GateCode, failed_gates
from risk.scoring.rules.score import NOT_SCORABLE, graded
from tests.risk.scoring.inputs import POLICY

GOOD = graded(700, policy=POLICY)


def failed(codes, score=GOOD):
    return failed_gates(codes, score, policy=POLICY)


@pytest.mark.parametrize("codes", ["", "N", "3", 24 * "3", "N*#C12", "4" + 24 * "N"])
def test_up_to_90_days_or_more_than_24_months_ago_does_not_refuse(codes):
    assert failed(codes) == ()


@pytest.mark.parametrize("code", "4567BDZG")
def test_more_than_90_days_or_a_loss_refuses(code):
    assert failed(code + 23 * "N") == (
        FailedGate(
            GateCode.OVERDUE_HISTORY, {"months": 1, "months_ago": 24, "status": code}
        ),
    )  # fmt: skip


def test_the_latest_of_several_months_is_named():
    [gate] = failed("4N5N")

    assert gate.facts == {"months": 2, "months_ago": 2, "status": "5"}


def test_a_score_below_every_grade_refuses():
    assert failed("N", graded(500, policy=POLICY)) == ()
    assert failed("N", graded(499, policy=POLICY)) == (
        FailedGate(GateCode.LOW_SCORE, {"total": 499, "total_min": 500}),
    )


def test_every_gate_that_fails_is_named():
    assert [gate.code for gate in failed("7", NOT_SCORABLE)] == [
        GateCode.OVERDUE_HISTORY, GateCode.NOT_SCORABLE,
    ]  # fmt: skip
