"""Spreadsheet files: CSV without formulas, and XLSX in constant memory.

A cell is a text, an integer, a day, a moment or None; a column of kind ``fen`` is written in yuan.
In CSV a text that a spreadsheet would read as a formula gets an apostrophe; XLSX stores texts as
texts. The yuan of an XLSX cell is a float for display only.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import xlsxwriter

from backoffice.core.clock import SHANGHAI

# First characters of a formula, with the full-width forms that some spreadsheets convert.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Cells(Protocol):
    """A column of a file: its heading, and ``text`` or ``fen``."""

    @property
    def title(self) -> Any:
        """Return the heading."""
        ...

    @property
    def kind(self) -> str:
        """Return ``text`` or ``fen``."""
        ...


def csv_file(columns: Sequence[Cells], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as CSV in UTF-8 with a byte order mark, which Excel needs for Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([defused(str(column.title)) for column in columns])
    for row in rows:
        writer.writerow(
            [
                _yuan(value) if column.kind == "fen" else _csv_cell(value)
                for column, value in zip(columns, row, strict=True)
            ]
        )
    return text.getvalue().encode("utf-8-sig")


def xlsx_file(columns: Sequence[Cells], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as an XLSX workbook; no text becomes a formula, a link or a number."""
    target = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as workbook:
        sheet = workbook.add_worksheet()
        head = workbook.add_format({"bold": True})
        amount = workbook.add_format({"num_format": "#,##0.00"})
        sheet.freeze_panes(1, 0)
        for position, column in enumerate(columns):
            sheet.write_string(0, position, str(column.title), head)
        for number, row in enumerate(rows, 1):
            for position, (column, value) in enumerate(zip(columns, row, strict=True)):
                if value is None:
                    continue
                if column.kind == "fen":
                    sheet.write_number(number, position, value / 100, amount)
                elif isinstance(value, int) and not isinstance(value, bool):
                    sheet.write_number(number, position, value)
                else:
                    sheet.write_string(number, position, _text(value))
    return target.getvalue()


def defused(text: str) -> str:
    """Return a text that no spreadsheet reads as a formula."""
    return f"'{text}" if text.startswith(_RUN) else text


def _csv_cell(value: Any) -> str:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else defused(_text(value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else str(value)


def _yuan(amount_fen: int | None) -> str:
    """Return an amount for a spreadsheet, without thousands separators."""
    if amount_fen is None:
        return ""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{fen:02}"
