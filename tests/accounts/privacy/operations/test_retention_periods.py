"""What has been kept long enough: thirty days, six months, ten years (LAW-18, LAW-19)."""

from datetime import timedelta

import pytest

from accounts.models import (
    Authorisation,
    BankCard,
    Complaint,
    Customer,
    Device,
    IdentityVerification,
    LoginSession,
    UsedFaceToken,
)
from accounts.privacy.operations import retention
from backoffice.core import clock
from backoffice.core.models import IdempotencyKey, ThrottleCount
from backoffice.platform.jobs import Tally
from tests.accounts.api.conftest import wait
from tests.accounts.people import person
from tests.accounts.privacy.operations.test_retention import hold, night


def wait_ten_years():
    """Let time go on to the last day on which who left today is known."""
    today = clock.business_date()
    wait((today.replace(year=today.year + 10) - today).days)


def test_a_used_face_check_is_forgotten_after_thirty_days(identified):
    identified.post("me/transaction-password/unlock", {"face_token": "my face"})
    wait(30)
    night()
    assert UsedFaceToken.objects.count() == 1

    wait(0.01)
    night()

    assert not UsedFaceToken.objects.exists()


def test_ten_years_later_nobody_knows_who_it_was(identified):
    identified.post("me/deletion")
    night()
    wait_ten_years()
    night()
    assert Customer.objects.get().name == person().name

    wait(1)
    night()

    gone = Customer.objects.get()
    assert (gone.name, gone.id_number, gone.id_blind, gone.born_on) == (None,) * 4
    verification = IdentityVerification.objects.get()
    assert (verification.name, verification.id_number, verification.id_blind) == (None,) * 3
    assert verification.similarity_permille == 920


def test_ten_years_later_cards_complaints_and_addresses_are_gone(consented):
    consented.post("me/complaints", {"text": "x"})
    LoginSession.objects.update(address="192.0.2.1")
    consented.post("me/deletion")
    night()
    wait_ten_years()
    wait(1)

    night()

    card = BankCard.objects.get()
    assert (card.number, card.number_blind, card.phone, card.phone_blind) == (None,) * 4
    assert not Complaint.objects.exists()
    assert set(LoginSession.objects.values_list("address", flat=True)) == {None}
    assert night() == Tally()


def test_ten_years_later_a_legal_hold_still_keeps_everything(consented):
    consented.post("me/deletion")
    night()
    held = hold(Customer.objects.get())
    wait_ten_years()
    wait(1)

    assert night() == Tally()
    assert Customer.objects.get().name == BankCard.objects.get().customer.name == person().name

    held.lifted_at = clock.now()
    held.save()
    assert night().done > 0
    assert Customer.objects.get().name is None


def test_rows_are_erased_batch_by_batch(waited, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        waited.identify(face_token=f"sandbox:not-live,{number}")
    wait(30.01)

    assert night() == Tally(done=5)

    assert not IdentityVerification.objects.filter(name__isnull=False).exists()
    assert night() == Tally()


def test_what_failed_is_forgotten_after_thirty_days(waited):
    waited.identify(face_token="sandbox:not-live")
    wait(30)
    night()
    assert IdentityVerification.objects.get().name == person().name

    wait(0.01)
    night()

    kept = IdentityVerification.objects.get()
    assert (kept.name, kept.id_number, kept.refusal) == (None, None, "face-not-live")


def test_a_face_in_review_is_forgotten_after_thirty_days(waited):
    waited.identify(face_token="sandbox:score=75")
    wait(30.01)

    assert night() == Tally(done=1)

    kept = IdentityVerification.objects.get()
    assert (kept.state, kept.face_token, kept.name) == ("in_review", None, person().name)


def test_a_face_nobody_was_asked_about_lapses_after_thirty_days(waited):
    waited.identify(face_token="sandbox:down")
    wait(30.01)

    night()

    kept = IdentityVerification.objects.get()
    assert (kept.state, kept.face_token) == ("lapsed", None)


@pytest.mark.parametrize("script", ["sandbox:not-live", "sandbox:score=75", "sandbox:down"])
def test_a_legal_hold_keeps_what_was_typed_and_the_face(waited, script):
    waited.identify(face_token=script)
    before = IdentityVerification.objects.values().get()
    hold(waited.customer)
    wait(31)

    assert night() == Tally()

    assert IdentityVerification.objects.values().get() == before


# A login that is not used ends after two hours.
@pytest.mark.parametrize(("hours", "left"), [(180 * 24 + 2, 1), (180 * 24 + 2.01, 0)])
def test_logins_are_kept_for_six_months_after_their_end(newcomer, stopped_clock, hours, left):
    stopped_clock.shift(timedelta(hours=hours))

    night()

    assert LoginSession.objects.count() == left


@pytest.mark.parametrize(("days", "left"), [(180, 1), (180.01, 0)])
def test_a_login_that_was_ended_is_kept_for_six_months(newcomer, stopped_clock, days, left):
    newcomer.post("auth/logout")
    stopped_clock.shift(timedelta(days=days))

    night()

    assert LoginSession.objects.count() == left


@pytest.mark.parametrize(("is_used", "left"), [(False, 0), (True, 1)])
def test_logins_in_which_money_moved_stay(identified, stopped_clock, is_used, left):
    session = LoginSession.objects.latest("pk")
    Authorisation.objects.create(
        customer=session.account.customer, session=session, purpose="drawdown", amount_fen=1,
        given_at=clock.wall(), expires_at=clock.wall() + timedelta(minutes=5),
        used_at=clock.wall() if is_used else None,
    )  # fmt: skip
    stopped_clock.shift(timedelta(days=200))

    night()

    assert (LoginSession.objects.count(), Authorisation.objects.count()) == (left, left)


def test_a_legal_hold_keeps_the_logins(newcomer, stopped_clock):
    hold(newcomer.customer)
    stopped_clock.shift(timedelta(days=200))

    night()

    assert LoginSession.objects.count() == 1


def test_a_device_nothing_tells_of_is_forgotten(newcomer, stopped_clock):
    newcomer.post("me/deletion")
    night()
    assert Device.objects.count() == 1
    stopped_clock.shift(timedelta(days=200))

    night()

    assert not Device.objects.exists()
    assert night() == Tally()


@pytest.mark.parametrize(("days", "left"), [(30, 1), (30.01, 0)])
def test_keys_are_kept_for_thirty_days(newcomer, stopped_clock, days, left):
    newcomer.post("me/complaints", {"text": "x"}, **{"idempotency-key": "k"})
    stopped_clock.shift(timedelta(days=days))

    night()

    assert IdempotencyKey.objects.count() == left


@pytest.mark.parametrize(("days", "left"), [(30, 1), (31, 0)])
def test_counts_of_tries_are_kept_for_thirty_days(identified, stopped_clock, days, left):
    assert ThrottleCount.objects.count() == 1
    stopped_clock.shift(timedelta(days=days))

    night()

    assert ThrottleCount.objects.count() == left
