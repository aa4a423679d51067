"""People made from row numbers: valid numbers, the right age, nobody twice."""

from datetime import date
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from loans.migration.operations import people
from loans.migration.operations.people import NUMBER_MAX, invent

ON = date(2026, 10, 1)
numbers = st.integers(1, NUMBER_MAX)
ages = st.integers(18, 120)
days = st.dates(date(2026, 1, 1), date(2032, 12, 31))


def age_on(born_on, day):
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


@given(numbers, st.sampled_from([1, 2]), ages, days)
def test_every_id_number_is_valid_and_says_age_and_sex(number, sex, age, on):
    who = invent(number, sex=sex, age=age, on=on)

    assert ric.is_valid(who.id_number)
    assert ric.get_birth_date(who.id_number) == who.born_on
    assert age_on(who.born_on, on) == age
    assert int(who.id_number[16]) % 2 == sex % 2


@given(numbers)
def test_every_card_is_a_unionpay_card_with_a_check_digit(number):
    who = invent(number, sex=1, age=30, on=ON)

    assert luhn.is_valid(who.card_number)
    assert (who.card_number[:2], len(who.card_number)) == ("62", 19)
    assert who.bank in {
        bank for bank, prefix in people._BANKS if who.card_number.startswith(prefix)
    }


@given(numbers)
def test_names_and_phones_look_like_names_and_phones(number):
    who = invent(number, sex=2, age=30, on=ON)

    assert len(who.name) in (2, 3)
    assert all("\u4e00" <= char <= "\u9fff" for char in who.name)
    assert len(who.phone) == 11
    assert who.phone.isdecimal()
    assert who.phone[0] == "1"


def test_the_same_row_is_the_same_person_for_ever():
    assert invent(4711, sex=2, age=41, on=ON) == people.ImportedPerson(
        name="韩霞辉",
        id_number="510121198507050888",
        born_on=date(1985, 7, 5),
        phone="13833795076",
        card_number="6228480449330308213",
        bank="农业银行",
    )


def test_nobody_shares_a_number_whatever_their_age_and_the_day_they_came_on():
    made = [
        invent(n, sex=1 + n % 2, age=18 + n % 60, on=date(2026, 1 + n % 12, 1 + n % 28))
        for n in (*range(1, 20_001), *range(990_001, 1_010_001), *range(4_980_001, NUMBER_MAX + 1))
    ]

    assert len({who.id_number for who in made}) == len(made)
    assert len({who.card_number for who in made}) == len(made)


def test_a_number_spreads_over_id_and_card_numbers_one_to_one():
    assert gcd(people._SPREAD, people._CAPACITY) == 1
    assert gcd(people._CARD_SPREAD, 10**10) == 1
    assert people._CAPACITY > NUMBER_MAX


@pytest.mark.parametrize("area", people._AREAS)
def test_every_area_was_there_at_every_birth(area):
    for year in (1906, 1950, 2008):
        body = f"{area}{year}0101001"
        assert ric.is_valid(body + ric.calc_check_digit(body + "0"))


@pytest.mark.parametrize("on", [date(2028, 2, 29), date(2026, 12, 31), date(2026, 1, 1)])
def test_ages_are_right_on_the_odd_days_of_a_year(on):
    for number in range(1, 1_000):
        assert age_on(invent(number, sex=1, age=60, on=on).born_on, on) == 60
