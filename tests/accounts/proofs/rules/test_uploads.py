"""What an uploaded file is by its bytes, and which PDFs are plain paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.proofs.rules.uploads import FileKind, UnknownKind, is_safe_pdf, kind_of
from tests.profiles import pure


def a_pdf(names=b"", end=b"%%EOF\n"):
    return b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog " + names + b" >>\nendobj\ntrailer\n" + end


@pytest.mark.parametrize(
    ("first_bytes", "kind"),
    [
        (b"\xff\xd8\xff\xe0", FileKind.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00", FileKind.PNG),
        (b"%PDF-1.7", FileKind.PDF),
    ],
)
def test_the_first_bytes_say_the_kind(first_bytes, kind):
    assert kind_of(first_bytes) == kind


@pytest.mark.parametrize("first_bytes", [b"", b"\xff\xd8", b"GIF89a", b"PK\x03\x04", b" %PDF-1.7"])
def test_other_files_are_refused(first_bytes):
    with pytest.raises(UnknownKind):
        kind_of(first_bytes)


def test_a_plain_pdf_is_safe():
    assert is_safe_pdf(a_pdf())
    assert is_safe_pdf(a_pdf(b"/AAPL:Keywords (x) /JSON 1 /Launcher 2"))


@pytest.mark.parametrize(
    "names",
    [
        b"/JavaScript 2 0 R", b"/JS (app.alert\\(1\\))", b"/S/Launch", b"/EmbeddedFile",
        b"/EmbeddedFiles<<>>", b"/OpenAction[3 0 R]", b"/AA<<>>", b"/Encrypt 5 0 R",
        b"/J#53 (x)", b"/#4aava#53cript 2 0 R", b"/#41#41<<>>", b"/Type/ObjStm", b"/XFA 1",
    ],
)  # fmt: skip
def test_a_pdf_that_runs_embeds_or_hides_is_not(names):
    assert not is_safe_pdf(a_pdf(names))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n" + a_pdf(),
        a_pdf(end=b""),
        a_pdf(end=b"%%EOF" + b"\0" * 1024),
        b"<html>" + a_pdf(),
    ],
)
def test_a_pdf_without_its_beginning_or_end_is_not(data):
    assert not is_safe_pdf(data)


@pure
@given(st.binary(max_size=40), st.lists(st.booleans(), min_size=10, max_size=10))
def test_no_way_of_writing_a_name_hides_it(before, escaped):
    letters = zip(b"JavaScript", escaped, strict=True)
    name = b"".join(
        b"#%02x" % byte if is_escaped else bytes([byte]) for byte, is_escaped in letters
    )

    assert not is_safe_pdf(a_pdf(before + b" /" + name + b" 2 0 R"))


@pure
@given(st.binary(max_size=64))
def test_any_bytes_are_judged_without_a_fault(data):
    assert is_safe_pdf(data) in (True, False)
