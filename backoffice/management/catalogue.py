"""The Chinese catalogue compared with the strings of the code.

Reads Python with Babel and templates with Django's own ``templatize``; needs no gettext programs.
The catalogue also holds strings of unfold that Django does not translate, names of permissions,
and the meanings of the refusals of endpoints (their docstrings).
"""

import importlib.util
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django import conf
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

from backoffice.web.api import error_catalogue

OWN_APPS = ("backoffice", "accounts", "risk", "loans")
CALLS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
HEADER = "# Chinese of Weidai; written by manage.py check_translations --write, then translated."
SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # a fixed moment: equal strings make equal files
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
_UNFOLD_PARTS_LEFT_OUT = ("contrib", "tests", "migrations")

MessageId = str | tuple[str, ...] | list[str]


@dataclass
class CatalogueReport:
    """The errors of the catalogue by kind."""

    missing: list[str] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Return one line per error."""
        for kind, found in vars(self).items():
            yield from (f"{kind}: {text}" for text in found)


def folder() -> Path:
    """Return the folder of the catalogue."""
    return Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES"


def source_catalog() -> Catalog:
    """Return the strings of the product, and those of unfold that Django leaves in English."""
    catalog = Catalog(
        locale="zh_Hans", project="weidai", version="1", charset="utf-8", fuzzy=False,
        header_comment=HEADER, copyright_holder="Weidai", msgid_bugs_address="-",
        creation_date=SINCE, revision_date=SINCE, last_translator="Weidai", language_team="zh_Hans",
    )  # fmt: skip
    for name, message, context in _own():
        catalog.add(message, locations=[(name, 0)], context=context)
    known = _django()
    for name, message, context in _unfold():
        found = known.get(message, context)
        if found is None or not found.string:
            catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


def examine() -> CatalogueReport:
    """Compare code, catalogue and compiled catalogue."""
    report, wanted, kept = CatalogueReport(), source_catalog(), read()
    for message in _messages(wanted):
        found = kept.get(message.id, message.context)
        text = _first(message.id)
        if found is None:
            report.missing.append(text)
        elif found.fuzzy:
            report.fuzzy.append(text)
        elif not all(_strings(found)):
            report.untranslated.append(text)
        elif not _same_placeholders(found):
            report.placeholders.append(text)
    for message in _messages(kept):
        if wanted.get(message.id, message.context) is None:
            report.unused.append(_first(message.id))
    compiled = folder() / "django.mo"
    if not compiled.is_file() or compiled.read_bytes() != _compiled(kept):
        report.stale.append(str(compiled))
    return report


def update() -> None:
    """Update the catalogue from the code, keep every translation, and compile it."""
    wanted, kept = source_catalog(), read()
    for message in _messages(wanted):
        found = kept.get(message.id, message.context)
        if found is not None and not found.fuzzy:
            message.string = found.string
    with (folder() / "django.po").open("wb") as file:
        write_po(file, wanted, omit_header=False, sort_output=True, width=100, no_location=True)
    (folder() / "django.mo").write_bytes(_compiled(read()))


def read() -> Catalog:
    """Return the catalogue of the repository."""
    path = folder() / "django.po"
    if not path.is_file():
        return Catalog(locale="zh_Hans")
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def _compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _own() -> Iterator[tuple[str, MessageId, str | None]]:
    root = Path(settings.BASE_DIR)
    for app in OWN_APPS:
        for path in sorted((root / app).rglob("*.py")):
            if "migrations" not in path.parts:
                name = path.relative_to(root).as_posix()
                yield from _of_python(path, name)
    for path in sorted((root / "templates").rglob("*.html")):
        yield from _of_template(path, path.relative_to(root).as_posix())
    for model in apps.get_models():
        if model._meta.app_label in OWN_APPS:
            for _codename, text in model._meta.permissions:
                yield model._meta.label, str(text), None
    for refusal in error_catalogue.refusals().values():
        yield refusal.__module__, error_catalogue.meaning_of(refusal), None


def _unfold() -> Iterator[tuple[str, MessageId, str | None]]:
    spec = importlib.util.find_spec("unfold")
    assert spec is not None and spec.origin is not None
    root = Path(spec.origin).parent
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if set(name.parts) & set(_UNFOLD_PARTS_LEFT_OUT):
            continue
        if path.suffix == ".py":
            yield from _of_python(path, f"unfold/{name}")
        elif path.suffix == ".html":
            yield from _of_template(path, f"unfold/{name}")


def _django() -> Catalog:
    """Return the Chinese catalogue of Django: its core and the apps in use."""
    whole = Catalog(locale="zh_Hans")
    roots = [Path(conf.__file__).parent]
    roots += [Path(app.path) for app in apps.get_app_configs() if app.name.startswith("django.")]
    for root in roots:
        path = root / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.mo"
        if path.is_file():
            with path.open("rb") as file:
                for message in _messages(read_mo(file)):
                    whole.add(message.id, message.string, context=message.context)
    return whole


def _of_python(path: Path, name: str) -> Iterator[tuple[str, MessageId, str | None]]:
    yield from _extracted(path.read_bytes(), name)


def _of_template(path: Path, name: str) -> Iterator[tuple[str, MessageId, str | None]]:
    # Inside brackets the tokenizer ignores leading spaces.
    source = f"(\n{templatize(path.read_text(encoding='utf-8'))}\n)"
    yield from _extracted(source.encode(), name)


def _extracted(source: bytes, name: str) -> Iterator[tuple[str, MessageId, str | None]]:
    found = extract("python", io.BytesIO(source), keywords=CALLS, options={"encoding": "utf-8"})
    for _line, message, _comments, context in found:
        if _first(message):
            yield name, message, context


def _messages(catalog: Catalog) -> Iterable[Message]:
    return [message for message in catalog if message.id]


def _first(message: MessageId) -> str:
    return message if isinstance(message, str) else message[0]


def _strings(message: Message) -> list[str]:
    strings = message.string
    return [strings] if isinstance(strings, str) else list(strings or ("",))


def _same_placeholders(message: Message) -> bool:
    """Return whether a translation has the same placeholders as the original."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    wanted = set().union(*(_PLACEHOLDER.findall(text) for text in ids))
    return all(set(_PLACEHOLDER.findall(text)) == wanted for text in _strings(message))
