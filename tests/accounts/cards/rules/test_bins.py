"""The table of how card numbers begin, and how a bad one is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.cards.rules.bins import BadBins, BinRow, CardKind, read
from accounts.cards.rules.card_numbers import bank_of, parse
from loans.migration.operations import people
from tests.profiles import pure
from tests.source_tree import ROOT

TABLE = Path(ROOT / "accounts" / "data" / "bank_bins.csv").read_text()
ROWS = read(TABLE)
HEADING = "prefix,length,bank_zh,bank_en,code,kind\n"


def test_a_line_is_a_row():
    text = f"{HEADING}621700,19,建设银行,China Construction Bank,CCB,debit\n"

    expected = BinRow("621700", 19, "建设银行", "China Construction Bank", "CCB", CardKind.DEBIT)
    assert read(text) == [expected]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("prefix,length\n", 1),
        (f"{HEADING}621700,19,建设银行,CCB,debit\n", 2),
        (f"{HEADING}621700,19,建设银行,,CCB,debit\n", 2),
        (f"{HEADING}621700,19, 建设银行,Bank,CCB,debit\n", 2),
        (f"{HEADING}62a700,19,建设银行,Bank,CCB,debit\n", 2),
        (f"{HEADING}６２１７００,19,建设银行,Bank,CCB,debit\n", 2),
        (f"{HEADING}621,19,建设银行,Bank,CCB,debit\n", 2),
        (f"{HEADING}62170000000,19,建设银行,Bank,CCB,debit\n", 2),
        (f"{HEADING}621700,20,建设银行,Bank,CCB,debit\n", 2),
        (f"{HEADING}621700,19,建设银行,Bank,CCB,prepaid\n", 2),
        (HEADING + "621700,19,建设银行,Bank,CCB,debit\n" * 2, 3),
    ],
)
def test_a_bad_table_is_refused_by_its_line(text, line):
    with pytest.raises(BadBins, match=f"^line {line}: "):
        read(text)


def test_the_table_names_each_bank_in_one_way():
    banks = {(row.bank, row.bank_en, row.code) for row in ROWS}

    assert len(banks) == 15
    assert all(len({bank[n] for bank in banks}) == 15 for n in range(3))


@pytest.mark.parametrize(
    ("number", "bank", "kind"),
    [
        ("6217000010001234569", "建设银行", CardKind.DEBIT),
        ("6225880000000000", "招商银行", CardKind.DEBIT),
        ("6225750000000000", "招商银行", CardKind.CREDIT),
        ("6222300000000000", "工商银行", CardKind.CREDIT),
    ],
)
def test_a_card_of_a_main_bank_is_known(number, bank, kind):
    found = bank_of(number, ROWS)

    assert (found.bank, found.kind) == (bank, kind)


@pure
@given(st.integers(1, people.NUMBER_MAX))
def test_every_card_of_the_book_is_a_debit_card_of_its_bank(row):
    person = people.invent(row, sex=1, age=30, on=people.date(2026, 11, 24))

    found = bank_of(parse(person.card_number), ROWS)

    assert (found.bank, found.kind) == (person.bank, CardKind.DEBIT)
