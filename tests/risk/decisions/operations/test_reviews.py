"""Decisions of persons: within the model, never by who decided before, never past a history."""

import pytest
from django.utils.translation import override

from backoffice.core.models import StateChange, WorkItem
from backoffice.core.money import yuan
from backoffice.platform import approvals
from risk.decisions import queries
from risk.decisions.operations import requests, reviews
from risk.lines.operations import reviews as limit_reviews
from risk.lines.operations.reviews import LimitReview
from risk.models import Assessment, CreditLine, LimitChange
from tests.accounts.people import AT, request_of
from tests.policies import two_people
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


def agreed(line, limit_fen):
    """Let two persons agree on another limit of a line."""
    maker, checker = two_people()
    review = LimitReview(line.pk, limit_fen, "payslips")
    [made] = limit_reviews.propose([review], by=maker, reason="a higher income", at=AT)
    approvals.approve([made.pk], by=checker, reason="agreed", at=AT)


def test_a_review_that_a_customer_asked_for_gives_at_least_the_reviewed_limit(
    people, bureau, staff
):
    approved = people.assessed(bureau=bureau)
    review = review_of(approved)

    with pytest.raises(reviews.LimitError) as refused:
        approve(review, by=staff.one, limit_fen=approved.limit_fen - 10_000)

    assert refused.value.facts["least"] == yuan(approved.limit_fen)
    approve(review, by=staff.one, limit_fen=approved.limit_fen)
    assert CreditLine.objects.get().limit_fen == approved.limit_fen


def test_it_does_not_undo_what_two_persons_have_agreed(people, bureau, staff):
    approved = people.assessed(bureau=bureau)
    review = review_of(approved)
    agreed(CreditLine.objects.get(), approved.limit_fen + 500_000)
    before = LimitChange.objects.count()

    approve(review, by=staff.one, limit_fen=approved.limit_fen)

    assert CreditLine.objects.get().target_fen == approved.limit_fen + 500_000
    assert LimitChange.objects.count() == before


def test_it_does_not_take_an_approval_back(people, bureau, staff):
    review = review_of(people.assessed(bureau=bureau))

    with pytest.raises(reviews.ApprovalStandsError):
        refuse(review, by=staff.one)

    assert Assessment.objects.get(pk=review.pk).state == "manual_review"


def test_a_limit_that_a_person_chose_says_so(doubtful, staff):
    approve(doubtful, by=staff.one, limit_fen=1_000_000)

    first = LimitChange.objects.get()
    assert (first.reason, first.rule) == ("limit-decided", "LIMIT-2")
    with override("en"):
        parts = queries.explain(Assessment.objects.get(pk=doubtful.pk)).limit_parts
    assert parts[-1] == ("decided", "A person decided on a limit of 10,000.00 yuan.")


def test_conditions_that_a_person_set_aside_are_named(people, bureau, staff):
    review = review_of(low_score(people, bureau))
    approve(review, by=staff.one, limit_fen=50_000)

    parts = queries.explain(Assessment.objects.get(pk=review.pk)).limit_parts
    assert [one.code for one in parts][-2:] == ["set-aside", "decided"]
