"""A copy of one's data, and leaving, through HTTP; the night carries out what was asked."""

from datetime import timedelta

import pytest

from accounts.models import (
    AssetFile,
    AssetProof,
    Customer,
    CustomerHold,
    DeletionRequest,
    DeviceLink,
    IdentityVerification,
    LoginSession,
    Profile,
    TransactionPassword,
    UsedFaceToken,
    WechatAccount,
)
from accounts.operations import deletions, retention
from backoffice import clock
from backoffice.jobs import Tally
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.people import person
from tests.accounts.uploads import PDF, file, kind, send


def night():
    at = clock.now()
    return retention.nightly(on=at.date(), at=at, wall_at=clock.wall())


def hold(customer, kind):
    return CustomerHold.objects.create(
        customer=customer, kind=kind, holder="court", reason="a lawsuit", placed_by="staff",
        placed_at=clock.now(),
    )  # fmt: skip


def test_the_copy_has_every_section_and_no_full_number(identified):
    answer = identified.get("me/export")

    sections = answer.json()["sections"]
    assert {"identity", "cards", "consents", "loans", "credit_lines"} <= set(sections)
    [identity] = sections["identity"]["rows"]
    assert (identity["name"], identity["id_number"]) == ("张**", masked(person().id_number))
    assert [row["purpose"] for row in sections["consents"]["rows"]] == ["biometrics"]
    assert answer["Cache-Control"] == "no-store"
    assert person().id_number not in answer.content.decode()


def test_the_copy_tells_of_proofs_and_grants(identified):
    identified.put("me/transaction-password", {"password": "Abcd1234"})
    identified.post(
        "me/authorisations",
        {"password": "Abcd1234", "purpose": "drawdown", "amount_fen": 100},
    )
    send(identified, kind("house"), file(PDF))

    sections = identified.get("me/export").json()["sections"]

    [proof], [grant] = (sections[name]["rows"] for name in ("proofs", "authorisations"))
    assert (proof["kind"], proof["size"]) == ("house", len(PDF))
    assert (grant["purpose"], grant["amount_fen"], grant["used_at"]) == ("drawdown", 100, None)


def masked(number):
    return f"{number[:3]}{'*' * 11}{number[-4:]}"


def test_the_copy_can_be_read_by_people(identified):
    answer = identified.get("me/export", accept="text/html")

    page = answer.content.decode()
    assert answer["content-type"].startswith("text/html")
    assert answer["Content-Disposition"] == 'attachment; filename="weidai.html"'
    assert "What we hold of you" in page and "张**" in page
    assert person().id_number not in page and "http" not in page


def test_a_newcomer_may_ask_for_the_copy_and_leave(newcomer):
    assert newcomer.get("me/export").status_code == 200

    answer = newcomer.post("me/deletion")

    assert answer.status_code == 202
    assert answer.json()["state"] == "requested"
    assert set(answer.json()["kept"]) == {"logins"}


def test_a_request_is_one_however_often_it_is_sent(newcomer):
    first, again = newcomer.post("me/deletion"), newcomer.post("me/deletion")

    assert first.json() == again.json()
    assert DeletionRequest.objects.count() == 1


def test_a_request_is_taken_back_before_the_night(newcomer):
    newcomer.post("me/deletion")

    assert newcomer.delete("me/deletion").json()["state"] == "withdrawn"

    assert night() == Tally()
    assert newcomer.get("me").json()["state"] == "registered"
    assert problem(newcomer.delete("me/deletion")) == (409, "deletion-not-requested")


def test_the_night_ends_the_relation_and_keeps_what_the_law_keeps(identified):
    answer = identified.post("me/deletion").json()
    assert answer["kept"]["identity"] == "2036-12-24"

    assert night() == Tally(done=1)

    gone = Customer.objects.get()
    assert (gone.state, gone.name) == ("closed", person().name)
    assert WechatAccount.objects.get().openid is None
    assert not DeviceLink.objects.exists() and not Profile.objects.exists()
    assert problem(identified.get("me")) == (401, "not-logged-in")
    assert night() == Tally()


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
    wait((clock.business_date().replace(year=2036) - clock.business_date()).days)
    night()
    assert Customer.objects.get().name == person().name

    wait(1)
    night()

    gone = Customer.objects.get()
    assert (gone.name, gone.id_number, gone.id_blind, gone.born_on) == (None,) * 4
    verification = IdentityVerification.objects.get()
    assert (verification.name, verification.id_number) == (None, None)
    assert verification.similarity_permille == 920


def test_a_legal_hold_keeps_everything(identified):
    held = hold(identified.customer, "legal")
    identified.post("me/deletion")

    assert night() == Tally(failed=1)
    assert Customer.objects.get().state == "identified"
    held.lifted_at = clock.now()
    held.save()

    assert night() == Tally(done=1)


def test_who_owes_cannot_leave(identified, monkeypatch):
    monkeypatch.setattr(deletions, "_obstacles", [lambda customer_id: "debts-open"])

    answer = identified.post("me/deletion")

    assert problem(answer) == (409, "deletion-not-possible")
    assert answer.json()["obstacles"] == ["debts-open"]
    assert not DeletionRequest.objects.exists()


def test_a_block_stops_everything_but_leaving_and_complaining(waited):
    hold(waited.customer, "block")

    assert problem(waited.identify()) == (403, "customer-on-hold")
    assert waited.get("me").json()["is_on_hold"] is True
    assert waited.post("me/complaints", {"text": "why?"}).status_code == 201
    assert waited.post("me/deletion").status_code == 202
    assert waited.post("auth/logout").status_code == 204


def test_what_failed_is_forgotten_after_thirty_days(waited):
    waited.identify(face_token="sandbox:not-live")
    wait(30)
    night()
    assert IdentityVerification.objects.get().name == person().name

    wait(0.01)
    night()

    kept = IdentityVerification.objects.get()
    assert (kept.name, kept.id_number, kept.refusal) == (None, None, "face-not-live")


@pytest.mark.parametrize(("days", "left"), [(187, 1), (187.01, 0)])
def test_logins_are_kept_for_six_months(newcomer, stopped_clock, days, left):
    stopped_clock.shift(timedelta(days=days))

    night()

    assert LoginSession.objects.count() == left
