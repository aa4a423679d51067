"""The guide and the glossary as pages of docs/, in both languages, with the default numbers."""

from collections.abc import Callable, Iterator

from django.utils.translation import gettext, override

from backoffice.core.translation import gettext_noop as _
from backoffice.guide.numbers import by_default, filled
from backoffice.guide.opening import INTRODUCTION, guide
from backoffice.guide.terms import glossary

LANGUAGES = ("en", "zh-hans")
_WRITTEN = (
    "<!-- Written by `make guide` from the texts in backoffice/guide and the product numbers. -->\n"
)
GUIDE_TITLE = _("How to open a credit line")
GLOSSARY_TITLE = _("Glossary of the product")
_NUMBERS_NOTE = _(
    "The numbers are the defaults of the product. Those in force on a day are at {endpoint}."
)


def guide_page() -> str:
    """Return docs/guide.md as it must be committed."""
    return "\n".join((_WRITTEN, *_in_languages(_guide_lines)))


def glossary_page() -> str:
    """Return docs/glossary.md as it must be committed."""
    return "\n".join((_WRITTEN, *_in_languages(_glossary_lines)))


def _in_languages(lines: Callable[[], Iterator[str]]) -> Iterator[str]:
    for language in LANGUAGES:
        with override(language):
            yield from list(lines())


def _guide_lines() -> Iterator[str]:
    numbers = by_default()
    yield from _head(GUIDE_TITLE, "`GET /api/v1/guide`")
    yield f"{filled(INTRODUCTION, numbers)}\n"
    for position, one in enumerate(guide(numbers), 1):
        yield f"## {position}. {one.title}\n"
        yield f"{one.aim}\n"
        yield from (f"- {need}" for need in one.needs)
        yield f"\n`{one.method} {one.endpoint}`\n"


def _glossary_lines() -> Iterator[str]:
    yield from _head(GLOSSARY_TITLE, "`GET /api/v1/glossary`")
    for one in glossary(by_default()):
        yield f"## {one.title}\n"
        yield f"{one.text} ({', '.join(one.rules)})\n"


def _head(title: str, endpoint: str) -> Iterator[str]:
    yield f"# {gettext(title)}\n"
    yield f"{gettext(_NUMBERS_NOTE).format(endpoint=endpoint)}\n"
