"""What an uploaded file is by its bytes."""

import pytest

from accounts.proofs.rules.uploads import FileKind, UnknownKind, kind_of


@pytest.mark.parametrize(
    ("first_bytes", "kind"),
    [
        (b"\xff\xd8\xff\xe0", FileKind.JPEG),
        (b"\x89PNG\r\n\x1a\n\x00", FileKind.PNG),
        (b"%PDF-1.7", FileKind.PDF),
        (b" %PDF-1.7", FileKind.PDF),
        (b"x" * 1024 + b"%PDF-1.7", FileKind.PDF),
    ],
)
def test_the_first_bytes_say_the_kind(first_bytes, kind):
    assert kind_of(first_bytes) == kind


@pytest.mark.parametrize(
    "first_bytes", [b"", b"\xff\xd8", b"GIF89a", b"PK\x03\x04", b"x" * 1025 + b"%PDF-1.7"]
)
def test_other_files_are_refused(first_bytes):
    with pytest.raises(UnknownKind):
        kind_of(first_bytes)
