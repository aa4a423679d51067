"""Which payments a person reviews, and until when (SCORE-3, GEN-10)."""

from datetime import UTC, datetime

import pytest

from risk.scoring.rules import special_review
from tests.risk.scoring.inputs import POLICY


@pytest.mark.parametrize(
    ("amount_fen", "is_needed"), [(0, False), (500_000, False), (500_001, True)]
)
def test_only_more_than_5_000_is_reviewed(amount_fen, is_needed):
    assert special_review.is_needed(amount_fen, policy=POLICY) is is_needed


def test_a_review_is_decided_within_24_hours():
    opened_at = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)

    assert special_review.due_at(opened_at, policy=POLICY) == datetime(
        2026, 11, 2, 23, 30, tzinfo=UTC
    )
