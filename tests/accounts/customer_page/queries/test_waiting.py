"""What of onboarding waits for staff."""

from datetime import date

import pytest

from accounts.complaints import operations as complaints
from accounts.customer_page.queries import waiting
from accounts.models import ProfileReview, Staff
from accounts.profile import operations as profiles
from tests.accounts.cards.cards import UNKNOWN, bound, customer
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db


def test_verifications_wait_from_the_review_to_the_decision():
    pending = submit(session(1), face_token="sandbox:score=75")
    assert waiting.proofs_in_review() == 0

    check(pending.pk)

    assert waiting.proofs_in_review() == 1


def test_profiles_wait_until_a_person_has_decided():
    review = ProfileReview.objects.create(
        customer=customer(), occupation="student", monthly_income_fen=0, requested_at=AT
    )
    assert waiting.profiles_in_review() == 1

    profiles.decide(review.pk, is_accepted=True, by="ann", reason="x", at=AT)

    assert waiting.profiles_in_review() == 0


def test_cards_wait_when_the_bank_did_not_report_the_class():
    bound(customer(), account_class=UNKNOWN)

    assert waiting.cards_without_class() == 1


def test_complaints_wait_until_they_are_answered():
    assert waiting.complaints_open() == (0, None)
    filed = complaints.file(customer(), text="x", by="customer:1", at=AT)
    assert waiting.complaints_open() == (1, date(2026, 12, 9))

    complaints.answer(filed.pk, words="y", by=Staff.objects.create_user("s"), at=AT)

    assert waiting.complaints_open() == (0, None)
