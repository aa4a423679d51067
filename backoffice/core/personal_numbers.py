"""Phone, ID and card numbers in free text, found by meaning and masked where they stand.

A text is read as a person reads it: digits of any script, invisible characters left out,
separators passed over. What is found is checked (prefix of a mobile number, GB 11643, Luhn), so
that amounts, dates, times and order numbers stay. Every number costs the same: the time is linear
in the length of the text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from stdnum.cn import ric

_PHONE = 11
_ID, _OLD_ID = 18, 15
_CARD_MIN, _CARD_MAX = 15, 19
_SEPARATORS_MAX = 5  # "(138) - 1234": more between two groups, and they are two numbers
_MASK_MIN = 4  # stars; what is masked already holds at least as many
_KEPT_MAX = 7  # digits that a mask leaves on one side, a country code included

# Chinese digits have no decimal value in Unicode.
_HAN = dict(zip("〇零一幺二两三四五六七八九", "0011223456789", strict=True))
_HAN |= dict(zip("壹贰叁肆伍陆柒捌玖", "123456789", strict=True))
_CHECK_X = "xX×ХхⅩⅹ"
# Letters and symbols that show nothing: fillers of Hangul, the empty Braille cell.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"
_WHITESPACE = "\t\n\r\v\f\x85"

# Digits with a meaning of their own, each bounded by the separators that would continue it.
_PLAIN = re.compile(
    r"""(?<![0-9])(?:
      (?<![0-9][-/.])(?:
        (?:19|20)[0-9]{2}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])  # a date
      | (?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])/(?:19|20)[0-9]{2}
      | (?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12][0-9]|3[01])  # a day of a year
      )(?![-/.]?[0-9])
    | (?<![0-9]:)(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?
      (?!:?[0-9])  # a time
    | (?<![0-9]-)[0-9]{1,10}(?:-[0-9]{1,2}){3}(?!-?[0-9])  # an order: bill-cycle-attempt-try
    | (?<![0-9][.,])(?:
        (?:[0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9](?:,[0-9]{3}){3})(?:\.[0-9]{1,2})?
      | [0-9]{1,9}\.[0-9]{1,2}
      )(?![.,]?[0-9])  # an amount
    | 20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])  # a moment without separators
      (?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9][0-9]{0,3}(?![0-9])
    )""",
    re.VERBOSE,
)
_GROUP = re.compile(r"[0-9]+|X")
_PROVINCES = {
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37",
    "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
    "71", "81", "82", "83", "91",
}  # fmt: skip
_PHONE_NUMBER = re.compile(r"((?:00)?86|0|)1[3-9][0-9]{9}")
_DOUBLED = str.maketrans("0123456789", "0246813579")  # Luhn: twice the digit, and its digits added


class _Text(NamedTuple):
    """A text as it is read: its characters, where each stands, and which were Chinese digits."""

    plain: str
    places: Sequence[int]
    is_han: Sequence[bool]


class _Group(NamedTuple):
    """Digits without anything between them, or the check digit X, by their place in ``plain``.

    ``is_joined`` when only separators stand between it and the group before. ``is_plain`` when
    its digits have a meaning of their own. ``may_begin`` and ``may_end`` say what a number may do
    with it: what a mask left is no longer part of one.
    """

    start: int
    stop: int
    is_joined: bool
    is_plain: bool
    may_begin: bool
    may_end: bool


class _End(NamedTuple):
    """How many digits a number may have, counted from its first group.

    It is likely to be one unless a part has a meaning of its own, or it is a list of small
    numbers. Of an ID number the birthday may be written as a date.
    """

    size: int
    is_likely: bool
    may_be_id: bool


def mask(text: str) -> str:
    """Return a text with every phone, ID and card number masked, and else unchanged.

    A phone keeps its first three and last four digits, an ID number as well, a card its last four.
    Separators stay where they are. What is masked once is not found again.
    """
    if text.isascii() and sum(map(text.count, "0123456789")) < _PHONE:
        return text  # most texts, without being read
    read = _read(text)
    hidden = _hidden(read)
    if not hidden:
        return text
    # One character may stand for two digits.
    stars = Counter(read.places[place] for place in hidden)
    return "".join("*" * stars[place] if place in stars else one for place, one in enumerate(text))


def _read(text: str) -> _Text:
    plain: list[str] = []
    places: list[int] = []
    is_han: list[bool] = []
    for place, one in enumerate(text):
        seen = _seen(one)
        plain.append(seen)
        places += [place] * len(seen)
        is_han += [one in _HAN] * len(seen)
    return _Text("".join(plain), places, is_han)


@lru_cache(maxsize=4096)
def _seen(one: str) -> str:
    """Return what a reader sees in a character: digits as ASCII, separators as one of few."""
    if one in _HAN:
        return _HAN[one]
    if one in _CHECK_X:
        return "X"
    if "!" <= one <= "~":
        return one
    category = unicodedata.category(one)
    if one in _BLANK or category[0] == "M" or (category[0] == "C" and one not in _WHITESPACE):
        return ""
    decimal = unicodedata.decimal(one, None)
    if decimal is not None:
        return str(decimal)
    if category == "Pd" or one == "\u2212":
        return "-"
    normal = unicodedata.normalize("NFKC", one)
    return normal if normal == one else "".join(map(_seen, normal))


def _hidden(read: _Text) -> set[int]:
    """Return the places of all digits that some number hides."""
    groups = list(_groups(read))
    places = [place for group in groups for place in range(group.start, group.stop)]
    digits = "".join(read.plain[group.start : group.stop] for group in groups)
    hidden: set[int] = set()
    begin = 0
    for first, group in enumerate(groups):
        for end in _ends(groups, first):
            kept = _kept(digits[begin : begin + end.size], end)
            if kept is not None:
                hidden.update(places[begin + kept[0] : begin + end.size - kept[1]])
        begin += group.stop - group.start
    return hidden


def _groups(read: _Text) -> Iterator[_Group]:
    plain = bytearray(len(read.plain))
    for token in _PLAIN.finditer(read.plain):
        plain[token.start() : token.end()] = b"\1" * len(token[0])
    spans = list(_spans(read))
    bounds = [0, *(place for span in spans for place in span), len(read.plain)]
    gaps = [read.plain[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
    for (start, stop), (before, after) in zip(spans, pairwise(gaps), strict=True):
        is_short = stop - start <= _KEPT_MAX
        yield _Group(
            start,
            stop,
            is_joined=_joins(before),
            is_plain=bool(plain[start]),
            may_begin=not (is_short and before.endswith("*") and _is_mask(before)),
            may_end=not (is_short and after.startswith("*") and _is_mask(after)),
        )


def _spans(read: _Text) -> Iterator[tuple[int, int]]:
    """Yield where each group begins and ends; Chinese digits and others are groups apart."""
    for found in _GROUP.finditer(read.plain):
        start = found.start()
        for place in range(start + 1, found.end()):
            if read.is_han[place] != read.is_han[place - 1]:
                yield start, place
                start = place
        yield start, found.end()


def _is_mask(gap: str) -> bool:
    return gap.count("*") >= _MASK_MIN


def _joins(gap: str) -> bool:
    return len(gap) <= _SEPARATORS_MAX and not _is_mask(gap) and all(map(_separates, gap))


@lru_cache(maxsize=4096)
def _separates(one: str) -> bool:
    """Say whether a character may stand between the groups of one number."""
    category = unicodedata.category(one)
    return (category[0] in "ZPSC") and category != "Sc" and one not in "%‰"


def _ends(groups: Sequence[_Group], first: int) -> Iterator[_End]:
    """Yield where a number that begins with a group may end: whole groups alone."""
    if not groups[first].may_begin:
        return
    size = 0
    is_plain = may_be_id = False
    for count, group in enumerate(groups[first : first + _CARD_MAX], 1):
        begin, size = size, size + group.stop - group.start
        if size > _CARD_MAX or (count > 1 and not group.is_joined):
            return
        may_be_id = (may_be_id or count == 1) and (not group.is_plain or 6 <= begin < size <= 14)
        is_plain |= group.is_plain
        if size >= _PHONE and group.may_end:
            # A person writes the digits one by one, in pairs, or in longer groups.
            is_spelled = count == size or count <= (size + 1) // 2
            yield _End(size, is_spelled and not is_plain, may_be_id)


def _kept(digits: str, end: _End) -> tuple[int, int] | None:
    """Return how many digits of a number are shown at its ends; None where it is no number."""
    if end.may_be_id and _is_id(digits):
        return 3, 4
    if not end.is_likely or "X" in digits:
        return None
    if _is_card(digits):
        return 0, 4
    if _is_old_id(digits):
        return 3, 4
    phone = _PHONE_NUMBER.fullmatch(digits)
    return (len(phone[1]) + 3, 4) if phone else None


def _is_card(digits: str) -> bool:
    if not _CARD_MIN <= len(digits) <= _CARD_MAX or digits[0] in "017":  # no issuer of cards
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[::-2] + doubled)) % 10 == 0


def _is_id(digits: str) -> bool:
    if len(digits) != _ID or "X" in digits[:-1] or not _is_resident(digits[:2], digits[6:14]):
        return False
    return str(ric.calc_check_digit(digits)) == digits[-1]


def _is_old_id(digits: str) -> bool:
    """Say whether 15 digits are an ID number as given out until 1999, without a check digit."""
    return len(digits) == _OLD_ID and _is_resident(digits[:2], f"19{digits[6:12]}")


def _is_resident(province: str, born_on: str) -> bool:
    if province not in _PROVINCES or not "1850" < born_on < "2100":
        return False
    try:
        date(int(born_on[:4]), int(born_on[4:6]), int(born_on[6:]))
    except ValueError:
        return False
    else:
        return True
