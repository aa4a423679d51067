"""Reading a portfolio: a row a line, plain CSV or gzip, each bad line with its reason."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from backoffice.core.errors import Refused, Text
from loans.migration.operations.people import NUMBER_MAX

STATUS_COLUMNS = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
BILL_COLUMNS = tuple(f"BILL_AMT{n}" for n in range(1, 7))
PAYMENT_COLUMNS = tuple(f"PAY_AMT{n}" for n in range(1, 7))
LABEL_COLUMN = "default.payment.next.month"
COLUMNS = (
    "ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE",
    *STATUS_COLUMNS, *BILL_COLUMNS, *PAYMENT_COLUMNS, LABEL_COLUMN,
)  # fmt: skip

AMOUNT_MAX = 100_000_000
LINE_BYTES_MAX = 16_384
SHOWN_MAX = 40
_BOUNDS: dict[str, tuple[int, int]] = {
    "ID": (1, NUMBER_MAX),
    "LIMIT_BAL": (0, AMOUNT_MAX),
    "SEX": (1, 2),
    "EDUCATION": (0, 99),
    "MARRIAGE": (0, 99),
    "AGE": (18, 120),
    **dict.fromkeys(STATUS_COLUMNS, (-2, 99)),
    **dict.fromkeys(BILL_COLUMNS, (-AMOUNT_MAX, AMOUNT_MAX)),
    **dict.fromkeys(PAYMENT_COLUMNS, (0, AMOUNT_MAX)),
    LABEL_COLUMN: (0, 1),
}
_CHECKS = tuple((name, *_BOUNDS[name]) for name in COLUMNS)
_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
# Statistics programs write a hundred thousand as 1e+05, and spreadsheets as 100000.0.
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,12})?([eE][+-]?[0-9]{1,2})?")
_GZIP = b"\x1f\x8b"


class ClientRow(NamedTuple):
    """One customer of the portfolio, in the lender's dollars; the latest month comes first."""

    line: int
    number: int
    limit: int
    sex: int
    age: int
    statuses: tuple[int, ...]
    bills: tuple[int, ...]
    payments: tuple[int, ...]
    has_defaulted: bool


class BadLine(NamedTuple):
    """A line that is left out: where, the value as it may be shown, and why."""

    line: int
    column: str
    value: str
    words: Text
    facts: tuple[tuple[str, int], ...] = ()

    def reason(self, language: str) -> str:
        """Return why, in a language."""
        with override(language):
            return str(self.words).format(**dict(self.facts))


class UnreadableBookError(Refused):
    """The file is not there, damaged, or empty."""

    code = "unreadable-book"
    message = _("{file} cannot be read: {problem}.")
    remedy = _("Name a CSV file, plain or gzip, and fetch it again if it is damaged.")


class WrongColumnsError(Refused):
    """The first line does not name the columns of a portfolio, each once."""

    code = "wrong-columns"
    message = _("{file} has other columns: missing {missing}; unknown or twice {unknown}.")
    remedy = _("The first line must name exactly these, in any order: {columns}.")


def read(file: Path, *, limit: int | None = None) -> Iterator[ClientRow | BadLine]:
    """Yield each line of the portfolio, at most ``limit``, as a row or as what is wrong with it.

    A gzip that was cut off gives the lines before the break, and the break as the last bad line.
    Adults of any age are rows: 18 to 60 is asked of those who open the product (ELIG-1), not of a
    portfolio that is moved here.

    Raises:
        UnreadableBookError: no such file, a damaged gzip, or no first line.
        WrongColumnsError: a column is missing, unknown, or named twice.
    """
    with _opened(file) as stream:
        lines = _lines(stream)
        order = _column_order(file, next(lines, (1, None))[1])
        seen: set[int] = set()
        for line, text in islice(lines, limit):
            row = _cut_off(line) if text is None else _parse(line, text, order)
            if isinstance(row, ClientRow):
                if row.number in seen:
                    row = BadLine(line, "ID", str(row.number), _("stands in the file before"))
                else:
                    seen.add(row.number)
            yield row


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """Open the portfolio, unpacked; a gzip whose checksum is wrong is refused before any row."""
    try:
        with file.open("rb") as raw:
            is_gzip = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            if not is_gzip:
                yield raw
                return
            _require_sound(raw)
            raw.seek(0)
            with gzip.open(raw) as unpacked:
                yield unpacked  # type: ignore[misc]
    except (OSError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or error
        raise UnreadableBookError(file=file, problem=problem) from error


def _require_sound(raw: BinaryIO) -> None:
    """Unpack to the end: damage raises here; a break is told at its line."""
    with gzip.open(raw) as unpacked:
        try:
            while unpacked.read(1 << 16):
                pass
        except EOFError:
            return


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines that are not blank with their numbers; None where a gzip breaks off."""
    for number in count(1):
        try:
            line = _whole_line(stream)
        except EOFError:
            yield number, None
            return
        if not line:
            return
        if line.strip():
            yield number, line


def _whole_line(stream: BinaryIO) -> bytes:
    """Return the next line; of one that is far too long the beginning."""
    line = piece = stream.readline(LINE_BYTES_MAX + 1)
    while len(piece) > LINE_BYTES_MAX and not piece.endswith(b"\n"):
        piece = stream.readline(LINE_BYTES_MAX + 1)
    return line


def _column_order(file: Path, first: bytes | None) -> tuple[int, ...]:
    """Return where each of ``COLUMNS`` stands in a line."""
    if first is None:
        raise UnreadableBookError(file=file, problem=_("it has no first line"))
    fields = _fields(first.removeprefix(b"\xef\xbb\xbf")) or []
    missing = [name for name in COLUMNS if name not in fields]
    unknown = [name for n, name in enumerate(fields) if name not in COLUMNS or name in fields[:n]]
    if missing or unknown:
        raise WrongColumnsError(
            file=file,
            missing=", ".join(missing) or "–",
            unknown=", ".join(shown(name) for name in unknown[:10]) or "–",
            columns=", ".join(COLUMNS),
        )
    return tuple(fields.index(name) for name in COLUMNS)


def shown(text: str) -> str:
    """Return a stranger's text as it may be printed: short, on one line, no control codes."""
    cut = text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"
    return "".join(char if char.isprintable() else "�" for char in cut)


def _fields(text: bytes) -> list[str] | None:
    """Return the fields of one line, or None when it is no CSV."""
    try:
        [fields] = csv.reader([text.decode("utf-8", "replace").rstrip("\r\n")])
    except (csv.Error, ValueError):
        return None
    return [field.strip() for field in fields]


def _cut_off(line: int) -> BadLine:
    return BadLine(line, "", "", _("the file breaks off here; the lines before it are whole"))


def _parse(line: int, text: bytes, order: Sequence[int]) -> ClientRow | BadLine:
    """Return a line as a row, or the first thing that is wrong with it."""
    if len(text) > LINE_BYTES_MAX:
        words, facts = _("longer than {most} bytes"), (("most", LINE_BYTES_MAX),)
        return BadLine(line, "", "", words, facts)
    fields = _fields(text)
    if fields is None:
        return BadLine(line, "", "", _("not a line of CSV"))
    if len(fields) != len(order):
        counts = (("found", len(fields)), ("expected", len(order)))
        return BadLine(line, "", "", _("{found} fields instead of {expected}"), counts)
    numbers: list[int] = []
    for (name, least, most), place in zip(_CHECKS, order, strict=True):
        number = _number(fields[place])
        if number is None:
            words = _("not a whole number") if fields[place] else _("missing")
            return BadLine(line, name, shown(fields[place]), words)
        if not least <= number <= most:
            bounds = (("least", least), ("most", most))
            words = _("must be from {least} to {most}")
            return BadLine(line, name, shown(fields[place]), words, bounds)
        numbers.append(number)
    return _row(line, numbers)


def _number(text: str) -> int | None:
    """Return a whole number however it is written, or None."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else None


def chunks(rows: Iterator[ClientRow], *, size: int) -> Iterator[list[ClientRow]]:
    """Yield rows a number at a time."""
    while chunk := list(islice(rows, size)):
        yield chunk


def _row(line: int, numbers: Sequence[int]) -> ClientRow:
    number, limit, sex, _education, _marriage, age, *rest = numbers
    return ClientRow(line, number, limit, sex, age, tuple(rest[:6]), tuple(rest[6:12]),
               tuple(rest[12:18]), bool(rest[18]))  # fmt: skip
