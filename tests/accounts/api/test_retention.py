"""The night's work on personal data: who asked to leave, and what was kept long enough."""

from datetime import timedelta

import pytest

from accounts.identity.operations import identities
from accounts.models import (
    AssetFile,
    AssetProof,
    Authorisation,
    BankCard,
    CardHold,
    Complaint,
    Consent,
    Customer,
    CustomerHold,
    DeletionRequest,
    Device,
    DeviceLink,
    IdentityVerification,
    LoginSession,
    Profile,
    TransactionPassword,
    UsedFaceToken,
    WechatAccount,
)
from accounts.privacy.operations import deletions, retention
from accounts.tasks import JOBS
from backoffice.core import clock
from backoffice.core.models import IdempotencyKey, StateChange, ThrottleCount
from backoffice.platform.jobs import Tally
from risk.models import CreditLine
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.people import person, request_of
from tests.accounts.uploads import PDF, file, kind, send


def night():
    at = clock.now()
    return retention.nightly(by="retention", on=at.date(), at=at, wall_at=clock.wall())


def hold(customer, kind="legal"):
    return CustomerHold.objects.create(
        customer=customer, kind=kind, holder="court", reason="a lawsuit", placed_by="staff",
        placed_at=clock.now(),
    )  # fmt: skip


def wait_ten_years():
    """Let time go on to the last day on which who left today is known."""
    today = clock.business_date()
    wait((today.replace(year=today.year + 10) - today).days)


def test_the_night_ends_the_relation_and_keeps_what_the_law_keeps(identified):
    identified.post("me/deletion")

    assert night() == Tally(done=1)

    gone = Customer.objects.get()
    assert (gone.state, gone.name) == ("closed", person().name)
    assert WechatAccount.objects.get().openid is None
    assert not DeviceLink.objects.exists() and not Profile.objects.exists()
    assert Consent.objects.filter(withdrawn_at=None).exists()
    assert problem(identified.get("me")) == (401, "not-logged-in")


def test_the_same_night_again_does_nothing_new(identified):
    identified.post("me/complaints", {"text": "x"}, **{"idempotency-key": "k"})
    identified.post("me/deletion")
    night()
    changes = StateChange.objects.count()

    assert night() == Tally()

    assert StateChange.objects.count() == changes
    assert DeletionRequest.objects.get().state == "done"


def test_the_night_says_what_it_erased_and_kept(identified):
    identified.post("me/deletion")
    wait(1)

    night()

    done = DeletionRequest.objects.get()
    assert done.kept["identity"] == "2036-12-25"
    assert "profile" in done.erased and "complaints" not in done.erased


def test_who_leaves_takes_profile_cards_and_replies_along(consented):
    consented.put("me/profile", {"monthly_income_fen": 1, "occupation": "other"})
    consented.post("me/complaints", {"text": "x"}, **{"idempotency-key": "k"})
    consented.post("me/deletion")

    assert night() == Tally(done=1)

    card = BankCard.objects.get()
    assert (card.state, card.is_default, card.number) == ("unbound", False, person().card_number)
    assert not Profile.objects.exists() and not IdempotencyKey.objects.exists()
    assert Complaint.objects.get().text == "x"


def test_a_line_that_is_not_drawn_closes_when_its_owner_leaves(consented):
    CreditLine.objects.create(
        customer=consented.customer, limit_fen=100, buffer_permille=0, opened_on="2026-12-24"
    )
    CardHold.objects.create(card=BankCard.objects.get(), holder="x", placed_at=clock.now())
    consented.post("me/deletion")

    night()

    assert CreditLine.objects.get().state == "closed"
    assert not CardHold.objects.exists()


def test_a_line_drawn_meanwhile_keeps_its_owner(consented):
    line = CreditLine.objects.create(
        customer=consented.customer, limit_fen=100, buffer_permille=0, opened_on="2026-12-24"
    )
    consented.post("me/deletion")
    CreditLine.objects.filter(pk=line.pk).update(drawn_fen=1)

    assert night() == Tally(failed=1)

    assert Customer.objects.get().state == "consented"
    assert DeletionRequest.objects.get().state == "requested"


def test_of_whom_nobody_knew_nothing_stays_that_was_typed(waited):
    waited.identify(face_token="sandbox:not-live")
    waited.post("me/complaints", {"text": "x"})
    waited.post("me/deletion")

    night()

    gone = IdentityVerification.objects.get()
    assert (gone.name, gone.id_number, gone.id_blind) == (None, None, None)
    assert not Complaint.objects.exists()
    assert Customer.objects.get().state == "closed"


@pytest.mark.parametrize("script", ["sandbox:score=75", "sandbox:down"])
def test_a_face_that_is_being_looked_at_goes_with_its_owner(waited, script):
    waited.identify(face_token=script)
    waited.post("me/deletion")

    assert night() == Tally(done=1)

    gone = IdentityVerification.objects.get()
    assert (gone.state, gone.face_token, gone.name) == ("lapsed", None, None)
    context = request_of(gone.customer, at=clock.now())
    assert identities.check(gone, checks=None, context=context).state == "lapsed"


def test_one_who_cannot_leave_does_not_hold_up_the_others(identified, another, monkeypatch, caplog):
    identified.post("me/deletion")
    another.post("me/deletion")
    first = Customer.objects.order_by("pk")[0].pk

    def fail(customer_id):
        assert customer_id != first
        return ""

    monkeypatch.setattr(deletions, "_blockers", [fail])

    assert night() == Tally(done=1, failed=1)

    assert [row.state for row in DeletionRequest.objects.order_by("pk")] == ["requested", "done"]
    assert "was not carried out" in caplog.text


def test_the_job_of_the_night_may_be_passed_over():
    [job] = [job for job in JOBS if job.name == "03:00"]

    assert (job.at.hour, job.optional) == (3, True)


def test_who_leaves_takes_the_proofs_and_the_password_along(identified):
    identified.put("me/transaction-password", {"password": "Abcd1234"})
    send(identified, kind("house"), file(PDF))
    identified.post("me/deletion")

    night()

    kept = (AssetProof, AssetFile, TransactionPassword)
    assert [model.objects.count() for model in kept] == [0, 0, 0]


def test_a_used_face_check_is_forgotten_after_thirty_days(identified):
    identified.post("me/transaction-password/unlock", {"face_token": "my face"})
    wait(30)
    night()
    assert UsedFaceToken.objects.count() == 1

    wait(0.01)
    night()

    assert not UsedFaceToken.objects.exists()


def test_who_has_left_comes_again_as_a_newcomer(identified):
    identified.post("me/deletion")
    night()

    again = Phone("newcomer").log_in()

    assert again.get("me").json()["state"] == "registered"
    assert Customer.objects.count() == 2


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


def test_a_legal_hold_keeps_everything(identified):
    held = hold(identified.customer)
    assert identified.post("me/deletion").status_code == 202

    assert night() == Tally()
    assert Customer.objects.get().state == "identified"
    held.lifted_at = clock.now()
    held.save()

    assert night() == Tally(done=1)


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
