"""What staff may see of a sealed value: enough to recognise it, not enough to use it."""

import re

from backoffice.core import personal_numbers

# Province, prefecture and district, each of which may be missing but the last. The ends of names
# of housing estates and the like (小区, 社区, 园区) are no districts.
_DISTRICT = re.compile(
    r"(?:[\u4e00-\u9fff]{1,8}?(?:省|自治区|特别行政区))?"
    r"(?:[\u4e00-\u9fff]{1,10}?(?:市|自治州|地区|盟))?"
    r"(?:[\u4e00-\u9fff]{1,12}?(?:(?<![小社园])区|县|旗|市))"
)


# Marks, embeddings, overrides and isolates: they let a text be read in another order than it has.
_DIRECTIONS = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def name(full: str | None) -> str:
    """Return a name with its first character only, ``张*``, whatever its length.

    One character alone is hidden: it would be the whole name.
    """
    known = (full or "").translate(_DIRECTIONS).strip()
    return f"{known[0]}*" if len(known) > 1 else "*" if known else ""


def id_number(full: str | None) -> str:
    """Return an ID number with its first three and last four characters."""
    return _middle(full, first=3, last=4)


def phone(full: str | None) -> str:
    """Return a phone number with its first three and last four digits."""
    return _middle(full, first=3, last=4)


def address(full: str | None) -> str:
    """Return an address to its district, hidden whole where none is recognised."""
    found = _DISTRICT.match(full or "")
    return f"{found[0]}***" if found else "***" if full else ""


def text(full: str) -> str:
    """Return free text with every phone, ID and card number masked, however it is spelled.

    Characters that change the direction of writing are left out: what follows reads as it stands.
    """
    return personal_numbers.mask(full.translate(_DIRECTIONS))


def card(last_four: str) -> str:
    """Return a card number with its last four digits only."""
    return f"**** {last_four}"


def _middle(full: str | None, *, first: int, last: int) -> str:
    if not full:
        return ""
    hidden = len(full) - first - last
    if hidden <= 0:
        return "*" * len(full)
    return f"{full[:first]}{'*' * hidden}{full[-last:]}"
