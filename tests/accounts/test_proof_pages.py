"""The file of a proof, for staff who may see it and say why."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AccessRecord, AssetFile, AssetProof, Customer, Staff
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

    assert (answer.status_code, PDF in answer.content) == (302, False)
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
