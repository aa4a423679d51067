"""Files for spreadsheets hold what was written, and nothing in them is run as a formula."""

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from xml.etree import ElementTree

import pytest

from backoffice.platform.export import Column
from backoffice.platform.export_files import csv_file, defused, xlsx_file

TEXT, AMOUNT = Column("name", "name"), Column("amount", "amount_fen", kind="fen")
EVIL = "=1+1"
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(content):
    """The cells of a workbook as (type, value) by row, formulas as such."""
    book = zipfile.ZipFile(BytesIO(content))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [[_cell(cell) for cell in row.iter(f"{NAMESPACE}c")]
            for row in sheet.iter(f"{NAMESPACE}row")]  # fmt: skip


def _cell(cell):
    if cell.find(f"{NAMESPACE}f") is not None:
        return "formula", cell.find(f"{NAMESPACE}f").text
    text = cell.find(f"{NAMESPACE}is/{NAMESPACE}t")
    return ("text", text.text) if text is not None else ("number", cell.find(f"{NAMESPACE}v").text)


def test_csv_begins_with_the_mark_that_excel_needs():
    content = csv_file([TEXT], [["张三丰"]])

    assert content == "\ufeffname\r\n张三丰\r\n".encode()


def test_csv_writes_amounts_days_moments_and_nothing():
    columns = [AMOUNT, TEXT, TEXT, TEXT, TEXT]
    moment = datetime(2026, 10, 1, 1, 2, 3, tzinfo=UTC)

    content = csv_file(columns, [[1_015_008, date(2026, 10, 1), moment, None, 7]])

    assert content.decode("utf-8-sig").splitlines()[1] == (
        "10150.08,2026-10-01,2026-10-01 09:02:03,,7"
    )


@pytest.mark.parametrize(("fen", "yuan"), [(0, "0.00"), (5, "0.05"), (-1_05, "-1.05"), (None, "")])
def test_csv_writes_an_amount_in_yuan(fen, yuan):
    written = csv_file([TEXT, AMOUNT], [["x", fen]]).decode("utf-8-sig")

    assert written.splitlines()[1] == f"x,{yuan}"


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_a_text_that_a_spreadsheet_would_run_is_defused(start):
    assert defused(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize("text", ["", "张三", "1+1", " =1", "a@b"])
def test_a_harmless_text_stays(text):
    assert defused(text) == text


def test_csv_defuses_heading_and_cells_and_leaves_negative_numbers():
    written = csv_file([Column("=head", "x"), TEXT], [[EVIL, -5]]).decode("utf-8-sig")

    assert written == "'=head,name\r\n'=1+1,-5\r\n"


def test_xlsx_keeps_texts_as_texts():
    columns = [TEXT, TEXT, TEXT]

    rows = cells(xlsx_file(columns, [[EVIL, "http://example.org", "0123"]]))

    assert rows[1] == [("text", EVIL), ("text", "http://example.org"), ("text", "0123")]


def test_xlsx_writes_numbers_and_leaves_out_nothing_but_none():
    rows = cells(xlsx_file([AMOUNT, TEXT, TEXT, AMOUNT], [[1_015_008, 7, None, None]]))

    assert rows == [
        [("text", "amount"), ("text", "name"), ("text", "name"), ("text", "amount")],
        [("number", "10150.08"), ("number", "7")],
    ]


def test_a_row_of_another_length_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        csv_file([TEXT, TEXT], [["x"]])
