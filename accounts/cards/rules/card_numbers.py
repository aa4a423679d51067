"""Numbers of bank cards and phones, whose card it is and what it may do (ELIG-7, LAW-20)."""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from stdnum import luhn

from accounts.cards.rules.bins import BinRow

_GROUPED = re.compile(r"[0-9]+([ -][0-9]+)*")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


class CardNumberFault(StrEnum):
    """Why a text is not a card number, in the order of the checks."""

    CHARACTERS = "characters"
    LENGTH = "length"
    CHECK_DIGIT = "check-digit"


class BadCardNumber(ValueError):
    """A text that cannot be a card number, and why; the text itself is not kept."""

    def __init__(self, reason: CardNumberFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


class BadPhone(ValueError):
    """A text that cannot be a mobile number of the mainland."""


def parse(text: str) -> str:
    """Return the digits of a card number: 16 to 19 that satisfy Luhn.

    Single spaces and dashes between groups and full-width digits are put right.

    Raises: BadCardNumber with its reason.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    if not _GROUPED.fullmatch(typed):
        raise BadCardNumber(CardNumberFault.CHARACTERS)
    number = typed.replace(" ", "").replace("-", "")
    if not 16 <= len(number) <= 19:
        raise BadCardNumber(CardNumberFault.LENGTH)
    if not luhn.is_valid(number):
        raise BadCardNumber(CardNumberFault.CHECK_DIGIT)
    return number


def phone(text: str) -> str:
    """Return the eleven digits of a mainland mobile number; +86 and separators go.

    Raises: BadPhone.
    """
    typed = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    number = typed.removeprefix("+86")
    if not _MOBILE.fullmatch(number):
        raise BadPhone("not a mobile number")
    return number


def bank_of(number: str, table: Iterable[BinRow]) -> BinRow | None:
    """Return the row of the longest beginning that fits a number of that length, if any."""
    fitting = [row for row in table if row.length == len(number) and number.startswith(row.prefix)]
    return max(fitting, key=lambda row: len(row.prefix), default=None)


class AccountClass(StrEnum):
    """The class of the account behind a card, as its bank reports it (ELIG-7, LAW-20)."""

    I = "I"  # noqa: E741
    II = "II"
    III = "III"
    UNKNOWN = "unknown"


class Usage(StrEnum):
    """What a card may be used for."""

    RECEIVE_AND_REPAY = "receive_and_repay"
    REPAY_ONLY = "repay_only"
    NEEDS_PROOF = "needs_proof"
    NONE = "none"


_USAGES = {
    "I": Usage.RECEIVE_AND_REPAY,
    "II": Usage.REPAY_ONLY,
    "III": Usage.NONE,
    "unknown": Usage.NEEDS_PROOF,
}
# What leaves an account of the class to others, in fen; class I has no limit (LAW-20).
_DAY_LIMITS_FEN = {"II": 1_000_000, "III": 200_000}
_YEAR_LIMITS_FEN = {"II": 20_000_000, "III": 5_000_000}


def usage_of(account_class: str) -> Usage:
    """Return what a card of an account class may do; a class never heard of, nothing.

    Class III holds 2,000 yuan at most, which carries no bill.
    """
    return _USAGES.get(account_class, Usage.NONE)


def day_limit_fen(account_class: str) -> int | None:
    """Return what may leave an account of the class on a day; None is no limit (FAQ-4)."""
    return _DAY_LIMITS_FEN.get(account_class)


def year_limit_fen(account_class: str) -> int | None:
    """Return what may leave an account of the class in a year; None is no limit."""
    return _YEAR_LIMITS_FEN.get(account_class)
