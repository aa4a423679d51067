"""The deadlines of appeals: 15 days, 20 for credit reports, without the customer's own time.

Days are natural days from the moment of the submission (FAQ-8, GEN-5).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from risk.policy import AppealPolicy


class Contested(StrEnum):
    """What an appeal contests; the values are the kinds of appeals."""

    REFUSAL = "refusal"
    LIMIT = "limit"
    BUREAU = "bureau"


def filed_until(decided_at: datetime, *, policy: AppealPolicy) -> datetime:
    """Return the last moment at which a decision may be contested."""
    return decided_at + timedelta(days=policy.filing_days)


def due_at(submitted_at: datetime, contested: Contested, *, policy: AppealPolicy) -> datetime:
    """Return by when an appeal is decided that was submitted at a moment (FAQ-8)."""
    is_bureau = contested is Contested.BUREAU
    days = policy.bureau_review_days if is_bureau else policy.review_days
    return submitted_at + timedelta(days=days)


def moved_on(due: datetime, *, asked_at: datetime, answered_at: datetime) -> datetime:
    """Return a deadline moved on by the time for which the appeal waited for the customer."""
    assert asked_at <= answered_at
    return due + (answered_at - asked_at)
