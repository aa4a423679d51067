"""What an ID number says, and which texts are none (ELIG-4, ELIG-5, LAW-21)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from accounts.identity.rules.id_numbers import (
    BadIdNumber,
    IdNumber,
    IdNumberFault,
    is_valid_on,
    parse,
)
from loans.migration.operations import people
from tests.profiles import pure

ON = date(2026, 11, 24)


def number(area="110101", born="19900307", order="123"):
    body = f"{area}{born}{order}"
    return body + str(ric.calc_check_digit(body + "0"))


def reason_of(text):
    with pytest.raises(BadIdNumber) as refused:
        parse(text, on=ON)
    return refused.value.reason


def test_a_number_says_area_birthday_and_sex():
    expected = IdNumber("110101199003071233", "110101", date(1990, 3, 7), is_male=True)

    assert parse("110101199003071233", on=ON) == expected
    assert not parse(number(order="124"), on=ON).is_male


@pytest.mark.parametrize(
    "typed",
    ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"],
)
def test_what_a_person_types_is_put_right(typed):
    assert parse(typed, on=ON).number == "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("110101900307123", IdNumberFault.FIFTEEN_DIGITS),
        ("", IdNumberFault.LENGTH),
        ("1101011990030712333", IdNumberFault.LENGTH),
        ("11010119900307123A", IdNumberFault.CHARACTERS),
        ("X10101199003071233", IdNumberFault.CHARACTERS),
        ("1101011990030712²３", IdNumberFault.CHECK_DIGIT),
        ("١١٠١٠١١٩٩٠٠٣٠٧١٢٣٣", IdNumberFault.CHARACTERS),
        ("110101199003071234", IdNumberFault.CHECK_DIGIT),
        (number(area="000000"), IdNumberFault.AREA),
        (number(area="990101"), IdNumberFault.AREA),
        (number(area="119901"), IdNumberFault.AREA),
        (number(area="110000"), IdNumberFault.AREA),
        (number(born="19900230"), IdNumberFault.DATE),
        (number(born="18991231"), IdNumberFault.DATE),
        (number(born="20261125"), IdNumberFault.DATE),
    ],
)
def test_a_bad_number_is_refused_with_its_reason(text, reason):
    assert reason_of(text) == reason


def test_the_day_of_birth_may_be_today_and_the_first_of_1900():
    assert parse(number(born="20261124"), on=ON).born_on == ON
    assert parse(number(born="19000101"), on=ON).born_on == date(1900, 1, 1)


@pytest.mark.parametrize("area", ["110103", "512221", "110198", "810000", "820000", "830000"])
def test_abolished_and_unknown_counties_and_permits_are_areas(area):
    assert parse(number(area=area), on=ON).area == area


def test_a_refusal_does_not_repeat_the_number():
    with pytest.raises(BadIdNumber) as refused:
        parse("110101199003071234", on=ON)

    assert "110101199003071234" not in str(refused.value)


@pure
@given(
    st.integers(1, people.NUMBER_MAX),
    st.integers(18, 60),
    st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    st.sampled_from([1, 2]),
)
def test_everybody_of_the_book_has_an_id_number(row, age, on, sex):
    person = people.invent(row, sex=sex, age=age, on=on)

    parsed = parse(person.id_number, on=on)

    assert (parsed.number, parsed.born_on) == (person.id_number, person.born_on)
    assert parsed.is_male == (sex == people.MALE)


@pure
@given(st.integers(0, 17), st.sampled_from("0123456789X"))
def test_no_single_wrong_character_passes(place, wrong):
    right = "11010519491231002X"
    text = right[:place] + wrong + right[place + 1 :]

    if text != right:
        assert reason_of(text) in IdNumberFault


@pure
@given(st.text(max_size=24))
def test_no_text_does_anything_but_be_refused_or_parsed(text):
    try:
        parsed = parse(text, on=ON)
    except BadIdNumber:
        return

    assert parse(parsed.number, on=ON) == parsed


def test_a_card_is_valid_to_the_end_of_its_last_day():
    assert is_valid_on(ON, ON)
    assert not is_valid_on(ON - timedelta(days=1), ON)
    assert is_valid_on(None, ON)
