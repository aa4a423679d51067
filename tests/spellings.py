"""Ways in which people write a phone, ID or card number into a text."""

from collections.abc import Callable, Iterator

_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_HAN = str.maketrans("0123456789", "〇一二三四五六七八九")
_SEPARATORS = (
    "", " ", "  ", "\u3000", "\u00a0", ".", "-", "—", "–", "\u2011", "_", ",", "，", "、", "·", "/",
    "\n", "\t", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", " \u200b- ", ") - ",
)  # fmt: skip


def grouped(number: str) -> list[str]:
    """Return the groups in which a number is usually written."""
    if len(number) == 11:
        return [number[:3], number[3:7], number[7:]]
    if len(number) == 18 and number[:2] in ("11", "51"):
        return [number[:6], number[6:14], number[14:]]
    return [number[n : n + 4] for n in range(0, len(number), 4)]


def _joined(separator: str) -> Callable[[str], str]:
    return lambda number: separator.join(grouped(number))


def _bracketed(number: str) -> str:
    first, *others = grouped(number)
    return f"({first}){''.join(others)}"


PHONE_SPELLINGS: list[Callable[[str], str]] = [
    *map(_joined, _SEPARATORS),
    _bracketed,
    " ".join,
    "\u200b".join,
    lambda number: number.translate(_WIDE),
    lambda number: _joined("\u3000")(number).translate(_WIDE),
    lambda number: number.translate(_ARABIC),
    lambda number: number.translate(_HAN),
]


def spellings_of(number: str) -> Iterator[str]:
    """Yield a number in every spelling, as it is first."""
    for spell in PHONE_SPELLINGS:
        yield spell(number)
