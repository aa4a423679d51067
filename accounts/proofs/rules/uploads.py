"""What an uploaded file is by its bytes, never by its name."""

from enum import StrEnum

_PDF = b"%PDF-"
_BEFORE_PDF_MAX = 1024  # programs put bytes before the header, and readers look so far for it


class FileKind(StrEnum):
    """Kinds of files that are taken as proof."""

    JPEG = "jpeg"
    PNG = "png"
    PDF = "pdf"


class UnknownKind(ValueError):
    """Bytes that begin like none of the kinds that are taken."""


_MAGIC = {
    b"\xff\xd8\xff": FileKind.JPEG,
    b"\x89PNG\r\n\x1a\n": FileKind.PNG,
}


def kind_of(first_bytes: bytes) -> FileKind:
    """Return what a file is by its first bytes.

    Raises: UnknownKind.
    """
    for magic, kind in _MAGIC.items():
        if first_bytes.startswith(magic):
            return kind
    if _PDF in first_bytes[: _BEFORE_PDF_MAX + len(_PDF)]:
        return FileKind.PDF
    raise UnknownKind("neither JPEG nor PNG nor PDF")
