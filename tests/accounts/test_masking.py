"""What staff may see of a sealed value."""

import pytest

from accounts.rules import masking


@pytest.mark.parametrize(
    ("full", "shown"), [("张三", "张*"), ("欧阳娜娜", "欧***"), ("", ""), (None, "")]
)
def test_a_name_keeps_its_first_character(full, shown):
    assert masking.name(full) == shown


def test_an_id_number_keeps_three_and_four():
    assert masking.id_number("11010119900307002X") == "110***********002X"


def test_a_phone_keeps_three_and_four():
    assert masking.phone("13812341234") == "138****1234"


def test_a_card_keeps_its_last_four():
    assert masking.card("1234") == "**** 1234"


@pytest.mark.parametrize("short", ["1", "1234567"])
def test_what_is_too_short_to_mask_is_hidden_whole(short):
    assert masking.phone(short) == "*" * len(short)
