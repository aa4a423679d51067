"""Submissions: what is refused before a provider is asked, and what is checked under the lock."""

from datetime import date, timedelta

import pytest

from accounts.identity.operations import submissions
from accounts.identity.operations.submissions import Submission
from accounts.models import (
    Consent,
    CustomerHold,
    DeviceLink,
    IdentityVerification,
    UsedFaceToken,
    WechatAccount,
)
from accounts.onboarding import context as contexts
from accounts.onboarding import operations as onboarding
from backoffice.core.crypto import blind
from backoffice.core.models import ThrottleCount
from tests.accounts.identity.operations.test_people import session
from tests.accounts.people import AT, person, request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def login():
    return session(1)


def submit(login, who=None, **other):
    who = who or person()
    sent = {"name": who.name, "id_number": who.id_number, "valid_until_on": None,
            "face_token": "a face"} | other  # fmt: skip
    context = request_of(login.account.customer, session=login)
    return submissions.submit(context, submission=Submission(**sent))


def nothing_is_stored():
    return not IdentityVerification.objects.exists() and not Consent.objects.exists()


def test_a_submission_is_stored_sealed_with_the_consent_of_its_session(login):
    made = submit(login)

    assert (made.state, made.submitted_at, made.device_id) == ("pending", AT, login.device_id)
    assert bytes(made.id_blind) == blind(person().id_number, "id_number")
    [consent] = Consent.objects.all()
    assert (consent.purpose, consent.given_by) == ("biometrics", f"session:{login.public_id}")
    assert ThrottleCount.objects.get().taken == 1


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"id_number": "110101199003070013"}, submissions.IdNumberError),
        ({"valid_until_on": date(2026, 11, 23)}, onboarding.IdExpiredError),
        ({"id_number": person(born_on=date(2010, 1, 1)).id_number}, onboarding.AgeError),
    ],
)
def test_what_cannot_pass_is_refused_and_uses_no_try(login, sent, refusal):
    with pytest.raises(refusal):
        submit(login, **sent)

    assert nothing_is_stored()
    assert not ThrottleCount.objects.exists()


@pytest.mark.parametrize(
    ("since", "refusal"),
    [
        (None, submissions.HistoryUnknownError),
        (date(2026, 5, 25), submissions.HistoryShortError),
    ],
)
def test_six_months_of_wechat_are_needed(login, since, refusal):
    WechatAccount.objects.update(used_since_on=since)
    login.account.used_since_on = since

    with pytest.raises(refusal):
        submit(login)

    assert nothing_is_stored()


def test_a_fourth_account_on_the_device_is_refused_for_thirty_days(login):
    for number in (2, 3, 4):
        links = DeviceLink.objects.filter(account=session(number).account)
        links.update(device=login.device)

    with pytest.raises(onboarding.DeviceSharedError):
        submit(login)
    assert nothing_is_stored()

    DeviceLink.objects.exclude(account=login.account).update(
        first_seen_at=AT - timedelta(days=40), seen_at=AT - timedelta(days=31)
    )
    assert submit(login).state == "pending"


def test_the_same_identity_again_is_the_submission_there_is(login):
    assert submit(login) == submit(login, face_token="another face")

    with pytest.raises(submissions.VerificationOpenError):
        submit(login, person(2))

    assert IdentityVerification.objects.count() == 1
    assert ThrottleCount.objects.get().taken == 1


def test_a_face_check_used_elsewhere_is_refused(login):
    UsedFaceToken.objects.create(
        customer=session(2).account.customer, face_blind=blind("a face", "face"), used_at=AT
    )

    with pytest.raises(submissions.FaceUsedError):
        submit(login)

    assert nothing_is_stored()


def test_a_sixth_try_of_the_day_is_refused(login):
    ThrottleCount.objects.create(
        scope="identity", subject=f"customer:{login.account.customer_id}", taken_on=AT.date(),
        taken=5,
    )  # fmt: skip

    with pytest.raises(submissions.TooManyTriesError):
        submit(login)

    assert nothing_is_stored()


def test_a_hold_placed_after_the_first_look_still_stops_it(login, monkeypatch):
    """The status is read again under the lock: here it changes in between."""
    locked = contexts.RequestContext.locked

    def held_meanwhile(self, **face):
        CustomerHold.objects.create(customer=self.customer, kind="block", holder="risk", reason="x",
                                    placed_by="risk", placed_at=AT)  # fmt: skip
        return locked(self, **face)

    monkeypatch.setattr(contexts.RequestContext, "locked", held_meanwhile)

    with pytest.raises(onboarding.OnHoldError):
        submit(login)

    assert nothing_is_stored()
