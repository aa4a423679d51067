"""What staff may see of a sealed value."""

import pytest

from accounts.privacy.rules import masking


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("张三", "张*"),
        ("欧阳修", "欧*"),
        ("欧阳娜娜", "欧*"),
        ("张", "*"),
        (" 张 ", "*"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_name_keeps_its_first_character_and_never_its_length(full, shown):
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


@pytest.mark.parametrize(
    ("full", "shown"),
    [
        ("我的手机号 13812341234，谢谢", "我的手机号 138****1234，谢谢"),
        ("身份证11010119900307002x", "身份证110***********002x"),
        ("卡号 6222 0202 0011 2233 446", "卡号 **** **** **** ***3 446"),
        ("300 元，2026-11-24，单号 1234567890", "300 元，2026-11-24，单号 1234567890"),
        ("", ""),
    ],
)
def test_free_text_keeps_only_the_ends_of_long_numbers(full, shown):
    assert masking.text(full) == shown


@pytest.mark.parametrize("mark", [*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2069"])
def test_what_turns_the_direction_of_writing_is_left_out(mark):
    assert masking.text(f"paid {mark}000,1 yuan") == "paid 000,1 yuan"
    assert masking.name(f"{mark}张三") == "张*"


def test_a_number_behind_such_a_mark_is_masked():
    assert masking.text("call \u202e138\u202c12341234") == "call 138****1234"
