"""Special reviews: one per payment above 5,000.00, decided once, and nothing is blocked."""

from datetime import timedelta

import pytest

from backoffice.core.models import WorkItem
from risk.decisions.operations import special_reviews
from risk.facts.operations import events
from risk.models import SpecialReview
from tests.accounts.people import AT
from tests.risk.people import consenting, payment

pytestmark = pytest.mark.django_db


def receive(*batch):
    return events.receive(list(batch), partner="pay", by="partner:pay", at=AT)


@pytest.fixture
def review():
    consenting()
    receive(payment("p-1", amount_fen=500_001))
    return SpecialReview.objects.get()


@pytest.mark.parametrize(("amount_fen", "count"), [(500_000, 0), (500_001, 1)])
def test_a_payment_above_5000_yuan_opens_a_review_and_5000_does_not(amount_fen, count):
    consenting()

    receive(payment(amount_fen=amount_fen))

    assert SpecialReview.objects.count() == WorkItem.objects.count() == count


def test_a_review_is_due_in_24_hours(review):
    item = WorkItem.objects.get(queue="special-review")

    assert (review.state, review.amount_fen, review.due_at) == (
        "open", 500_001, AT + timedelta(hours=24),
    )  # fmt: skip
    assert (item.subject_id, item.deadline_at) == (review.pk, review.due_at)


def test_a_payment_received_twice_has_one_review(review):
    receive(payment("p-1", amount_fen=500_001), payment("p-2", amount_fen=600_000))

    assert list(SpecialReview.objects.order_by("pk").values_list("event_id", flat=True)) == [
        "p-1", "p-2",
    ]  # fmt: skip


@pytest.mark.parametrize("other", [{"direction": "in", "category": "salary"}, {"result": "failed"}])
def test_only_money_that_left_is_reviewed(other):
    consenting()

    assert receive(payment(amount_fen=900_000, **other)).accepted == 1

    assert not SpecialReview.objects.exists()


@pytest.mark.parametrize(("is_suspicious", "state"), [(False, "cleared"), (True, "suspicious")])
def test_a_person_decides_once(review, is_suspicious, state):
    special_reviews.decide(
        review.pk, is_suspicious=is_suspicious, by="li", reason="a new phone", at=AT
    )

    with pytest.raises(special_reviews.NotOpenError):
        special_reviews.decide(review.pk, is_suspicious=True, by="wang", reason="again", at=AT)

    stored = SpecialReview.objects.get()
    assert (stored.state, stored.decided_at, WorkItem.objects.get().state) == (state, AT, "done")
