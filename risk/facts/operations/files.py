"""Files of partner events: the same events and the same checks as over HTTP, a batch at a time.

A file is read as a stream: its size does not matter. Every bad line is written to a file beside
it, with its number, code and reason.
"""

import codecs
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import Refused
from risk.facts.operations import events
from risk.facts.operations.events import RefusedEvent
from risk.facts.reading import COMMON, FIELDS, EventFault

LINE_LENGTH_MAX = 64 * 1024
BLOCK_BYTES = 1024 * 1024
SHOWN_MAX = 20
ENCODINGS = ("utf-8", "gb18030")
BOM = "utf-8-sig"


class FileUnreadableError(Refused):
    """The file does not exist or may not be read."""

    code = "events-file-unreadable"
    message = _("{file} cannot be read: {reason}.")
    remedy = _("Check the path and its permissions.")


class FileEncodingError(Refused):
    """The file is in neither encoding."""

    code = "events-file-encoding"
    message = _("{file} is neither UTF-8 nor GB18030.")
    remedy = _("Export it again as UTF-8.")


class FileColumnsError(Refused):
    """The header of a CSV file names columns that no event has, or one of them twice."""

    code = "events-file-columns"
    message = _("The header of {file} has unknown or repeated columns: {columns}.")
    remedy = _("Use the field names of docs/events.md, each once.")


class BadEventLine(NamedTuple):
    """A line that was not taken."""

    number: int
    code: str
    detail: str


class ImportedFile(NamedTuple):
    """What became of a file: its encoding, the counts, and the first bad lines."""

    encoding: str
    lines: int
    accepted: int
    repeated: int
    bad: int
    first_bad: list[BadEventLine]
    bad_file: Path | None


class _Line(NamedTuple):
    number: int
    value: Any
    is_readable: bool = True


def import_file(
    file: Path,
    *,
    partner: str,
    by: str,
    at: datetime,
    advance: Callable[[int], None] = lambda _lines: None,
) -> ImportedFile:
    """Receive the events of a JSON Lines file, or of a CSV file whose name ends in ``.csv``.

    ``advance`` is called with the number of lines of each batch when it is stored.

    Raises:
        FileUnreadableError: the file cannot be read.
        FileEncodingError: it is neither UTF-8 nor GB18030.
        FileColumnsError: the header of a CSV file is wrong; nothing was stored.
    """
    encoding = encoding_of(file)
    bad_file = file.with_name(f"{file.name}.bad.jsonl")
    bad_file.unlink(missing_ok=True)
    lines = accepted = repeated = bad = 0
    first: list[BadEventLine] = []
    with file.open(encoding=encoding, newline="") as stream:
        source = _csv(stream, file) if file.suffix.lower() == ".csv" else _json_lines(stream)
        for batch in _batches(source):
            found, counts = _received(batch, partner=partner, by=by, at=at)
            _append(bad_file, found)
            lines += len(batch)
            accepted, repeated = accepted + counts[0], repeated + counts[1]
            bad += len(found)
            first += found[: SHOWN_MAX - len(first)]
            advance(len(batch))
    return ImportedFile(encoding, lines, accepted, repeated, bad, first, bad_file if bad else None)


def encoding_of(file: Path) -> str:
    """Return the encoding of a file, decoded strictly from the first byte to the last.

    Raises:
        FileUnreadableError: the file cannot be read.
        FileEncodingError: it is neither UTF-8, with or without a byte order mark, nor GB18030.
    """
    try:
        with file.open("rb") as stream:
            has_mark = stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
        found = next((one for one in ENCODINGS if _is_decoded(file, one)), None)
    except OSError as error:
        raise FileUnreadableError(file=file, reason=error.strerror) from None
    if found is None:
        raise FileEncodingError(file=file)
    return BOM if has_mark and found == ENCODINGS[0] else found


def _is_decoded(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _received(
    batch: list[_Line], *, partner: str, by: str, at: datetime
) -> tuple[list[BadEventLine], tuple[int, int]]:
    sent = [line for line in batch if line.is_readable]
    received = events.receive([line.value for line in sent], partner=partner, by=by, at=at)
    unreadable = RefusedEvent(0, EventFault.LINE_UNREADABLE, {}).detail
    found = [
        BadEventLine(line.number, EventFault.LINE_UNREADABLE.value, unreadable)
        for line in batch
        if not line.is_readable
    ] + [
        BadEventLine(sent[one.position].number, one.fault.value, one.detail)
        for one in received.refused
    ]
    return sorted(found), (received.accepted, received.repeated)


def _append(bad_file: Path, found: Iterable[BadEventLine]) -> None:
    texts = [
        json.dumps({"line": one.number, "code": one.code, "detail": one.detail}, ensure_ascii=False)
        for one in found
    ]
    if texts:
        with bad_file.open("a", encoding="utf-8") as stream:
            stream.write("\n".join([*texts, ""]))


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    while batch := list(islice(lines, events.BATCH_MAX)):
        yield batch


def _short_lines(stream: TextIO) -> Iterator[str]:
    """Yield each line; of one that is too long only the beginning, so that memory is bounded."""
    while line := stream.readline(LINE_LENGTH_MAX + 1):
        rest = line
        while len(rest) > LINE_LENGTH_MAX and not rest.endswith("\n"):
            rest = stream.readline(LINE_LENGTH_MAX + 1)
        yield line


def _json_lines(stream: TextIO) -> Iterator[_Line]:
    for number, text in enumerate(_short_lines(stream), start=1):
        if not text.strip():
            continue
        try:
            is_short = len(text) <= LINE_LENGTH_MAX
            yield _Line(number, json.loads(text) if is_short else None, is_short)
        except (ValueError, RecursionError):
            yield _Line(number, None, is_readable=False)


_KNOWN = {name for fields in FIELDS.values() for name in fields} | set(COMMON)
_WHOLE = {
    name
    for fields in FIELDS.values()
    for name, field in fields.items()
    if field.reader.schema["type"] == "integer"
}


def _csv(stream: TextIO, file: Path) -> Iterator[_Line]:
    """Yield the rows of a CSV file as events; an empty cell is a field that is left out."""
    rows = csv.reader(_short_lines(stream), strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error:
        header = [""]
    wrong = sorted({name for name in header if name not in _KNOWN or header.count(name) > 1})
    if wrong:
        raise FileColumnsError(file=file, columns=", ".join(wrong)[:200])
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            yield _Line(rows.line_num, None, is_readable=False)
            continue
        if row is None:
            return
        if len(row) > len(header):
            yield _Line(rows.line_num, None, is_readable=False)
        elif row:
            cells = {name: cell for name, cell in zip(header, row, strict=False) if cell != ""}
            yield _Line(rows.line_num, {name: _cell(name, cell) for name, cell in cells.items()})


def _cell(name: str, cell: str) -> Any:
    """Return a cell as JSON would have it; what is no whole number is refused by its field."""
    is_whole = name in _WHOLE and cell.isascii() and cell.removeprefix("-").isdecimal()
    return int(cell) if is_whole and len(cell) <= 20 else cell
