"""What a transaction password must be, and for how long it holds (SEC-4)."""

import string
from datetime import datetime, timedelta
from enum import StrEnum

LENGTH_MAX = 128  # hashing takes time and memory for every character


class Weakness(StrEnum):
    """What a password lacks."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    NO_UPPER = "no-upper"
    NO_LOWER = "no-lower"
    NO_DIGIT = "no-digit"
    NOT_PRINTABLE = "not-printable"


def weaknesses(text: str, length_min: int) -> list[Weakness]:
    """Return everything a password lacks; an empty list is a good one.

    Any printable character may stand in it, but only A-Z, a-z and 0-9 count for the three kinds.
    """
    lacking = {
        Weakness.TOO_SHORT: len(text) < length_min,
        Weakness.TOO_LONG: len(text) > LENGTH_MAX,
        Weakness.NO_UPPER: not set(string.ascii_uppercase) & set(text),
        Weakness.NO_LOWER: not set(string.ascii_lowercase) & set(text),
        Weakness.NO_DIGIT: not set(string.digits) & set(text),
        Weakness.NOT_PRINTABLE: not text.isprintable(),
    }
    return [weakness for weakness, is_so in lacking.items() if is_so]


# What is owed is the principal and charges, which stay below it: under the cap of 24 % a year they
# would need more than four years to reach it.
OWED_TIMES_PRINCIPAL_MAX = 2


def grant_max_fen(limit_max_fen: int, *, is_drawdown: bool) -> int:
    """Return the largest amount that a movement of money can need (LIMIT-1, SEC-4).

    At most the highest limit is drawn; a settlement pays principal and charges.
    """
    return limit_max_fen if is_drawdown else OWED_TIMES_PRINCIPAL_MAX * limit_max_fen


def expires_at(set_at: datetime, days: int) -> datetime:
    """Return the first moment at which a password no longer holds: a quarter is 90 days."""
    return set_at + timedelta(days=days)
