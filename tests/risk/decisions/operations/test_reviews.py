"""Decisions of persons: within the model, never by who decided before, never past a history."""

import pytest

from backoffice.core.models import StateChange, WorkItem
from risk.decisions.operations import requests, reviews
from risk.models import Assessment, CreditLine
from tests.accounts.people import AT, request_of
from tests.risk.decisions.conftest import low_score

pytestmark = pytest.mark.django_db


def approve(assessment, *, by, limit_fen=100_000):
    return reviews.approve(
        assessment.pk, limit_fen=limit_fen, by=by, reason="payslips seen", at=AT, on=AT.date()
    )


def refuse(assessment, *, by):
    return reviews.refuse(assessment.pk, by=by, reason="nothing evidences it", at=AT)


def review_of(assessment):
    return requests.human_review(assessment.public_id, context=request_of(assessment.customer))


@pytest.fixture
def doubtful(people, bureau):
    return people.assessed("average-1", bureau=bureau, income_fen=9_000_000)


def test_a_person_approves_with_a_limit_and_the_line_is_open(doubtful, staff):
    approve(doubtful, by=staff.one, limit_fen=1_000_000)

    stored = Assessment.objects.get(pk=doubtful.pk)
    assert (stored.state, stored.limit_fen, stored.decided_by) == ("approved", 1_000_000, "li")
    assert CreditLine.objects.get().limit_fen == 1_000_000
    assert WorkItem.objects.get().state == "done"
    last = StateChange.objects.filter(subject_type="risk.assessment").latest("pk")
    assert (last.actor, last.facts) == ("li", {"text": "payslips seen"})


def test_a_person_refuses(doubtful, staff):
    refuse(doubtful, by=staff.one)

    stored = Assessment.objects.get(pk=doubtful.pk)
    assert (stored.state, stored.limit_fen, stored.decided_at) == ("refused", None, AT)
    assert not CreditLine.objects.exists()


@pytest.mark.parametrize("limit_fen", [40_000, 100_100, 30_000_000])
def test_a_limit_is_within_the_range_and_a_whole_step(doubtful, staff, limit_fen):
    with pytest.raises(reviews.LimitError):
        approve(doubtful, by=staff.one, limit_fen=limit_fen)

    assert Assessment.objects.get(pk=doubtful.pk).state == "manual_review"


def test_what_is_decided_is_not_decided_again(doubtful, staff):
    refuse(doubtful, by=staff.one)

    with pytest.raises(reviews.AssessmentNotInReviewError):
        approve(doubtful, by=staff.other)

    assert Assessment.objects.get(pk=doubtful.pk).state == "refused"


def test_who_decided_before_cannot_review_it(doubtful, staff):
    refuse(doubtful, by=staff.one)
    review = review_of(Assessment.objects.get(pk=doubtful.pk))

    with pytest.raises(reviews.DecidedBeforeError):
        approve(review, by=staff.one)
    assert Assessment.objects.get(pk=review.pk).state == "manual_review"

    assert approve(review, by=staff.other).state == "approved"


def test_a_low_score_may_be_set_aside_at_the_price_of_the_lowest_grade(people, bureau, staff):
    from risk.decisions import queries

    review = review_of(low_score(people, bureau))

    approve(review, by=staff.one)

    stored = Assessment.objects.get(pk=review.pk)
    assert (stored.state, stored.limit_fen, queries.rate_ppm(stored)) == ("approved", 100_000, 500)


def test_nobody_sets_a_history_of_ninety_days_aside(people, bureau, staff):
    review = review_of(people.assessed("overdue90-1", bureau=bureau))

    with pytest.raises(reviews.GateError) as refused:
        approve(review, by=staff.one)

    assert refused.value.facts == {"gate": "overdue-history"}
    assert not CreditLine.objects.exists()
    assert refuse(review, by=staff.one).state == "refused"
