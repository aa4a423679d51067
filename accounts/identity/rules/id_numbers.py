"""What a number of a resident identity card says, and whether it can be one (ELIG-5, LAW-21)."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from stdnum import numdb
from stdnum.cn import ric

_FIRST_BORN_ON = date(1900, 1, 1)
_BODY = re.compile(r"[0-9]{17}[0-9X]")
# Residence permits of people from Hong Kong, Macao and Taiwan carry numbers of the same make.
_PERMITS = ("810000", "820000", "830000")


class IdNumberFault(StrEnum):
    """Why a text is not an ID number, in the order of the checks."""

    FIFTEEN_DIGITS = "fifteen-digits"
    LENGTH = "length"
    CHARACTERS = "characters"
    AREA = "area"
    DATE = "date"
    CHECK_DIGIT = "check-digit"


class BadIdNumber(ValueError):
    """A text that cannot be an ID number, and why; the text itself is not kept."""

    def __init__(self, reason: IdNumberFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


class IdNumber(NamedTuple):
    """An ID number in its standard form and what its digits say."""

    number: str
    area: str
    born_on: date
    is_male: bool


def parse(text: str, *, on: date) -> IdNumber:
    """Return the ID number a person typed, in its standard form.

    Full-width digits, spaces between groups and a small x at the end are put right. A birthday
    after ``on`` is refused. The sum of GB 11643 is looked at last, so that the reason is the most
    telling one.

    Raises: BadIdNumber with its reason.
    """
    number = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if re.fullmatch(r"[0-9]{15}", number):
        raise BadIdNumber(IdNumberFault.FIFTEEN_DIGITS)
    if len(number) != 18:
        raise BadIdNumber(IdNumberFault.LENGTH)
    if not _BODY.fullmatch(number):
        raise BadIdNumber(IdNumberFault.CHARACTERS)
    if not is_area(number[:6]):
        raise BadIdNumber(IdNumberFault.AREA)
    born_on = _born_on(number[6:14])
    if born_on is None or not _FIRST_BORN_ON <= born_on <= on:
        raise BadIdNumber(IdNumberFault.DATE)
    if number[-1] != str(ric.calc_check_digit(number)):
        raise BadIdNumber(IdNumberFault.CHECK_DIGIT)
    return IdNumber(number, number[:6], born_on, is_male=int(number[16]) % 2 == 1)


def is_area(area: str) -> bool:
    """Say whether six digits are an area, now or once.

    No table knows every county that was ever abolished, and people keep the number they were born
    with. So an unknown county of a known prefecture is one; an unknown prefecture is none, and
    neither is a province as a whole.
    """
    if area.endswith("0000"):
        return area in _PERMITS
    return _is_listed(area) or _is_listed(f"{area[:4]}00")


def _is_listed(area: str) -> bool:
    """Say whether the table names these digits below their province."""
    found = numdb.get("cn/loc").info(area)
    return len(found) == 2 and "county" in found[1][1]


def _born_on(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def is_valid_on(valid_until: date | None, on: date) -> bool:
    """Say whether a card is valid on a day: its last day included, None is 长期 (ELIG-4)."""
    return valid_until is None or on <= valid_until
