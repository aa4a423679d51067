"""The file of a proof, for staff who may see it and say why."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, AssetFile, AssetProof, Customer, ProofReview, Staff
from tests.accounts.people import LONG_AGO
from tests.accounts.uploads import PDF

pytestmark = pytest.mark.django_db

REASON = {"reason": "appeal 12"}


@pytest.fixture
def proof():
    customer = Customer.objects.create(registered_at=LONG_AGO)
    made = AssetProof.objects.create(
        customer=customer, kind="house", content_type="application/pdf", size=len(PDF),
        digest=b"x" * 32, uploaded_at=LONG_AGO,
    )  # fmt: skip
    AssetFile.objects.create(proof=made, content=PDF)
    return made


def clerk(*rights, is_staff=True):
    who = Staff.objects.create_user("clerk", is_staff=is_staff)
    who.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return who


@pytest.fixture
def reader(client):
    """Somebody who may see the files of proofs."""
    client.force_login(clerk("view_assetproof", "view_assetfile"))
    return client


def address(proof):
    return reverse("admin:accounts_assetproof_action", args=[proof.pk, "download"])


def test_who_may_and_says_why_gets_the_file(reader, proof):
    answer = reader.post(address(proof), REASON)

    assert (answer.status_code, answer.content) == (200, PDF)
    record = AccessRecord.objects.get()
    assert (record.customer, record.staff.username) == (proof.customer, "clerk")
    assert (record.fields, record.reason) == ("proof", "appeal 12")


def test_no_browser_runs_or_keeps_the_file(reader, proof):
    headers = reader.post(address(proof), REASON).headers

    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"] == (f'attachment; filename="house-{proof.public_id}.pdf"')
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("reason", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "why"}])
def test_who_does_not_say_why_gets_nothing(reader, proof, reason):
    answer = reader.post(address(proof), reason)

    assert (answer.status_code, PDF in answer.content) == (200, False)
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("rights", [(), ("view_assetproof", "view_customer")])
def test_who_may_not_gets_nothing(client, proof, rights):
    client.force_login(clerk(*rights))

    answer = client.post(address(proof), REASON)

    assert answer.status_code == 403
    assert not AccessRecord.objects.exists()


def test_who_is_nobody_is_sent_to_the_login(client, proof):
    answer = client.post(address(proof), REASON)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
    assert not AccessRecord.objects.exists()


def test_who_is_no_staff_is_sent_to_the_login(client, proof):
    client.force_login(clerk("view_assetproof", "view_assetfile", is_staff=False))

    assert client.post(address(proof), REASON).status_code == 302
    assert not AccessRecord.objects.exists()


def test_a_link_cannot_open_a_file(reader, proof):
    assert reader.get(address(proof), REASON).status_code == 405
    assert not AccessRecord.objects.exists()


def test_a_form_of_another_site_cannot_open_a_file(proof):
    client = Client(enforce_csrf_checks=True)
    client.force_login(clerk("view_assetproof", "view_assetfile"))

    assert client.post(address(proof), REASON).status_code == 403
    assert not AccessRecord.objects.exists()


def test_there_is_no_file_of_another_name(reader, proof):
    answer = reader.post(
        reverse("admin:accounts_assetproof_action", args=[proof.pk + 1, "download"]), REASON
    )

    assert answer.status_code == 404
    assert not AccessRecord.objects.exists()


def press(client, proof, code, **given):
    address = reverse("admin:accounts_assetproof_action", args=[proof.pk, code])
    return client.post(address, REASON | given, follow=True).content.decode()


@pytest.fixture
def reviewer(client):
    client.force_login(clerk("view_assetproof", "decide_proofreview"))
    return client


@pytest.mark.parametrize(
    ("kind", "code", "given", "found"),
    [
        ("house", "accept-asset", {}, ("accepted", None, "", None)),
        ("income", "accept-income", {"income": "12,000"}, ("accepted", 1_200_000, "", None)),
        ("occupation", "accept-occupation",
         {"occupation": "civil_servant", "since": "2020-01-02"},
         ("accepted", None, "civil_servant", date(2020, 1, 2))),
        ("house", "reject", {"verdict": "altered"}, ("altered", None, "", None)),
    ],
)  # fmt: skip
def test_a_reviewer_notes_what_a_proof_shows(reviewer, proof, kind, code, given, found):
    AssetProof.objects.filter(pk=proof.pk).update(
        kind=kind, asset_blind=b"a" * 16, asset_number="1"
    )

    page = press(reviewer, proof, code, **given)

    made = ProofReview.objects.get()
    assert (made.verdict, made.monthly_income_fen, made.occupation, made.since_on) == found
    assert (made.reviewed_by, made.reason) == ("clerk", "appeal 12")
    assert "appeal 12" in page


@pytest.mark.parametrize(
    ("kind", "code", "given"),
    [
        ("house", "accept-asset", {}),  # no number of the asset
        ("income", "accept-income", {"income": "a lot"}),
        ("income", "accept-income", {"income": "0"}),
        ("occupation", "accept-occupation", {"occupation": "employee", "since": "2020-13-01"}),
        ("house", "reject", {"verdict": "accepted"}),
        ("income", "accept-asset", {}),
    ],
)
def test_what_a_proof_cannot_show_is_refused_and_nothing_is_stored(
    reviewer, proof, kind, code, given
):
    AssetProof.objects.filter(pk=proof.pk).update(kind=kind)

    press(reviewer, proof, code, **given)

    assert not ProofReview.objects.exists()


def test_who_may_only_see_proofs_reviews_none(reader, proof):
    address = reverse("admin:accounts_assetproof_action", args=[proof.pk, "reject"])

    assert reader.post(address, REASON | {"verdict": "altered"}).status_code == 403
    assert not ProofReview.objects.exists()


def test_the_number_of_the_asset_is_shown_on_record(reader, proof):
    AssetProof.objects.filter(pk=proof.pk).update(asset_blind=b"a" * 16, asset_number="A-77")
    address = reverse("admin:accounts_assetproof_action", args=[proof.pk, "show-number"])

    answer = reader.post(address, REASON)

    assert "A-77" in answer.content.decode()
    assert answer.headers["Cache-Control"].startswith("no-store")
    record = AccessRecord.objects.get()
    assert (record.customer, record.fields) == (proof.customer, "asset_number")


@pytest.mark.parametrize(
    "income", ["99999999999999999999", "-100", "15000.5", "\uff11\uff15\uff10"]
)
def test_an_income_that_is_not_whole_yuan_says_so(reviewer, proof, income):
    AssetProof.objects.filter(pk=proof.pk).update(kind="income")

    page = press(reviewer, proof, "accept-income", income=income)

    assert "12,000" in page
    assert not ProofReview.objects.exists()
