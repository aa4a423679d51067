"""Files as customers send them, good and bad, and the form that carries them."""

import struct
import zlib
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
ACTIVE_PDF = PDF.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction 2 0 R")
TEN_MB = 10_485_760
BOUNDARY = "boundary"


def picture(kind: str = "JPEG", colour: str = "teal") -> bytes:
    """Return a small picture."""
    written = BytesIO()
    Image.new("RGB", (40, 30), colour).save(written, format=kind)
    return written.getvalue()


def bomb() -> bytes:
    """Return a small PNG that says it has 100,000 by 100,000 pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
        + struct.pack(">I", zlib.crc32(chunk)) + picture("PNG")[33:]
    )  # fmt: skip


def pdf_of(size: int) -> bytes:
    """Return a PDF of exactly so many bytes."""
    return PDF.replace(b"trailer", b"%" + b"x" * (size - len(PDF) - 2) + b"\ntrailer")


class Part(NamedTuple):
    """One part of a form; a file when it has a file name."""

    name: str
    content: bytes
    file_name: str | None = None
    content_type: str = "image/jpeg"


def file(content: bytes, **other: Any) -> Part:
    """Return the part that carries a file."""
    return Part(**{"name": "file", "content": content, "file_name": "a.jpg", **other})


def kind(code: str) -> Part:
    """Return the part that says what a file proves."""
    return Part("kind", code.encode())


def send(phone: Any, *parts: Part) -> Any:
    """Send a form, exactly as it is given here."""
    headers = {"accept-language": "en"}
    if phone.token:
        headers["authorization"] = f"Bearer {phone.token}"
    return phone.client.post(
        "/api/v1/me/assets",
        data=b"".join(map(_part, parts)) + f"--{BOUNDARY}--\r\n".encode(),
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers=headers,
    )


def _part(part: Part) -> bytes:
    name = "" if part.file_name is None else f'; filename="{part.file_name}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part.name}"{name}\r\n'
    if part.file_name is not None:
        head += f"Content-Type: {part.content_type}\r\n"
    return head.encode() + b"\r\n" + part.content + b"\r\n"
