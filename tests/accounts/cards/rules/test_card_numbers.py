"""Card numbers, phones, banks and what a class of account may do (ELIG-7, LAW-20)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from accounts.cards.rules import card_numbers
from accounts.cards.rules.bins import BinRow, CardKind
from accounts.cards.rules.card_numbers import (
    BadCardNumber,
    BadPhone,
    CardNumberFault,
    Usage,
    bank_of,
    parse,
)
from tests.profiles import pure

NUMBER = "6217000010001234569"


def row(prefix, length=19, kind=CardKind.DEBIT):
    return BinRow(prefix, length, "建设银行", "China Construction Bank", "CCB", kind)


@pytest.mark.parametrize(
    "typed",
    [NUMBER, " 6217 0000 1000 1234 569 ", "6217-0000-1000-1234-569", "６２１７０００010001234569"],
)
def test_what_a_person_types_is_put_right(typed):
    assert parse(typed) == NUMBER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", CardNumberFault.CHARACTERS),
        ("62170000100012345６A", CardNumberFault.CHARACTERS),
        ("6217  0000 1000 1234 569", CardNumberFault.CHARACTERS),
        ("-6217000010001234569", CardNumberFault.CHARACTERS),
        ("٦٢١٧٠٠٠٠١٠٠٠١٢٣٤٥٦٩", CardNumberFault.CHARACTERS),
        ("621700001000123", CardNumberFault.LENGTH),
        ("62170000100012345690", CardNumberFault.LENGTH),
        ("6217000010001234568", CardNumberFault.CHECK_DIGIT),
    ],
)
def test_a_bad_number_is_refused_with_its_reason(text, reason):
    with pytest.raises(BadCardNumber) as refused:
        parse(text)

    assert refused.value.reason == reason


@pure
@given(st.text("0123456789", min_size=15, max_size=18), st.integers(1, 9))
def test_one_check_digit_of_ten_makes_a_card_number(body, off):
    digit = int(luhn.calc_check_digit(body))

    assert parse(f"{body}{digit}") == f"{body}{digit}"
    with pytest.raises(BadCardNumber):
        parse(f"{body}{(digit + off) % 10}")


@pytest.mark.parametrize(
    "typed", ["13812341234", "+86 138 1234 1234", "138-1234-1234", "＋８６１３８１２３４１２３４"]
)
def test_a_mobile_number_is_put_right(typed):
    assert card_numbers.phone(typed) == "13812341234"


@pytest.mark.parametrize(
    "text", ["", "12812341234", "1381234123", "138123412345", "+8513812341234", "010-12345678"]
)
def test_what_is_no_mobile_number_is_refused(text):
    with pytest.raises(BadPhone):
        card_numbers.phone(text)


def test_the_longest_beginning_of_the_right_length_says_the_bank():
    table = [row("6217"), row("621700"), row("62170000", length=16), row("6222")]

    assert bank_of(NUMBER, table) == row("621700")
    assert bank_of("6210000010001234569", table) is None


@pytest.mark.parametrize(
    ("account_class", "usage", "day_fen", "year_fen"),
    [
        ("I", Usage.RECEIVE_AND_REPAY, None, None),
        ("II", Usage.REPAY_ONLY, 1_000_000, 20_000_000),
        ("III", Usage.NONE, 200_000, 5_000_000),
        ("unknown", Usage.NEEDS_PROOF, None, None),
        ("IV", Usage.NONE, None, None),
    ],
)
def test_a_class_of_account_says_what_a_card_may_do(account_class, usage, day_fen, year_fen):
    assert card_numbers.usage_of(account_class) == usage
    assert card_numbers.day_limit_fen(account_class) == day_fen
    assert card_numbers.year_limit_fen(account_class) == year_fen
