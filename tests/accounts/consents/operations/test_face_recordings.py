"""Recordings of faces that are dropped, and what lapses with them (LAW-18)."""

import pytest
from django.db import transaction

from accounts.consents.operations import face_recordings
from accounts.models import IdentityVerification
from backoffice.core.models import StateChange
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import AT, person

pytestmark = pytest.mark.django_db


def drop(**other):
    with transaction.atomic():
        every = IdentityVerification.objects.all()
        return face_recordings.drop(every, by="ann", reason="withdrawn", at=AT, **other)


def rows():
    return list(IdentityVerification.objects.order_by("pk").values_list("state", "decided_at"))


def test_a_pending_submission_lapses_and_one_in_review_stays():
    submit(session(1), face_token="sandbox:down")
    review = submit(session(2), person(2), face_token="sandbox:score=75")
    check(review.pk)

    assert drop() == 2

    assert rows() == [("lapsed", AT), ("in_review", None)]
    assert not IdentityVerification.objects.filter(face_token__isnull=False).exists()
    lapsed = StateChange.objects.get(transition="lapse")
    assert (lapsed.actor, lapsed.facts) == ("ann", {"text": "withdrawn"})


def test_where_it_is_asked_for_one_in_review_lapses_too():
    check(submit(session(1), face_token="sandbox:score=75").pk)

    assert drop(lapsing=("pending", "in_review")) == 1

    assert rows() == [("lapsed", AT)]


def test_what_has_no_recording_is_left_as_it_is():
    check(submit(session(1)).pk)

    assert drop() == 0

    assert rows() == [("passed", AT)]
