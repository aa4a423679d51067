"""Face verification beyond a login: each check serves once, and only the pass line counts."""

import pytest

from accounts.consents.operations import consents
from accounts.gateways.sandbox import SandboxIdentityChecks
from accounts.identity.operations import faces
from accounts.identity.operations.submissions import FaceUsedError, TooManyTriesError
from accounts.models import ProviderCall, UsedFaceToken
from backoffice.core.models import ThrottleCount
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT, request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return customer()


def verify(owner, face_token="a face"):
    faces.verify(request_of(owner), face_token=face_token, checks=SandboxIdentityChecks())


def tries():
    return sum(ThrottleCount.objects.values_list("taken", flat=True))


def test_a_face_that_passes_is_used_up_and_on_record(owner):
    verify(owner)

    assert UsedFaceToken.objects.get().customer == owner
    assert [(one.action, one.verdict) for one in ProviderCall.objects.all()] == [("face", "match")]
    assert tries() == 1


def test_a_face_check_serves_once(owner):
    verify(owner)

    with pytest.raises(FaceUsedError):
        verify(owner)

    assert (UsedFaceToken.objects.count(), tries()) == (1, 1)


@pytest.mark.parametrize(
    ("face", "reason"),
    [("sandbox:score=79.9", "face-mismatch"), ("sandbox:not-live", "face-not-live")],
)
def test_below_the_pass_line_it_is_refused_and_used_up(owner, face, reason):
    with pytest.raises(faces.FaceRefusedError) as refused:
        verify(owner, face)

    assert refused.value.facts["reason"] == reason
    assert (UsedFaceToken.objects.count(), tries()) == (1, 1)


def test_silence_uses_up_neither_check_nor_try(owner):
    with pytest.raises(faces.FaceUnavailableError):
        verify(owner, "sandbox:down")

    assert (UsedFaceToken.objects.count(), tries()) == (0, 0)


def test_a_sixth_try_of_the_day_uses_up_no_check(owner):
    for number in range(5):
        verify(owner, f"face {number}")

    with pytest.raises(TooManyTriesError):
        verify(owner, "face 5")

    assert (UsedFaceToken.objects.count(), tries()) == (5, 5)


def test_a_withdrawn_consent_stops_it(owner):
    consents.give(request_of(owner), purpose="biometrics")
    consents.withdraw(owner, purpose="biometrics", by="customer", at=AT)

    with pytest.raises(consents.WithdrawnError):
        verify(owner)

    assert not UsedFaceToken.objects.exists()
    assert not ProviderCall.objects.exists()
