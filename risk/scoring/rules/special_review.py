"""Which payments a person reviews, and until when (SCORE-3, GEN-10)."""

from datetime import datetime, timedelta

from risk.policy import ScoringPolicy


def is_needed(amount_fen: int, *, policy: ScoringPolicy) -> bool:
    """Return whether a payment opens a review: above 5,000.00, which itself does not.

    It is a review, not a block; each payment opens one.
    """
    return amount_fen > policy.large_payment_fen


def due_at(opened_at: datetime, *, policy: ScoringPolicy) -> datetime:
    """Return the moment by which a review is decided, 24 hours after it was opened."""
    return opened_at + timedelta(hours=policy.special_review_hours)
