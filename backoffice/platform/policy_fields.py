"""Product numbers in words: what each field is called, its unit and rule, and values as shown.

Amounts are stored in fen, shares in permille or millionths; people read yuan, per cent and factors.
The site registers the words of every field.
"""

import re
from collections.abc import Mapping
from datetime import time
from fractions import Fraction
from typing import Any, NamedTuple

from django.utils.translation import gettext

from backoffice.core.money import yuan
from backoffice.core.ranges import FieldOptions, Range

FEN_PER_YUAN = 100
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Unit(NamedTuple):
    """A unit as people read it, and how many of the stored unit make one of it: a power of ten."""

    title: Any
    per: int


class PolicyField(NamedTuple):
    """The words of a field: its title, unit and the rules it comes from."""

    title: Any
    unit: Unit
    rule: str


_PLAIN = Unit("", 1)
_titles: dict[str, Any] = {}
_fields: dict[tuple[str, str], PolicyField] = {}


def register(titles: Mapping[str, Any], fields: Mapping[str, Mapping[str, PolicyField]]) -> None:
    """Add the titles of policies and the words of their fields, once, when the site is ready."""
    _titles.update(titles)
    _fields.update(
        {(app, name): one for app, found in fields.items() for name, one in found.items()}
    )


def title_of(app: str) -> str:
    """Return the title of a policy in the active language; one without words is shown as it is."""
    return str(_titles.get(app, app))


def field_of(app: str, name: str) -> PolicyField:
    """Return the words of a field; one without words is shown as it is stored."""
    return _fields.get((app, name)) or PolicyField(name, _PLAIN, "")


def shown(value: Any, unit: Unit) -> str:
    """Return a value in its unit, exact: 2200 permille as ``2.2``, 1000000 fen as ``10,000.00``."""
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    if unit.per == FEN_PER_YUAN:
        return yuan(value)
    whole, rest = divmod(abs(value), unit.per)
    decimals = str(rest).zfill(len(str(unit.per)) - 1).rstrip("0") if rest else ""
    return f"{'-' if value < 0 else ''}{whole:,}{'.' if decimals else ''}{decimals}"


def with_unit(value: Any, unit: Unit) -> str:
    """Return a value and its unit, as a sentence needs them."""
    title = str(unit.title)
    return f"{shown(value, unit)}{'' if title.startswith('%') or not title else ' '}{title}"


def allowed_shown(allowed: Range | FieldOptions | None, unit: Unit) -> str:
    """Return what a field may be, in its unit; empty where nothing is declared."""
    if isinstance(allowed, Range):
        return f"{shown(allowed.least, unit)} – {shown(allowed.most, unit)}"
    return str(allowed or "")


def number_wanted(unit: Unit) -> str:
    """Return what may be typed for a number in a unit: whole, or with how many decimals."""
    decimals = len(str(unit.per)) - 1
    if decimals:
        words = gettext("a number in {unit} with at most {decimals} decimals")
        return words.format(unit=unit.title, decimals=decimals)
    if str(unit.title):
        return gettext("a whole number in {unit}").format(unit=unit.title)
    return gettext("a whole number")


def stored(text: str, unit: Unit) -> int | None:
    """Return the whole number of stored units that a text in the unit means, else None."""
    digits = text.replace(",", "").strip()
    if not _NUMBER.fullmatch(digits):
        return None
    found = Fraction(digits) * unit.per
    return int(found) if found.denominator == 1 else None
