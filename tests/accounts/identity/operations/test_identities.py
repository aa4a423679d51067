"""Decisions on submissions: by the checks, by staff, and what is kept of a face."""

import pytest

from accounts.gateways.sandbox import SandboxIdentityChecks
from accounts.identity.operations import identities
from accounts.models import Customer, IdentityVerification, ProviderCall
from backoffice.core.models import StateChange
from tests.accounts.identity.operations.test_people import check, session
from tests.accounts.identity.operations.test_submissions import submit
from tests.accounts.people import AT

pytestmark = pytest.mark.django_db
SEEN = {"by": "credit", "reason": "compared by hand", "at": AT}


@pytest.fixture
def in_review():
    return check(submit(session(1), face_token="sandbox:score=75").pk)


def reread():
    return IdentityVerification.objects.get()


def test_a_passed_submission_keeps_the_result_and_no_face():
    check(submit(session(1)).pk)

    kept = reread()
    assert (kept.state, kept.face_token, kept.similarity_permille) == ("passed", None, 920)
    assert Customer.objects.get().state == "identified"


def test_the_database_forgets_the_face_of_whatever_is_decided():
    pending = submit(session(1))
    assert reread().face_token == "a face"

    check(pending.pk)
    IdentityVerification.objects.update(face_token="kept after all")

    assert reread().face_token is None


def test_a_submission_that_is_decided_is_not_asked_about_again():
    done = check(submit(session(1)).pk)

    assert check(done.pk).state == "passed"
    assert ProviderCall.objects.count() == 2


def test_silence_leaves_it_pending_and_is_posted_to_the_outbox():
    pending = submit(session(1), face_token="sandbox:down")

    with pytest.raises(identities.StillPendingError):
        identities.check_again(
            pending.pk, checks=SandboxIdentityChecks(), by="system", at=AT, wall_at=AT
        )

    assert (reread().state, reread().tries) == ("pending", 1)


@pytest.mark.parametrize(
    ("is_accepted", "state", "customer", "refusal"),
    [(True, "passed", "identified", ""), (False, "refused", "registered", "refused-in-review")],
)
def test_staff_decide_what_is_in_review(in_review, is_accepted, state, customer, refusal):
    identities.decide(in_review.pk, is_accepted=is_accepted, **SEEN)

    assert (reread().state, reread().refusal) == (state, refusal)
    assert Customer.objects.get().state == customer
    moves = StateChange.objects.filter(subject_type="accounts.identityverification")
    assert moves.latest("pk").actor == "credit"


def test_staff_decide_once(in_review):
    identities.decide(in_review.pk, is_accepted=False, **SEEN)

    with pytest.raises(identities.NotInReviewError):
        identities.decide(in_review.pk, is_accepted=True, **SEEN)

    assert reread().state == "refused"
