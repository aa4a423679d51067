"""PDF files of tables, in Chinese and English: the same content gives the same bytes.

The font is one of those that every PDF reader has for Chinese; the file names it and does not carry
it.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from django.utils.translation import gettext
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

CONTENT_TYPE = "application/pdf"

_FONT = "STSong-Light"
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=9, leading=13, wordWrap="CJK")
_TITLE = ParagraphStyle("title", _TEXT, fontSize=15, leading=22, spaceAfter=3 * mm)
_HEADING = ParagraphStyle("heading", _TEXT, fontSize=11, leading=16, spaceBefore=5 * mm)
_NUMBER = ParagraphStyle("number", _TEXT, alignment=2)
_GREY = colors.HexColor("#d4d4d8")
_MARGIN = 15 * mm


class PdfTable(NamedTuple):
    """A table with its title: headings, rows of texts, and the row of its total, if any.

    ``widths`` are the shares of the columns; the columns from ``first_number`` on hold numbers.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    first_number: int
    total: Sequence[str] = ()


def pdf(
    title: str, *, facts: Sequence[str], tables: Sequence[PdfTable], notes: Sequence[str]
) -> bytes:
    """Return a document of A4 pages in landscape: title, facts, tables, notes, numbered pages."""
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    target = BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=landscape(A4), leftMargin=_MARGIN, rightMargin=_MARGIN,
        topMargin=_MARGIN, bottomMargin=_MARGIN, title=title, invariant=1,
    )  # fmt: skip
    document.build(
        list(_parts(title, facts, tables, notes, width=document.width)),
        onFirstPage=_number_page,
        onLaterPages=_number_page,
    )
    return target.getvalue()


def _parts(
    title: str,
    facts: Sequence[str],
    tables: Sequence[PdfTable],
    notes: Sequence[str],
    *,
    width: float,
) -> Iterator[Flowable]:
    yield Paragraph(escape(title), _TITLE)
    for fact in facts:
        yield Paragraph(escape(fact), _TEXT)
    for table in tables:
        yield Paragraph(escape(table.title), _HEADING)
        yield _table(table, width=width)
    for note in notes:
        yield Paragraph(escape(note), ParagraphStyle("note", _TEXT, spaceBefore=3 * mm))


def _table(table: PdfTable, *, width: float) -> Table:
    """Return a table whose headings come again on each page; long texts wrap in their cells."""
    rows = [table.heads, *table.rows, *([table.total] if table.total else [])]
    cells = [
        [
            Paragraph(escape(text), _NUMBER if index >= table.first_number else _TEXT)
            for index, text in enumerate(row)
        ]
        for row in rows
    ]
    shares = sum(table.widths)
    style: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _GREY),
        ("LINEBELOW", (0, 0), (-1, 0), 1, colors.black),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if table.total:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 1, colors.black))
    return Table(
        cells,
        colWidths=[width * share / shares for share in table.widths],
        repeatRows=1,
        style=TableStyle(style),
    )


def _number_page(canvas: Any, document: Any) -> None:
    canvas.setFont(_FONT, 8)
    words = gettext("page {number}").format(number=document.page)
    canvas.drawRightString(document.pagesize[0] - _MARGIN, 8 * mm, words)
