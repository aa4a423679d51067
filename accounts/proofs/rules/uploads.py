"""What an uploaded file is by its bytes, never by its name, and whether a PDF is plain paper."""

import re
from enum import StrEnum

_TAIL = 1024  # readers look for the end of a PDF in its last kilobyte


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
    b"%PDF-": FileKind.PDF,
}
# Whatever acts, carries other files or hides what it carries. Objects may also lie packed in
# streams, where names cannot be seen without unpacking: such a file is refused as well.
_UNSAFE = {
    "JavaScript", "JS", "Launch", "EmbeddedFile", "EmbeddedFiles", "OpenAction", "AA", "Encrypt",
    "ObjStm", "RichMedia", "XFA",
}  # fmt: skip
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


def kind_of(first_bytes: bytes) -> FileKind:
    """Return what a file is by its first bytes.

    Raises: UnknownKind.
    """
    for magic, kind in _MAGIC.items():
        if first_bytes.startswith(magic):
            return kind
    raise UnknownKind("neither JPEG nor PNG nor PDF")


def is_safe_pdf(data: bytes) -> bool:
    """Say whether a PDF is whole and names nothing that acts, embeds or hides.

    Conservative: the names are also looked for where they would do nothing, in texts and pictures,
    and a name written with escapes (``/J#53``) is read as readers read it.
    """
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-_TAIL:]:
        return False
    names = {_unescaped(name) for name in _NAME.findall(data)}
    return not names & _UNSAFE


def _unescaped(name: bytes) -> str:
    plain = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), name)
    return plain.decode("latin-1")
