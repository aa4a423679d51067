"""The Chinese catalogue against the code: what is said anywhere, and what of it is translated.

Reads Python with Babel and templates with Django's own ``templatize``; needs no gettext programs.
Strings of unfold that Django does not translate belong to the catalogue too, and those the
database holds (names of rights) or operations give (``reason=``).
"""

import ast
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
class Report:
    """What is wrong with the catalogue, by kind of fault."""

    missing: list[str] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Return one line a fault."""
        for kind, found in vars(self).items():
            yield from (f"{kind}: {words}" for words in found)


def folder() -> Path:
    """Return where the catalogue stands."""
    return Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES"


def said() -> Catalog:
    """Return every string of the product, and of unfold as far as Django leaves it English."""
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


def examine() -> Report:
    """Compare code, catalogue and compiled catalogue."""
    report, wanted, kept = Report(), said(), read()
    for message in _messages(wanted):
        found = kept.get(message.id, message.context)
        words = _first(message.id)
        if found is None:
            report.missing.append(words)
        elif found.fuzzy:
            report.fuzzy.append(words)
        elif not all(_strings(found)):
            report.untranslated.append(words)
        elif not _same_placeholders(found):
            report.placeholders.append(words)
    for message in _messages(kept):
        if wanted.get(message.id, message.context) is None:
            report.unused.append(_first(message.id))
    compiled = folder() / "django.mo"
    if not compiled.is_file() or compiled.read_bytes() != _compiled(kept):
        report.stale.append(str(compiled))
    return report


def update() -> None:
    """Bring the catalogue up to the code, keeping every translation, and compile it."""
    wanted, kept = said(), read()
    for message in _messages(wanted):
        found = kept.get(message.id, message.context)
        if found is not None and not found.fuzzy:
            message.string = found.string
    with (folder() / "django.po").open("wb") as file:
        write_po(file, wanted, omit_header=False, sort_output=True, width=100, no_location=True)
    (folder() / "django.mo").write_bytes(_compiled(read()))


def read() -> Catalog:
    """Return the catalogue as it stands in the repository."""
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
                yield from ((name, words, None) for words in _reasons(path))
    for path in sorted((root / "templates").rglob("*.html")):
        yield from _of_template(path, path.relative_to(root).as_posix())
    for model in apps.get_models():
        if model._meta.app_label in OWN_APPS:
            for _codename, words in model._meta.permissions:
                yield model._meta.label, str(words), None


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
    """Return what Django itself has in Chinese: its core and the apps in use."""
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
    # Inside a bracket the leading spaces of a template's lines mean nothing to the tokenizer.
    source = f"(\n{templatize(path.read_text(encoding='utf-8'))}\n)"
    yield from _extracted(source.encode(), name)


def _extracted(source: bytes, name: str) -> Iterator[tuple[str, MessageId, str | None]]:
    found = extract("python", io.BytesIO(source), keywords=CALLS, options={"encoding": "utf-8"})
    for _line, message, _comments, context in found:
        if _first(message):
            yield name, message, context


def _reasons(path: Path) -> Iterator[str]:
    """Return the reasons that operations give for moves; the timeline translates them.

    They stand as a literal ``reason=`` or in a table named ``_REASONS``.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.keyword) and node.arg == "reason":
            values = [node.value]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            named = [target.id for target in node.targets if isinstance(target, ast.Name)]
            values = list(node.value.values) if named == ["_REASONS"] else []
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                yield value.value


def _messages(catalog: Catalog) -> Iterable[Message]:
    return [message for message in catalog if message.id]


def _first(message: MessageId) -> str:
    return message if isinstance(message, str) else message[0]


def _strings(message: Message) -> list[str]:
    strings = message.string
    return [strings] if isinstance(strings, str) else list(strings or ("",))


def _same_placeholders(message: Message) -> bool:
    """Say whether a translation fills in what the original does, in whatever order."""
    ids = [message.id] if isinstance(message.id, str) else list(message.id)
    wanted = set().union(*(_PLACEHOLDER.findall(words) for words in ids))
    return all(set(_PLACEHOLDER.findall(words)) == wanted for words in _strings(message))
