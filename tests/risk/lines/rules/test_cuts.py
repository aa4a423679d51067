"""Which changes cut a limit, and by when a person looks at one (LAW-18)."""

from datetime import UTC, datetime, timedelta

import pytest

from risk.lines.rules import cuts
from risk.lines.rules.cuts import TargetChange
from risk.policy import AssessmentPolicy

POLICY = AssessmentPolicy()
AT = datetime(2026, 11, 24, 7, tzinfo=UTC)
FIRST = TargetChange(0, 14_000, 14_000, "limit-granted")


def step(old, new, target):
    return TargetChange(old, new, target, "limit-walked")


def aim(limit, target, reason="limit-new-inputs"):
    return TargetChange(limit, limit, target, reason)


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ([], []),
        ([aim(14_000, 16_000), step(14_000, 16_000, 16_000)], [None, None]),
        ([aim(14_000, 10_000), step(14_000, 11_200, 10_000)], [1, 1]),
        # A target that falls while the limit still rises.
        ([aim(14_000, 20_000), aim(14_000, 18_000), step(14_000, 16_800, 18_000)], [None, 2, None]),
        # The later of two falls; a rise of the target between them is none.
        ([aim(14_000, 9_000), aim(14_000, 10_000), aim(14_000, 8_000), step(14_000, 11_200, 8_000)],
         [1, None, 3, 3]),
        # The steps after a rise of a target that is still below the limit.
        ([aim(14_000, 9_000), aim(14_000, 10_000), step(14_000, 11_200, 10_000)], [1, None, 1]),
        ([aim(14_000, 14_000, "limit-below-minimum")], [1]),
    ],
)  # fmt: skip
def test_each_cut_belongs_to_a_fall(after, found):
    assert cuts.origins([FIRST, *after]) == [None, *found]


def test_a_step_down_without_a_known_fall_is_its_own():
    assert cuts.origins([step(14_000, 11_200, 10_000)]) == [0]


def test_no_changes_have_no_origins():
    assert cuts.origins([]) == []


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [("AS12", True), ("approval:12", False), ("", False), ("AS12x", False), ("xAS12", False)],
)
def test_the_evidence_names_an_assessment(evidence, expected):
    assert cuts.is_of_assessment(evidence) is expected


def test_days_and_hours_are_those_of_the_policy():
    assert cuts.requested_until(AT, policy=POLICY) == AT + timedelta(days=60)
    assert cuts.due_at(AT, policy=POLICY) == AT + timedelta(hours=24)
