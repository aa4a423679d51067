"""What the database refuses of proofs, whoever writes."""

import pytest
from django.db.models import ProtectedError

from accounts.models import AssetFile, AssetProof, Customer
from tests.accounts.people import LONG_AGO
from tests.raw import execute, refused

pytestmark = pytest.mark.django_db

GOOD = {"kind": "house", "content_type": "image/png", "size": 1, "digest": b"x" * 32}


@pytest.fixture
def proof():
    customer = Customer.objects.create(registered_at=LONG_AGO)
    return AssetProof.objects.create(
        customer=customer, asset_number="1", asset_blind=b"a" * 16, uploaded_at=LONG_AGO, **GOOD
    )


@pytest.mark.parametrize(
    ("other", "by"),
    [
        ({}, "asset_proof_file_once"),
        ({"digest": b"y", "asset_number": "1", "asset_blind": b"a" * 16}, "asset_proof_asset_once"),
        ({"digest": b"y", "kind": "boat"}, "asset_proof_kind"),
        ({"digest": b"y", "content_type": "text/html"}, "asset_proof_content_type"),
        ({"digest": b"y", "size": 0}, "asset_proof_is_not_empty"),
        ({"digest": b"y", "asset_number": "2"}, "asset_proof_number_is_indexed"),
        ({"digest": b"y", "asset_blind": b"b" * 16}, "asset_proof_number_is_indexed"),
    ],
)
def test_a_proof_that_cannot_be_is_refused(proof, other, by):
    with refused(by, "accounts_assetproof"):
        AssetProof.objects.create(customer=proof.customer, uploaded_at=LONG_AGO, **(GOOD | other))


def test_a_file_that_is_not_sealed_is_refused(proof):
    with refused("accounts_assetfile_content_check", "accounts_assetfile"):
        execute("INSERT INTO accounts_assetfile VALUES (%s, '%%PDF-1.7 and so on ...')", proof.pk)


def test_a_proof_does_not_go_without_its_file(proof):
    AssetFile.objects.create(proof=proof, content=b"content")

    with pytest.raises(ProtectedError):
        proof.delete()

    assert AssetFile.objects.count() == 1
