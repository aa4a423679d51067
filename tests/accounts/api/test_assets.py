"""Proofs through HTTP: what is taken, what is not, and what of it is kept (LIMIT-3, LIMIT-4)."""

import hashlib
import tempfile
from io import BytesIO

import pytest
from pikepdf import Array, Encryption
from PIL import Image

from accounts.models import AssetFile, AssetProof, CustomerHold, ProofKind
from accounts.proofs import pdf_process
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.people import AT, person
from tests.accounts.uploads import (
    ACTIVE_PDF,
    PDF,
    TEN_MB,
    Part,
    a_pdf,
    bomb,
    file,
    kind,
    pdf_of,
    picture,
    send,
)
from tests.raw import execute

URL = "me/assets"


def upload(phone, content=None, what="house", **other):
    return send(phone, kind(what), file(picture() if content is None else content, **other))


def kept():
    return bytes(AssetFile.objects.get().content)


def nothing_kept():
    return not AssetProof.objects.exists() and not AssetFile.objects.exists()


def faults(answer):
    assert problem(answer) == (400, "invalid-input")
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (PDF, "application/pdf"),
    ],
)
@pytest.mark.parametrize("claimed", ["image/jpeg", "text/html"])
def test_a_file_is_what_its_bytes_are(identified, content, content_type, claimed):
    answer = upload(identified, content, content_type=claimed, file_name="a.html")

    proof = AssetProof.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(proof.public_id),
        "kind": "house",
        "valid_until": None,
        "content_type": content_type,
        "size": len(kept()),
        "uploaded_at": "2026-12-24T15:00:00+08:00",
        "review": "waiting",
    }
    assert bytes(proof.digest) == hashlib.sha256(content).digest()


@pytest.mark.parametrize("what", ProofKind.values)
def test_every_kind_of_proof_is_taken(identified, what):
    assert upload(identified, what=what).json()["kind"] == what


def test_of_a_picture_only_the_pixels_are_kept(identified):
    written = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    Image.new("RGB", (40, 30), "teal").save(written, format="JPEG", exif=exif)

    upload(identified, written.getvalue())

    assert b"where I live" not in kept()
    assert Image.open(BytesIO(kept())).size == (40, 30)


@pytest.mark.parametrize("hidden", [b"PK\x03\x04 an archive", b"<script>alert(1)</script>", PDF])
def test_what_hangs_behind_a_picture_is_not_kept(identified, hidden):
    assert upload(identified, picture() + hidden).status_code == 201

    assert hidden not in kept()


def test_a_pdf_is_kept_written_again(identified):
    upload(identified, b"from a mail\n" + PDF + b"\0" * 2048)

    assert kept() == PDF


def test_the_content_is_sealed(identified):
    upload(identified, PDF)

    [(stored,)] = execute("SELECT content FROM accounts_assetfile")
    assert b"%PDF" not in bytes(stored)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>", "file-kind-unknown"),
        (b"GIF89a" + b"x" * 50, "file-kind-unknown"),
        (b"MZ\x90\x00", "file-kind-unknown"),
        (b" " + picture(), "file-kind-unknown"),
        (b"\xff\xd8\xff<script>", "picture-bad"),
        (picture("PNG")[:60], "picture-bad"),
        (bomb(), "picture-bad"),
        (ACTIVE_PDF, "pdf-unsafe"),
        (a_pdf(encryption=Encryption(owner="a", user="")), "pdf-unsafe"),
        (a_pdf(lambda pdf: pdf.Root.update({"/X": Array([0] * 500_000)})), "pdf-too-large"),
        (b"%PDF-1.7 <script>", "pdf-unsafe"),
    ],
)
def test_bytes_that_are_no_plain_paper_are_refused(identified, content, code):
    answer = upload(identified, content, content_type="image/jpeg", file_name="a.jpg")

    assert problem(answer) == (422, code)
    assert nothing_kept()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "a.php\\x00.jpg",
        "x" * 255,
        "护照.jpg",
    ],
)
def test_the_name_a_file_came_with_is_forgotten(identified, name):
    assert upload(identified, file_name=name).status_code == 201

    proof = AssetProof.objects.get()
    assert proof.file_name == f"house-{proof.public_id}.jpg"
    assert name not in str(AssetProof.objects.values())


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([kind("house")], [("/file", "required")]),
        ([file(picture())], [("/kind", "required")]),
        ([], [("/kind", "required"), ("/file", "required")]),
        ([kind("boat"), file(picture())], [("/kind", "invalid-choice")]),
        ([kind(""), file(picture())], [("/kind", "invalid-choice")]),
        ([kind("house"), file(b"")], [("/file", "empty")]),
        ([kind("house"), file(picture(), file_name="..")], [("/file", "required")]),
        ([kind("house"), Part("file", b"text")], [("/file", "invalid")]),
        ([file(b"house", name="kind"), file(picture())], [("/kind", "wrong-type")]),
        ([kind("house"), file(picture()), file(picture("PNG"))], [("/file", "repeated")]),
        ([kind("house"), kind("other"), file(picture())], [("/kind", "repeated")]),
        ([kind("house"), file(picture()), file(b"x", name="two")], [("/two", "unknown")]),
        ([kind("house"), file(picture()), Part("id", b"1")], [("/id", "unknown")]),
        ([kind("house"), file(picture()), Part("valid_until", b"soon")],
         [("/valid_until", "wrong-type")]),
        ([kind("house"), file(picture()), Part("valid_until", b"2026-13-01")],
         [("/valid_until", "invalid")]),
        ([kind("house"), file(picture()), Part("asset_number", b"x" * 61)],
         [("/asset_number", "max-length")]),
    ],
)  # fmt: skip
def test_a_form_that_is_not_as_it_must_be_brings_nothing(identified, parts, expected):
    answer = send(identified, *parts)

    assert faults(answer) == expected
    assert nothing_kept()


def test_a_form_cut_short_brings_nothing(identified):
    answer = identified.client.post(
        f"/api/v1/{URL}", data=b"--b\r\nContent-Dis", content_type="multipart/form-data",
        headers={"authorization": f"Bearer {identified.token}"},
    )  # fmt: skip

    assert problem(answer) == (400, "malformed-body")
    assert nothing_kept()


def test_json_is_not_taken(identified):
    assert problem(identified.post(URL, {"kind": "house"})) == (415, "unsupported-media-type")


def test_a_file_may_have_ten_megabytes_and_no_byte_more(identified):
    assert upload(identified, pdf_of(TEN_MB)).status_code == 201

    answer = upload(identified, pdf_of(TEN_MB + 1))

    assert problem(answer) == (413, "file-too-large")
    assert answer.json()["bytes_max"] == TEN_MB
    assert AssetProof.objects.count() == 1


def test_a_form_that_is_much_too_large_is_not_read(identified):
    answer = upload(identified, b"x" * 12 * 1024 * 1024)

    assert problem(answer) == (413, "body-too-large")
    assert nothing_kept()


def test_no_upload_touches_the_disk(identified, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))

    assert upload(identified, pdf_of(5_000_000)).status_code == 201


def test_the_same_file_again_is_the_same_proof(identified):
    first = upload(identified, PDF)

    again = upload(identified, PDF, file_name="other.pdf")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert AssetProof.objects.count() == 1


def test_the_same_file_does_not_prove_something_else(identified):
    first = upload(identified, PDF)

    answer = upload(identified, PDF, what="vehicle")

    assert problem(answer) == (409, "proof-of-another-kind")
    assert answer.json()["id"] == first.json()["id"]
    assert AssetProof.objects.get().kind == "house"


def test_the_same_file_of_two_customers_is_two_proofs(identified, another):
    answers = [upload(phone, PDF) for phone in (identified, another)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert AssetProof.objects.count() == 2


def test_an_asset_counts_once(identified):
    number = Part("asset_number", "京A·12345".encode())
    first = send(identified, kind("vehicle"), number, file(PDF))

    answer = send(identified, kind("vehicle"), number, file(picture()))

    assert problem(answer) == (409, "asset-already-proven")
    assert answer.json()["id"] == first.json()["id"]
    assert AssetProof.objects.count() == 1


def test_proofs_without_a_number_do_not_disturb_each_other(identified):
    assert [upload(identified, one).status_code for one in (PDF, picture())] == [201, 201]


@pytest.mark.parametrize(("day", "status"), [("2026-12-24", 201), ("2026-12-23", 422)])
def test_a_proof_is_valid_to_the_end_of_its_last_day(identified, day, status):
    answer = send(identified, kind("house"), file(PDF), Part("valid_until", day.encode()))

    assert answer.status_code == status
    assert AssetProof.objects.count() == (status == 201)


def test_twenty_proofs_are_kept(identified):
    for number in range(20):
        assert upload(identified, picture() + b"\n" * (number + 1)).status_code == 201

    assert problem(upload(identified, picture())) == (409, "too-many-proofs")
    assert AssetProof.objects.count() == 20


def test_the_same_file_is_the_same_proof_also_at_the_maximum(identified):
    for number in range(20):
        upload(identified, picture() + b"\n" * number)

    assert upload(identified, picture()).status_code == 200


def test_while_others_are_checked_a_pdf_is_refused_and_may_be_sent_again(identified, monkeypatch):
    monkeypatch.setattr(pdf_process, "WAIT_SECONDS_MAX", 0.01)
    for _count in range(pdf_process.AT_ONCE_MAX):
        assert pdf_process._running.acquire(timeout=1)
    try:
        answer = upload(identified, PDF)
    finally:
        for _count in range(pdf_process.AT_ONCE_MAX):
            pdf_process._running.release()

    assert problem(answer) == (503, "uploads-busy")
    assert "Retry-After" in answer.headers
    assert nothing_kept()
    assert upload(identified, PDF).status_code == 201


def test_a_proof_comes_after_the_identity(waited):
    answer = upload(waited)

    assert problem(answer) == (409, "step-missing")
    assert answer.json()["missing_step"] == "identity"
    assert nothing_kept()


def test_in_the_cooling_off_period_nothing_is_taken(newcomer):
    assert problem(upload(newcomer)) == (403, "cooling-off")
    assert nothing_kept()


def test_without_a_login_nothing_is_taken(identified):
    identified.token = ""

    assert problem(upload(identified)) == (401, "not-logged-in")
    assert nothing_kept()


def test_the_proofs_of_a_customer_are_listed_the_newest_first(identified, another):
    upload(another, PDF)
    sent = [upload(identified, one).json() for one in (PDF, picture())]

    answer = identified.get(URL)

    assert answer.json() == {"next": None, "previous": None, "results": sent[::-1]}


def test_a_deleted_proof_is_gone_with_its_file(identified):
    proof = upload(identified).json()

    answer = identified.delete(f"{URL}/{proof['id']}")

    assert answer.status_code == 204
    assert nothing_kept()
    assert problem(identified.delete(f"{URL}/{proof['id']}")) == (404, "proof-unknown")


def test_nobody_deletes_the_proof_of_another(identified, another):
    proof = upload(identified).json()

    assert problem(another.delete(f"{URL}/{proof['id']}")) == (404, "proof-unknown")
    assert AssetFile.objects.count() == 1


def test_under_a_legal_hold_no_proof_is_deleted(identified):
    proof = upload(identified).json()
    CustomerHold.objects.create(
        customer=identified.customer, kind="legal", holder="court", reason="a lawsuit",
        placed_by="staff", placed_at=AT,
    )  # fmt: skip

    assert problem(identified.delete(f"{URL}/{proof['id']}")) == (403, "customer-on-hold")
    assert AssetFile.objects.count() == 1


@pytest.fixture
def committed(committed_db, stopped_clock):
    """Somebody whose identity is proven, in a database that commits."""
    phone = Phone("uploader").log_in()
    wait(30)
    assert phone.identify(person()).status_code == 200
    return phone


def test_a_file_sent_twenty_times_at_once_is_one_proof(committed, together):
    answers = together(20, lambda _number: upload(committed, picture()))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert (AssetProof.objects.count(), AssetFile.objects.count()) == (1, 1)


def test_of_thirty_files_at_once_twenty_are_kept(committed, together):
    answers = together(30, lambda number: upload(committed, picture() + b"\n" * number))

    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [409] * 10
    assert (AssetProof.objects.count(), AssetFile.objects.count()) == (20, 20)
