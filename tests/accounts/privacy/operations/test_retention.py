"""The night's work on personal data: who asked to leave, and what the law keeps of them."""

from datetime import timedelta

import pytest

from accounts.identity.operations import identities
from accounts.models import (
    AssetFile,
    AssetProof,
    BankCard,
    CardHold,
    Complaint,
    Consent,
    Customer,
    CustomerHold,
    DeletionRequest,
    DeviceLink,
    IdentityVerification,
    LoginSession,
    Profile,
    TransactionPassword,
    WechatAccount,
)
from accounts.privacy.operations import deletions, retention
from accounts.tasks import JOBS
from backoffice.core import clock
from backoffice.core.models import IdempotencyKey, StateChange
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


def test_who_has_left_comes_again_as_a_newcomer(identified):
    identified.post("me/deletion")
    night()

    again = Phone("newcomer").log_in()

    assert again.get("me").json()["state"] == "registered"
    assert Customer.objects.count() == 2


def test_a_legal_hold_keeps_everything(identified):
    held = hold(identified.customer)
    assert identified.post("me/deletion").status_code == 202

    assert night() == Tally()
    assert Customer.objects.get().state == "identified"
    held.lifted_at = clock.now()
    held.save()

    assert night() == Tally(done=1)


def test_requests_wait_the_oldest_first_and_a_legal_hold_keeps_its_own_back(identified, another):
    another.post("me/deletion")
    identified.post("me/deletion")
    first, second = DeletionRequest.objects.order_by("pk")
    assert retention.waiting() == [first.pk, second.pk]
    held = hold(another.customer)
    hold(identified.customer, kind="block")

    assert retention.waiting() == [second.pk]
    held.lifted_at = clock.now()
    held.save()

    assert retention.waiting() == [first.pk, second.pk]


def test_a_request_taken_back_is_not_carried_out(identified):
    identified.post("me/deletion")
    asked = DeletionRequest.objects.get()
    identified.delete("me/deletion")

    assert retention.waiting() == []
    assert close(asked) is True

    assert Customer.objects.get().state == "identified"
    assert DeletionRequest.objects.get().state == "withdrawn"


def close(asked):
    return retention.close_account(asked.pk, by="retention", at=clock.now(), wall_at=clock.wall())


@pytest.mark.parametrize("way", ["held", "blocked"])
def test_who_may_not_leave_keeps_everything(identified, monkeypatch, way):
    identified.post("me/deletion")
    if way == "held":
        hold(identified.customer)
    else:
        monkeypatch.setattr(deletions, "_blockers", [lambda _: "debts-open"])
    changes = StateChange.objects.count()

    assert close(DeletionRequest.objects.get()) is False

    assert (Customer.objects.get().state, StateChange.objects.count()) == ("identified", changes)
    assert WechatAccount.objects.get().unbound_at is None
    assert identified.get("me").status_code == 200


def test_every_end_keeps_who_ended_it_and_when(consented):
    consented.post("me/deletion")

    assert close(DeletionRequest.objects.get()) is True

    asked, gone, card = (
        DeletionRequest.objects.get(),
        Customer.objects.get(),
        BankCard.objects.get(),
    )
    assert asked.decided_at == gone.closed_at == card.unbound_at == clock.now()
    assert WechatAccount.objects.get().unbound_at == clock.now()
    session = LoginSession.objects.latest("pk")
    assert (session.revoked_at, session.revoked_by, session.revoked_reason) == (
        clock.wall(), "retention", "customer-left",
    )  # fmt: skip
    ended = StateChange.objects.filter(transition__in=["close", "unbind", "finish"])
    assert set(ended.values_list("actor", flat=True)) == {"retention"}


def test_what_had_ended_before_keeps_its_moment(identified):
    earlier = clock.now() - timedelta(days=1)
    WechatAccount.objects.create(
        customer=identified.customer, bound_at=earlier, unbound_at=earlier, openid="x",
        openid_blind=b"x" * 16, seat=2,
    )  # fmt: skip
    identified.post("me/deletion")

    close(DeletionRequest.objects.get())

    moments = WechatAccount.objects.order_by("pk").values_list("unbound_at", flat=True)
    assert list(moments) == [clock.now(), earlier]
    assert set(WechatAccount.objects.values_list("openid", "openid_blind", "seat")) == {
        (None, None, None)
    }


def test_two_nights_at_once_end_the_relation_once(committed, together):
    committed.post("me/deletion")
    asked = DeletionRequest.objects.get()

    assert together(4, lambda _n: close(asked)) == [True] * 4

    closed = StateChange.objects.filter(transition="close", subject_type="accounts.customer")
    assert closed.count() == 1
    assert StateChange.objects.filter(transition="finish").count() == 1


@pytest.fixture
def committed(committed_db, stopped_clock):
    """Somebody who has just registered, in a database that commits."""
    return Phone("newcomer").log_in()
