"""Requests: only who is ready, one at a time, and a person reviews each decision once."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from accounts.models import Customer
from accounts.onboarding import operations as onboarding
from backoffice.core.models import WorkItem
from risk.decisions.operations import requests
from risk.models import Assessment
from tests.accounts.people import AT, request_of
from tests.policies import put_in_force
from tests.risk.people import withdraw

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)


def of(customer, *, at=AT):
    return request_of(Customer.objects.get(pk=customer.pk), at=at, wall_at=at)


def test_a_request_is_due_fifteen_minutes_later(people):
    asked = people.requested()

    assert (asked.state, asked.requested_at) == ("requested", AT)
    assert asked.due_at == AT + timedelta(minutes=15)


def test_a_request_starts_its_decision_after_the_commit(
    people, monkeypatch, django_capture_on_commit_callbacks
):
    started = []
    monkeypatch.setattr(requests, "_starters", [started.append])
    customer = people.ready()

    with django_capture_on_commit_callbacks(execute=True):
        asked = requests.request(of(customer))

    assert started == [asked.pk]


def test_a_missing_consent_comes_first_and_nothing_is_stored(people):
    customer = people.ready()
    withdraw(customer, "payment")

    with pytest.raises(onboarding.StepMissingError) as refused:
        requests.request(of(customer))

    assert refused.value.facts["missing_step"] == "consents"
    assert not Assessment.objects.exists()


def test_there_is_one_open_assessment_at_a_time(people):
    asked = people.requested()

    with pytest.raises(requests.AssessmentOpenError) as refused:
        requests.request(of(asked.customer))

    assert refused.value.facts == {"assessment": str(asked.public_id)}
    with pytest.raises(IntegrityError, match="assessment_one_open"), transaction.atomic():
        Assessment.objects.create(customer=asked.customer, requested_at=AT, due_at=AT + DAYS)


@pytest.mark.parametrize("persona", ["strong-1", "overdue90-1"])
def test_after_a_decision_the_next_request_waits_thirty_days(people, bureau, persona):
    customer = people.assessed(persona, bureau=bureau).customer

    with pytest.raises(requests.AssessmentTooSoonError) as refused:
        requests.request(of(customer, at=AT + 30 * DAYS - timedelta(seconds=1)))

    assert refused.value.facts == {"available_at": "2026-12-24T15:00:00+08:00"}
    assert requests.request(of(customer, at=AT + 30 * DAYS)).state == "requested"


def test_the_days_are_numbers_of_the_policy(people, bureau):
    put_in_force("assessments", {"again_after_refusal_days": 0}, on=AT.date())
    customer = people.assessed("overdue90-1", bureau=bureau).customer

    assert requests.request(of(customer)).state == "requested"


def test_a_human_review_has_the_same_inputs_and_waits_for_a_person(people, bureau):
    before = people.assessed("nightgambler-1", bureau=bureau)

    review = requests.human_review(before.public_id, context=of(before.customer))

    stored = Assessment.objects.get(pk=review.pk)
    assert (stored.state, stored.review_of_id) == ("manual_review", before.pk)
    assert (stored.inputs, stored.result) == (before.inputs, before.result)
    item = WorkItem.objects.get(queue=requests.HUMAN_REVIEWS)
    assert (item.subject_id, item.deadline_at) == (review.pk, AT + DAYS)


def test_each_decision_is_reviewed_once(people, bureau):
    before = people.assessed("strong-1", bureau=bureau)
    review = requests.human_review(before.public_id, context=of(before.customer))

    with pytest.raises(requests.ReviewedAlreadyError):
        requests.human_review(before.public_id, context=of(before.customer))
    with pytest.raises(requests.NotDecidedError):
        requests.human_review(review.public_id, context=of(before.customer))

    assert Assessment.objects.count() == 2


def test_a_decision_that_is_not_made_cannot_be_reviewed(people):
    asked = people.requested()

    with pytest.raises(requests.NotDecidedError):
        requests.human_review(asked.public_id, context=of(asked.customer))


def test_only_the_latest_decision_is_reviewed(people, bureau):
    put_in_force("assessments", {"again_after_refusal_days": 0}, on=AT.date())
    first = people.assessed("overdue90-1", bureau=bureau)
    second = requests.request(of(first.customer))

    with pytest.raises(requests.AssessmentOpenError):
        requests.human_review(first.public_id, context=of(first.customer))
    from tests.risk.decisions.conftest import decide

    decide(second, bureau=bureau)
    with pytest.raises(requests.NotLatestError):
        requests.human_review(first.public_id, context=of(first.customer))


def test_nobody_reviews_the_decision_of_another_customer(people, bureau):
    before = people.assessed("strong-1", bureau=bureau)

    with pytest.raises(Assessment.DoesNotExist):
        requests.human_review(before.public_id, context=of(people.ready("average-2")))
