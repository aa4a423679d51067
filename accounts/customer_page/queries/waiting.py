"""What of onboarding waits for staff."""

from datetime import date

from django.db.models import Min

from accounts.cards import queries as cards
from accounts.models import (
    BankCard,
    Complaint,
    ComplaintState,
    IdentityVerification,
    ProfileReview,
    VerificationState,
)
from accounts.onboarding.rules.onboarding import ProfileReviewState


def proofs_in_review() -> int:
    """Return how many identity verifications wait for a manual review (SEC-3)."""
    return IdentityVerification.objects.filter(state=VerificationState.IN_REVIEW).count()


def profiles_in_review() -> int:
    """Return how many profiles wait for a manual review before anything is lent (IDN-020)."""
    return ProfileReview.objects.filter(state=ProfileReviewState.IN_REVIEW).count()


def cards_without_class() -> int:
    """Return how many cards wait for a proof of their account class (ELIG-7)."""
    return BankCard.objects.filter(cards.NEEDS_PROOF).count()


def complaints_open() -> tuple[int, date | None]:
    """Return how many complaints wait for an answer, and the day the first of them is due."""
    filed = Complaint.objects.filter(state=ComplaintState.FILED)
    return filed.count(), filed.aggregate(first=Min("due_on"))["first"]
