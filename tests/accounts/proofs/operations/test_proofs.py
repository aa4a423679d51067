"""Proofs: taken by their bytes, kept once, deleted with their file, shown on record."""

import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from accounts.models import AccessRecord, AssetFile, AssetProof, Customer, CustomerHold, Staff
from accounts.onboarding import operations as onboarding
from accounts.proofs.operations import proofs
from accounts.proofs.operations.proofs import Upload
from backoffice.core.crypto import blind
from backoffice.core.models import StateChange
from tests.accounts.cards.cards import customer
from tests.accounts.people import AT, LONG_AGO, request_of
from tests.accounts.uploads import ACTIVE_PDF, PDF, bomb, pdf_of, picture

LATER = AT + timedelta(hours=1)


@pytest.fixture
def owner(db):
    return customer()


def receive(owner, data=PDF, kind="house", *, at=AT, numbers=None, **other):
    context = request_of(owner, at=at)
    if numbers:
        context = replace(context, policy=replace(context.policy, **numbers))
    return proofs.receive(context, upload=Upload(kind, data, **other))


def refused(error, *given, **other):
    """Expect a refusal that leaves what is kept as it was; return it."""
    before = list(AssetProof.objects.order_by("pk").values())
    with pytest.raises(error) as caught:
        receive(*given, **other)
    assert list(AssetProof.objects.order_by("pk").values()) == before
    assert AssetFile.objects.count() == len(before)
    return caught.value


def hold(owner, kind="legal"):
    CustomerHold.objects.create(
        customer=owner, kind=kind, holder="court", reason="x", placed_by="staff", placed_at=AT
    )


def test_a_proof_keeps_what_was_sent_and_the_digest_of_the_upload(owner):
    received = receive(owner, valid_until_on=AT.date(), asset_number="A-1")

    proof = AssetProof.objects.get()
    assert received == (proof, True)
    assert (proof.customer, proof.kind, proof.content_type) == (owner, "house", "application/pdf")
    assert (proof.size, proof.valid_until_on, proof.uploaded_at) == (len(PDF), AT.date(), AT)
    assert (proof.asset_number, bytes(proof.asset_blind)) == ("A-1", blind("A-1", "asset"))
    assert bytes(proof.digest) == hashlib.sha256(PDF).digest()
    assert bytes(AssetFile.objects.get(proof=proof).content) == PDF


@pytest.mark.parametrize(("form", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_a_picture_is_kept_painted_again_under_the_digest_of_the_upload(owner, form, content_type):
    data = picture(form) + b"what hangs behind"

    proof = receive(owner, data).proof

    content = bytes(AssetFile.objects.get().content)
    assert (proof.content_type, proof.size) == (content_type, len(content))
    assert b"what hangs behind" not in content
    assert bytes(proof.digest) == hashlib.sha256(data).digest()


def test_the_same_file_again_is_the_first_proof(owner):
    first = receive(owner).proof

    again = receive(owner, at=LATER)

    assert again == (first, False)
    assert AssetProof.objects.get().uploaded_at == AT


def test_the_same_file_of_another_customer_is_another_proof(owner):
    receive(owner)

    assert receive(customer(2)).is_new


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"GIF89a", proofs.FileKindError),
        (b"", proofs.FileKindError),
        (bomb(), proofs.PictureBadError),
        (picture("PNG")[:60], proofs.PictureBadError),
        (ACTIVE_PDF, proofs.PdfUnsafeError),
        (b"%PDF-1.7 <script>", proofs.PdfUnsafeError),
    ],
)
def test_bytes_that_cannot_be_kept_are_refused(owner, data, error):
    refused(error, owner, data)


def test_a_file_has_as_many_bytes_as_the_policy_allows_and_no_more(owner):
    numbers = {"proof_bytes_max": 5_000}

    refusal = refused(proofs.FileTooLargeError, owner, pdf_of(5_001), numbers=numbers)

    assert refusal.facts == {"bytes_max": 5_000}
    assert receive(owner, pdf_of(5_000), numbers=numbers).is_new


def test_a_picture_has_as_many_pixels_as_the_policy_allows_and_no_more(owner):
    large = picture(size=(120, 100))

    refusal = refused(
        proofs.PictureBadError, owner, large, numbers={"proof_pixels_max": 120 * 100 - 1}
    )

    assert refusal.facts == {"pixels_max": 11_999}
    assert receive(owner, large, numbers={"proof_pixels_max": 12_000}).is_new


def test_what_is_shown_is_valid_to_the_end_of_its_day(owner):
    today, yesterday = AT.date(), AT.date() - timedelta(days=1)

    refused(proofs.ProofExpiredError, owner, valid_until_on=yesterday)

    assert receive(owner, valid_until_on=today).is_new


def test_the_same_file_proves_one_thing(owner):
    first = receive(owner).proof

    refusal = refused(proofs.ProofKindError, owner, kind="vehicle")

    assert refusal.facts == {"id": str(first.public_id)}


def test_an_asset_of_a_customer_counts_once(owner):
    first = receive(owner, asset_number="A-1").proof

    refusal = refused(proofs.AssetKnownError, owner, picture(), asset_number="A-1")

    assert refusal.facts == {"id": str(first.public_id)}
    assert receive(owner, picture(), asset_number="A-2").is_new
    assert receive(customer(2), asset_number="A-1").is_new


def test_as_many_are_kept_as_the_policy_allows(owner):
    numbers = {"proofs_max": 2}
    receive(customer(2))
    first = receive(owner, numbers=numbers).proof
    receive(owner, picture(), numbers=numbers)

    refusal = refused(proofs.TooManyProofsError, owner, picture("PNG"), numbers=numbers)

    assert refusal.facts == {"proofs_max": 2}
    assert receive(owner, numbers=numbers) == (first, False)


def test_a_proof_comes_after_the_identity_and_the_cooling_off_period(owner):
    unknown = Customer.objects.create(registered_at=LONG_AGO)
    fresh = customer(2)
    Customer.objects.filter(pk=fresh.pk).update(registered_at=AT - timedelta(days=29))
    fresh.refresh_from_db()

    refused(onboarding.StepMissingError, unknown)
    refused(onboarding.CoolingOffError, fresh)


def test_of_a_blocked_customer_nothing_is_taken(owner):
    hold(owner, "block")

    refused(onboarding.OnHoldError, owner)


def test_a_block_that_comes_while_the_file_is_read_is_minded(owner):
    context = request_of(owner)
    assert context.status
    hold(owner, "block")

    with pytest.raises(onboarding.OnHoldError):
        proofs.receive(context, upload=Upload("house", PDF))

    assert not AssetProof.objects.exists()


def test_the_proofs_of_a_customer_come_the_newest_first_and_stay_sealed(owner):
    first, second = receive(owner, asset_number="A-1").proof, receive(owner, picture()).proof
    receive(customer(2))

    found = list(proofs.of(owner))

    assert found == [second, first]
    assert found[1].get_deferred_fields() == {"asset_number"}


def test_a_deleted_proof_is_gone_with_its_file_and_leaves_a_trace(owner):
    kept, gone = receive(owner, picture()).proof, receive(owner).proof

    proofs.delete(gone.public_id, customer=owner, by="customer:1", at=LATER)

    assert list(AssetFile.objects.values_list("proof", flat=True)) == [kept.pk]
    trace = StateChange.objects.get(subject_type="accounts.assetproof", subject_id=gone.pk)
    assert (trace.transition, trace.actor, trace.at) == ("delete", "customer:1", LATER)
    with pytest.raises(proofs.ProofUnknownError):
        proofs.delete(gone.public_id, customer=owner, by="customer:1", at=LATER)


def test_nobody_deletes_the_proof_of_another(owner):
    proof = receive(owner).proof

    with pytest.raises(proofs.ProofUnknownError):
        proofs.delete(proof.public_id, customer=customer(2), by="customer:2", at=AT)

    assert AssetFile.objects.get().proof == proof


def test_a_legal_hold_keeps_the_proof_and_a_block_does_not(owner):
    proof = receive(owner).proof
    hold(owner)

    with pytest.raises(onboarding.OnHoldError):
        proofs.delete(proof.public_id, customer=owner, by="customer:1", at=AT)
    assert AssetFile.objects.count() == 1
    CustomerHold.objects.update(kind="block")
    proofs.delete(proof.public_id, customer=owner, by="customer:1", at=AT)

    assert AssetProof.objects.count() == 0


def test_who_of_the_staff_saw_a_proof_and_why_is_on_record(owner):
    proof, reader = receive(owner).proof, Staff.objects.create_user("credit")

    file = proofs.content(proof.public_id, staff=reader, reason="limit review", at=LATER)

    name = f"house-{proof.public_id}.pdf"
    assert (file.file_name, file.content_type, bytes(file.content)) == (
        name, "application/pdf", PDF,
    )  # fmt: skip
    record = AccessRecord.objects.get()
    assert (record.customer, record.staff, record.fields) == (owner, reader, "proof")
    assert (record.reason, record.at) == ("limit review", LATER)


@pytest.mark.parametrize(
    ("reason", "error"), [("x", proofs.ProofUnknownError), ("", AssertionError)]
)
def test_without_proof_or_reason_nothing_is_shown_or_recorded(owner, reason, error):
    proof, reader = receive(owner).proof, Staff.objects.create_user("credit")
    public_id = uuid.uuid4() if reason else proof.public_id

    with pytest.raises(error):
        proofs.content(public_id, staff=reader, reason=reason, at=AT)

    assert not AccessRecord.objects.exists()


def test_a_file_sent_many_times_at_once_is_one_proof(together):
    owner = customer()

    received = together(6, lambda _n: receive(owner, picture()))

    assert sorted(one.is_new for one in received) == [False] * 5 + [True]
    assert AssetFile.objects.count() == 1


def test_of_many_files_at_once_no_more_are_kept_than_allowed(together):
    owner = customer()

    def send(number):
        try:
            return receive(owner, picture() + b"\n" * number, numbers={"proofs_max": 2}).is_new
        except proofs.TooManyProofsError:
            return False

    assert sum(together(6, send)) == 2
    assert AssetProof.objects.count() == 2
