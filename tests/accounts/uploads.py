"""Files as customers send them, good and bad, and the form that carries them."""

import struct
import warnings
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

from pikepdf import Dictionary, Name, PageCopyWarning, Pdf
from PIL import Image

from accounts.proofs.rules.pdfs import rewrite

TEN_MB = 10_485_760
BOUNDARY = "boundary"


def picture(kind: str = "JPEG", colour: str = "teal", *, size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a small picture."""
    written = BytesIO()
    Image.new("RGB", size, colour).save(written, format=kind)
    return written.getvalue()


def bomb() -> bytes:
    """Return a small PNG that says it has 100,000 by 100,000 pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
        + struct.pack(">I", zlib.crc32(chunk)) + picture("PNG")[33:]
    )  # fmt: skip


def a_pdf(edit: Callable[[Pdf], Any] | None = None, **how: Any) -> bytes:
    """Return a PDF of two pages after a change, written in a way."""
    with Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.add_blank_page()
        if edit is not None:
            edit(pdf)
        written = BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PageCopyWarning)  # fields outside of a form
            pdf.save(written, **{"compress_streams": False, **how})
        return written.getvalue()


def _put_action(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS="app.alert(1)")


PDF = rewrite(a_pdf())  # as it is kept
ACTIVE_PDF = a_pdf(_put_action)


def pdf_of(size: int) -> bytes:
    """Return a PDF of exactly so many bytes."""

    def padded(count: int) -> bytes:
        return a_pdf(lambda pdf: setattr(pdf.Root, "X", pdf.make_stream(b"x" * count)))

    count = size - len(padded(0))
    return padded(count - (len(padded(count)) - size))


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
