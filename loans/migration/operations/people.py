"""Synthetic people for the rows of a portfolio: everything follows from the row's number.

The number spreads over the sequence, the birthday and the area of the ID number by a bijection, so
two rows never share an ID number or a card number, whatever their ages and the days they are
imported on.
"""

from datetime import date, timedelta
from typing import NamedTuple

from stdnum import luhn
from stdnum.cn import ric

# Districts and counties of GB/T 2260 whose code has been in use all along.
_AREAS = (
    "110101", "110102", "110105", "110106", "110107", "110108", "110109", "120101", "120102",
    "120103", "120104", "120105", "120106", "310101", "310104", "310105", "310106", "310107",
    "310109", "310110", "330122", "330127", "340121", "350121", "360121", "430121", "510121",
    "530124", "620121",
)  # fmt: skip
_BANKS = (
    ("工商银行", "62220202"),
    ("农业银行", "62284804"),
    ("中国银行", "62166012"),
    ("建设银行", "62170000"),
    ("交通银行", "62226001"),
    ("邮储银行", "62179919"),
)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚英华慧建文辉玲斌宇浩凯健俊帆雪倩婷宁博思嘉"
_MOBILE = ("130", "135", "136", "137", "138", "139", "150", "158", "159", "177", "186", "189")

_SEQUENCES = 499  # odd 1..997 for men, even 2..998 for women
_BIRTHDAYS = 365  # 29 February is left out: every age then has every birthday
_CAPACITY = _SEQUENCES * _BIRTHDAYS * len(_AREAS)
# Coprime to the capacity and to ten: neighbours in the file do not look alike.
_SPREAD = 1_000_003
_CARD_SPREAD = 123_456_789_011

NUMBER_MAX = 5_000_000
assert NUMBER_MAX < _CAPACITY

MALE = 1


class ImportedPerson(NamedTuple):
    """Who a row stands for; nobody real is meant."""

    name: str
    id_number: str
    born_on: date
    phone: str
    card_number: str
    bank: str


def invent(number: int, *, sex: int, age: int, on: date) -> ImportedPerson:
    """Return the person of a row number: a valid ID number, ``age`` complete years on a day."""
    assert 0 < number <= NUMBER_MAX, "beyond it two people would share an ID number"
    spread = number * _SPREAD % _CAPACITY
    rest, sequence = divmod(spread, _SEQUENCES)
    area, birthday = divmod(rest, _BIRTHDAYS)
    born_on = _born_on(birthday, age=age, on=on)
    order = 2 * sequence + (1 if sex == MALE else 2)
    bank, card_number = _card(number)
    return ImportedPerson(
        _name(spread),
        _id_number(f"{_AREAS[area]}{born_on:%Y%m%d}{order:03}"),
        born_on,
        f"{_MOBILE[spread % len(_MOBILE)]}{spread * 7 % 100_000_000:08}",
        card_number,
        bank,
    )


def _born_on(birthday: int, *, age: int, on: date) -> date:
    """Return the birthday of the year in which a person of that age was born."""
    in_common_year = date(2001, 1, 1) + timedelta(days=birthday)
    month_day = (in_common_year.month, in_common_year.day)
    is_ahead = month_day > (on.month, on.day)
    return date(on.year - age - is_ahead, *month_day)


def _id_number(body: str) -> str:
    return body + str(ric.calc_check_digit(body + "0"))


def _card(number: int) -> tuple[str, str]:
    """Return the bank and a UnionPay number of 19 digits."""
    bank, prefix = _BANKS[number % len(_BANKS)]
    body = f"{prefix}{number * _CARD_SPREAD % 10**10:010}"
    return bank, body + str(luhn.calc_check_digit(body))


def _name(spread: int) -> str:
    rest, surname = divmod(spread, len(_SURNAMES))
    rest, first = divmod(rest, len(_GIVEN))
    second = rest % (len(_GIVEN) + 1)
    return _SURNAMES[surname] + _GIVEN[first] + (_GIVEN[second] if second < len(_GIVEN) else "")
