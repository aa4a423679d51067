"""Phone, ID and card numbers in free text: found however they are spelled, and nothing else."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backoffice.core.personal_numbers import mask
from tests.profiles import pure
from tests.spellings import PHONE_SPELLINGS, spellings_of

PHONE = "13812345678"
CARD = "6222020200112233446"
RESIDENT, RESIDENT_X = "110101199003070011", "11010119900307109X"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13812345678", "138****5678"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("138.1234.5678", "138.****.5678"),
        ("138—1234—5678", "138—****—5678"),
        ("138  1234  5678", "138  ****  5678"),
        ("(138)12345678", "(138)****5678"),
        ("138_1234_5678", "138_****_5678"),
        ("138\u200b1234\u200b5678", "138\u200b****\u200b5678"),
        ("138\n1234\n5678", "138\n****\n5678"),
        ("1 3 8 1 2 3 4 5 6 7 8", "1 3 8 * * * * 5 6 7 8"),
        ("١٣٨١٢٣٤٥٦٧٨", "١٣٨****٥٦٧٨"),
        ("一三八一二三四五六七八", "一三八****五六七八"),
        ("第一13812345678", "第一138****5678"),
        ("⑬812345678", "⑬8****5678"),
        ("138⑫345678", "138****5678"),
        ("1\ufe0f\u20e33\ufe0f\u20e38 1234 5678", "1\ufe0f\u20e33\ufe0f\u20e38 **** 5678"),
        ("+86 138-1234-5678", "+86 138-****-5678"),
        ("8613812345678", "86138****5678"),
        ("008613812345678", "0086138****5678"),
        ("电话13812345678，谢谢", "电话138****5678，谢谢"),
        ("13,812,345,678", "13,8**,**5,678"),
    ],
)  # fmt: skip
def test_a_phone_keeps_three_and_four(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (RESIDENT, "110***********0011"),
        (RESIDENT_X, "110***********109X"),
        (RESIDENT_X.lower(), "110***********109x"),
        ("110101 19900307 109×", "110*** ******** 109×"),
        ("１１０１０１１９９００３０７１０９Ｘ", "１１０***********１０９Ｘ"),
        ("110101 1990-03-07 0011", "110*** ****-**-** 0011"),
        ("110101900307109", "110********7109"),
    ],
)
def test_an_id_number_keeps_three_and_four(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (CARD, "***************3446"),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("4111\u30001111\u30001111\u30001111", "****\u3000****\u3000****\u30001111"),
        ("4111,1111,1111,1111", "****,****,****,1111"),
        ("4111，1111，1111，1111", "****，****，****，1111"),
        ("378282246310005", "***********0005"),
    ],
)  # fmt: skip
def test_a_card_keeps_its_last_four(text, masked):
    assert mask(text) == masked


@pytest.mark.parametrize("number", [PHONE, RESIDENT, RESIDENT_X, CARD])
def test_no_spelling_shows_a_number(number):
    for spelled in spellings_of(number):
        for text in (spelled, f"call {spelled}.", f"我的号码{spelled}，谢谢", f"{spelled} 300.00"):
            assert mask(text) != text, spelled
            assert spelled not in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "300 元，2026-11-24，单号 1234567890",
        "12345678901",  # no mobile prefix
        "138123456789",  # a digit too many
        "110101199003070012",  # wrong check digit
        "13109X20000307109X",  # a check digit in the middle
        "110101199013070011",  # no 13th month
        "6222020200112233447",  # Luhn
        "12345-10-2-1, 138-1-1-1 139-1-1-1",
        "15,000.00 2,300",
        "5,665,314.63 5,806,607.96 5,651,358.75",
        "13:45 2026-10-9",
        "20261027134500123",
        "2026-10-27 13:45:00.123456+08:00",
        "27/10/2026 09:00-21:00",
        "150 10-27 2300",
        "00:01:53.761000  2072-06-14  2000-01-01",
        "11:01:01 1990-03-07 00:11",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15",
        "¥1500 ¥2300 ¥800",
        "138元1234元5678元",
        "138 … … … … … 12345678",
        "550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_other_numbers_stay(text):
    assert mask(text) == text


_yuan = st.integers(0, 99_999_999_999).map(lambda fen: f"{fen // 100:,}.{fen % 100:02}")
_moments = st.integers(0, 99 * 365 * 86_400_000).map(
    lambda after: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(milliseconds=after)
)
_days = _moments.map(lambda at: f"{at:%Y-%m-%d}") | _moments.map(lambda at: f"{at:%Y/%m/%d}")
_times = _moments.map(lambda at: f"{at:%H:%M:%S}") | _moments.map(lambda at: f"{at:%H:%M:%S.%f}")
_orders = st.tuples(
    st.integers(1, 10**10 - 1), st.integers(1, 99), st.integers(1, 3), st.integers(1, 9)
).map(lambda parts: "-".join(map(str, parts)))
_stamps = _moments.map(lambda at: f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03}")


@pure
@given(st.lists(_yuan | _days | _times | _orders | _stamps, max_size=8), st.sampled_from(" ;\n，"))
def test_amounts_days_times_and_orders_stay(parts, between):
    text = f"{between} ".join(parts)

    assert mask(text) == text


@pure
@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "Nl", "No", "Lo"])))
def test_a_text_without_digits_stays(text):
    assert mask(text) == text


_pieces = st.sampled_from([
    PHONE, "13", "138", "1390", "86", "1", "19900307", "110101", "109X", "4111", "1111", "6222",
    "０", "三", "⑬", "*", "****", " ", "-", ".", ",", "\u200b", "x", "元", "2026-10-27", "1.50",
])  # fmt: skip


@pure
@example(["138 1234 1390 1234567"])
@example(["13812341390", " 1234567"])
@example(["1390", PHONE, " 1234567 ", PHONE])
@given(st.lists(_pieces | st.integers(0, 10**19).map(str), max_size=14))
def test_a_masked_text_holds_no_number_any_more(pieces):
    masked = mask("".join(pieces))

    assert mask(masked) == masked


@pure
@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).filter(str.isascii),
    st.sampled_from(PHONE_SPELLINGS),
    st.text("我的号码是，。请打", max_size=5),
    st.text("谢谢。，", max_size=5),
)
def test_every_phone_is_found_and_the_words_around_it_stay(phone, spell, before, after):
    spelled = spell(phone)

    masked = mask(f"{before} {spelled} {after}")

    assert masked.startswith(f"{before} ")
    assert masked.endswith(f" {after}")
    assert masked.count("*") >= 4
    assert spelled not in masked


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "1 ",
        "6 2 ",
        "-",
        "1-",
        "12,",
        "1.1,",
        "13812345678 ",
        "138\u200b",
        "１\u3000",
        "*",
        "X1",
    ],
)
def test_the_time_is_linear_in_the_length(piece):
    text = (piece * 100_000)[:100_000]
    began = time.process_time()

    mask(text)

    # A second or two; squared it would be an hour.
    assert time.process_time() - began < timedelta(seconds=15).total_seconds()
