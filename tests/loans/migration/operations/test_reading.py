"""What a lender's file may look like, and what is said of each line that is left out."""

import gzip

import pytest
from django.utils.translation import override

from loans.migration.operations.reading import (
    COLUMNS,
    BadLine,
    ClientRow,
    UnreadableBookError,
    WrongColumnsError,
    read,
)
from tests.loans.portfolios import packed, portfolio, row, text


def place_of(line):
    assert isinstance(line, BadLine)
    return line.line, line.column, line.value, line.reason("en")


@pytest.fixture
def read_text(tmp_path):
    def reading(content, **options):
        file = tmp_path / "book.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read(file, **options))

    return reading


def test_a_row_is_read_as_it_stands(read_text):
    assert read_text(text(row())) == [
        ClientRow(
            line=2,
            number=1,
            limit=80_000,
            sex=1,
            age=35,
            statuses=(0, -1, 2, -2, 0, 0),
            bills=(40_600, 40_000, 30_000, 20_000, 0, 400),
            payments=(4_000, 30_000, 1_999, 5, 360, 7),
            has_defaulted=False,
        )
    ]


@pytest.mark.parametrize(
    ("written", "number"),
    [("5e+05", 500_000), ("1.5E3", 1_500), ("80000.0", 80_000), ("80000.", 80_000),
     ("+80000", 80_000), ("080000", 80_000), (" 80000 ", 80_000), ('"80000"', 80_000), ("0", 0)],
)  # fmt: skip
def test_whole_numbers_may_be_written_as_programs_write_them(read_text, written, number):
    [read_row] = read_text(text(row(LIMIT_BAL=written)))

    assert read_row.limit == number


NOT_WHOLE = "not a whole number"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("ID", "", "missing"),
        ("ID", "0", "must be from 1 to 5000000"),
        ("ID", "5000001", "must be from 1 to 5000000"),
        ("LIMIT_BAL", "-1", "must be from 0 to 100000000"),
        ("LIMIT_BAL", "100000001", "must be from 0 to 100000000"),
        ("LIMIT_BAL", "abc", NOT_WHOLE),
        ("LIMIT_BAL", "1.5", NOT_WHOLE),
        ("LIMIT_BAL", "1e-3", NOT_WHOLE),
        ("LIMIT_BAL", "1e99", "must be from 0 to 100000000"),
        ("LIMIT_BAL", "1e999", NOT_WHOLE),
        ("LIMIT_BAL", "１２", NOT_WHOLE),
        ("LIMIT_BAL", "1_000", NOT_WHOLE),
        ("LIMIT_BAL", "NaN", NOT_WHOLE),
        ("LIMIT_BAL", "inf", NOT_WHOLE),
        ("LIMIT_BAL", "0x10", NOT_WHOLE),
        ("SEX", "3", "must be from 1 to 2"),
        ("EDUCATION", "-1", "must be from 0 to 99"),
        ("MARRIAGE", "x", NOT_WHOLE),
        ("AGE", "17", "must be from 18 to 120"),
        ("AGE", "121", "must be from 18 to 120"),
        ("PAY_0", "-3", "must be from -2 to 99"),
        ("BILL_AMT1", "-100000001", "must be from -100000000 to 100000000"),
        ("BILL_AMT6", "", "missing"),
        ("PAY_AMT1", "-5", "must be from 0 to 100000000"),
        ("default.payment.next.month", "2", "must be from 0 to 1"),
        ("default.payment.next.month", "", "missing"),
    ],
)
def test_a_bad_value_is_named_with_line_column_and_reason(read_text, column, value, reason):
    bad, good = read_text(text(row(**{column: value}), row(ID=2)))

    assert place_of(bad) == (2, column, value, reason)
    assert good.number == 2


@pytest.mark.parametrize("age", [18, 61, 79, 120])
def test_a_book_moved_here_may_hold_adults_of_any_age(read_text, age):
    [read_row] = read_text(text(row(AGE=age)))

    assert read_row.age == age


def test_reasons_come_in_the_language_asked_for():
    bad = BadLine(2, "ID", "0", "from {least} to {most}", (("least", 1), ("most", 9)))

    assert bad.reason("zh-hans") == bad.reason("en") == "from 1 to 9"


def test_a_line_with_too_few_or_too_many_fields_is_bad(read_text):
    lines = text(row(), row(ID=2)).splitlines()
    short, long = lines[1].rpartition(",")[0], lines[1] + ",1"

    bad = read_text("\n".join([lines[0], short, long, lines[2]]))

    assert place_of(bad[0]) == (2, "", "", "24 fields instead of 25")
    assert place_of(bad[1]) == (3, "", "", "26 fields instead of 25")
    assert bad[2].number == 2


def test_an_id_that_stands_in_the_file_before_is_bad(read_text):
    first, again = read_text(text(row(), row(AGE=50)))

    assert isinstance(first, ClientRow)
    assert place_of(again) == (3, "ID", "1", "stands in the file before")


def test_a_value_of_a_stranger_is_shown_short_and_without_control_codes(read_text):
    [bad] = read_text(text(row(LIMIT_BAL="\x1b[31m" + "x" * 100)))

    assert bad.value == "�[31m" + "x" * 35 + "…"


def test_an_open_quote_spoils_its_own_line_only(read_text):
    bad, good = read_text(text(row(LIMIT_BAL='"5'), row(ID=2)))

    assert isinstance(bad, BadLine)
    assert good.number == 2


def test_bytes_that_are_no_text_are_a_bad_value(read_text):
    content = text(row(LIMIT_BAL="@")).encode().replace(b"@", b"\xff\xfe")

    assert place_of(read_text(content)[0]) == (2, "LIMIT_BAL", "��", NOT_WHOLE)


def test_a_carriage_return_inside_a_line_is_no_csv(read_text):
    assert place_of(read_text(text(row(LIMIT_BAL="1\r2")))[0]) == (2, "", "", "not a line of CSV")


def test_a_line_without_end_is_bad_and_the_next_one_is_read(read_text):
    bad, good = read_text(text(row(LIMIT_BAL="9" * 60_000), row(ID=2)))

    assert place_of(bad) == (2, "", "", "longer than 16384 bytes")
    assert (good.line, good.number) == (3, 2)


def test_blank_lines_count_as_lines_and_are_nothing_else(read_text):
    lines = text(row(), row(ID=2)).splitlines()

    rows = read_text("\r\n".join([lines[0], lines[1], "", "  ", lines[2]]))

    assert [(one.line, one.number) for one in rows] == [(2, 1), (5, 2)]


def test_a_byte_order_mark_and_another_order_of_columns_are_fine(read_text):
    content = "\ufeff" + text(row(), columns=tuple(reversed(COLUMNS)))

    assert read_text(content)[0].bills == (40_600, 40_000, 30_000, 20_000, 0, 400)


def test_only_the_first_lines_are_read_when_asked(read_text):
    rows = read_text(text(row(AGE=1), row(ID=2), row(ID=3)), limit=2)

    assert [type(one) for one in rows] == [BadLine, ClientRow]


def test_missing_and_unknown_columns_refuse_the_whole_file(read_text):
    with pytest.raises(WrongColumnsError) as refusal:
        read_text(text(row()).replace("LIMIT_BAL", "LIMIT").replace(",AGE", ",SEX"))

    assert refusal.value.facts["missing"] == "LIMIT_BAL, AGE"
    assert refusal.value.facts["unknown"] == "LIMIT, SEX"


@pytest.mark.parametrize("content", ["1,2,3\n", "PK\x03\x04junk", "ID,LIMIT_BAL", "\n\n{}\n"])
def test_a_file_of_another_kind_is_refused(read_text, content):
    with pytest.raises(WrongColumnsError):
        read_text(content)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_refused(read_text, content):
    with pytest.raises(UnreadableBookError) as refusal:
        read_text(content)

    with override("en"):
        assert str(refusal.value.facts["problem"]) == "it has no first line"


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    for file in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UnreadableBookError) as refusal:
            list(read(file))
        assert refusal.value.facts["file"] == file


def test_gzip_is_known_by_its_content_and_not_by_its_name(tmp_path):
    file = packed(tmp_path, text(row(), row(ID=2)))
    other = file.rename(tmp_path / "book.csv")

    assert [one.number for one in read(other)] == [1, 2]


def test_a_truncated_gzip_gives_its_whole_lines_and_tells_the_break(tmp_path):
    many = text(*(row(ID=n, BILL_AMT1=n * 7919 % 100_000) for n in range(1, 2_001)))
    file = packed(tmp_path, many)
    file.write_bytes(file.read_bytes()[:-3_000])

    *rows, last = read(file)

    assert [one.number for one in rows] == list(range(1, len(rows) + 1))
    assert 100 < len(rows) < 2_000
    assert place_of(last) == (
        len(rows) + 2, "", "", "the file breaks off here; the lines before it are whole",
    )  # fmt: skip


def test_a_gzip_cut_inside_its_first_line_is_refused(tmp_path):
    file = packed(tmp_path, text(row()))
    file.write_bytes(file.read_bytes()[:30])

    with pytest.raises(UnreadableBookError):
        list(read(file))


def test_a_gzip_with_a_changed_byte_is_refused_before_any_row(tmp_path):
    file = packed(tmp_path, text(*(row(ID=n) for n in range(1, 500))))
    content = bytearray(file.read_bytes())
    content[-6] ^= 1
    file.write_bytes(content)

    with pytest.raises(UnreadableBookError):
        next(iter(read(file)))


def test_gzip_of_several_members_is_one_book(tmp_path):
    head, *lines = text(row(), row(ID=2)).splitlines(keepends=True)
    file = tmp_path / "book.gz"
    file.write_bytes(b"".join(gzip.compress(part.encode()) for part in (head, *lines)))

    assert [one.number for one in read(file)] == [1, 2]


def test_a_plain_book_is_read_from_its_own_file(tmp_path):
    assert len(list(read(portfolio(tmp_path, row(), row(ID=2))))) == 2
