"""Words that the project avoids, each with the word to use instead."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.source_tree import ROOT, name_of

# Parts of names in code (snake_case and CamelCase are split) and the term to use. A person is born:
# 'born' and 'birth' are not listed here.
IDENTIFIERS = {
    "act": "admin action",
    "acts": "admin actions",
    "anew": "again",
    "heard": "received",
    "house": "system",
    "leash": "parent death signal",
    "leaving": "account closure",
    "lived": "run",
    "mend": "fix",
    "mended": "fixed",
    "nameless": "anonymous uid",
    "obstacle": "blocker",
    "obstacles": "blockers",
    "reckon": "compute",
    "roof": "site",
    "room": "available",
    "said": "answers, messages or output",
    "slot": "job (of the day) or seat (of a WeChat account)",
    "slots": "jobs or seats",
    "soundness": "preflight",
    "spoil": "inject fault",
    "told": "result, facts or output",
    "weather": "launcher environment",
    "wish": "request",
}

# Patterns in docstrings, comments, strings, templates and documents, and what to write.
PROSE = {
    r"anew": "again, re-",
    r"birth of a row|is born|are born": "initial state, starts",
    r"demo book|lender's book|(?:a|the|real|synthetic) books?\b": "portfolio or ledger",
    r"(?:its|the) floor\b(?! of)": "baseline",
    r"hear of|hears": "receive",
    r"(?<![\"'])house(?![\"'])": "system",
    r"in one go": "bullet",
    r"last sign of life": "last heartbeat",
    r"leash": "parent-death signal",
    r"lived? through": "run",
    r"lose sight": "mark unknown",
    r"mend(?:s|ed|ing)?": "fix",
    r"nameless": "anonymous uid",
    r"not as (?:it|they) must be": "invalid",
    r"obstacles?": "blocker",
    r"reckon(?:s|ed|ing)?": "compute",
    r"roof": "site",
    r"room (?:left|on)": "available amount",
    r"slots?": "job or seat",
    r"small rests?": "small balance carried forward",
    r"soundness": "preflight",
    r"tells of": "describes",
    r"there is nothing here": "not found",
    r"waived for good": "permanently waived",
    r"weather": "launcher environment",
}

# Chinese of pages and documents.
CHINESE = {
    "借据": "贷款",
    "已就绪": "开户资料齐备",
    "执行者": "执行节点",
    "时段": "批次",
    "结果未知": "待查证",
    "起息日": "入账日",
    "隐形额度": "额度缓冲",
}

# Uses that are right: the file (or all files) and the word.
ALLOWED = {
    ("tests/test_vocabulary.py", None),  # it lists them
    (None, "slots"),  # dataclass(slots=True)
    ("accounts/models/proof.py", "house"),  # a kind of property
    ("risk/policy.py", "house"),
    ("risk/lines/rules/grant.py", "house"),
    ("tests/risk/lines/rules/test_grant.py", "house"),
    ("tests/bench/decisions.py", "house"),
    ("tests/risk/simulation/queries/test_portfolio.py", "house"),
    ("tests/risk/simulation/rules/test_drafts.py", "house"),
    ("tests/risk/simulation/rules/test_moves.py", "house"),
    ("tests/rulebook.py", "house"),
    ("tests/test_rulebook.py", "house"),
}

SUFFIXES = {".py", ".html", ".md", ".example", ".toml", ".css"}
NAMED = {"Makefile", ".ci/check", ".ci/run"}


def is_allowed(name: str, word: str) -> bool:
    return bool({(name, None), (name, word), (None, word)} & ALLOWED)


@cache
def files() -> tuple[Path, ...]:
    """Return the text files of the project that are held to the vocabulary."""
    roots = [ROOT / name for name in ("accounts", "backoffice", "docs", "loans", "risk",
                                      "templates", "tests")]  # fmt: skip
    found = [path for root in roots for path in root.rglob("*") if path.suffix in SUFFIXES]
    found += [path for path in ROOT.iterdir() if path.suffix in SUFFIXES and path.is_file()]
    found += [ROOT / name for name in NAMED]
    return tuple(sorted(found))


def sources() -> list[Path]:
    return [path for path in files() if path.suffix == ".py" and "migrations" not in path.parts]


def parts(name: str) -> list[str]:
    """Return the words of a name: ``JobPause``, ``job_pause`` and ``JOB_PAUSE`` alike."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every name that a module defines or uses, with its line."""
    yield 1, path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("id", "attr", "arg", "name", "asname"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield getattr(node, "lineno", 1), value.rpartition(".")[2]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a document, or the comments and strings of a module."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    kinds = {tokenize.COMMENT, tokenize.STRING}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds:
            yield from enumerate(token.string.splitlines(), token.start[0])


def none(found: Iterator[str]) -> None:
    """Fail with one line for each finding."""
    __tracebackhide__ = True
    lines = list(dict.fromkeys(found))
    if lines:
        pytest.fail("\n".join(["", *lines]))


def test_names_use_the_vocabulary():
    none(
        f"{name_of(path)}:{line} {name}: write '{IDENTIFIERS[part]}' instead of '{part}'"
        for path in sources()
        for line, name in names(path)
        for part in parts(name)
        if part in IDENTIFIERS and not is_allowed(name_of(path), part)
    )


def test_prose_uses_the_vocabulary():
    patterns = {re.compile(rf"\b(?:{word})\b", re.IGNORECASE): use for word, use in PROSE.items()}
    none(
        f"{name_of(path)}:{line} write '{use}' instead of '{found[0]}'"
        for path in files()
        for line, text in prose(path)
        for pattern, use in patterns.items()
        if (found := pattern.search(text)) and not is_allowed(name_of(path), found[0].lower())
    )


def test_chinese_uses_the_vocabulary():
    catalogue = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    with catalogue.open("rb") as stream:
        messages = [message for message in read_po(stream) if message.id]
    none(
        f"{message.id!r}: write '{use}' instead of '{word}'"
        for message in messages
        for word, use in CHINESE.items()
        if word in str(message.string)
    )
    none(
        f"{name_of(path)}:{line} write '{use}' instead of '{word}'"
        for path in files()
        for line, text in prose(path)
        for word, use in CHINESE.items()
        if word in text and not is_allowed(name_of(path), word)
    )


def test_every_banned_word_is_found():
    assert parts("HouseCommand") == ["house", "command"]
    assert parts("_slots_of_day") == ["slots", "of", "day"]
    assert [word for word in PROSE if re.search(rf"\b(?:{word})\b", "a weather report")] == [
        "weather"
    ]


def test_every_class_of_the_packages_has_a_name_of_its_own():
    homes: dict[str, list[str]] = {}
    for path in sources():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and "tests" not in path.parts:
                homes.setdefault(node.name, []).append(name_of(path))
    none(
        f"{', '.join(found)}: each defines a class {name}"
        for name, found in homes.items()
        if len(found) > 1 and name != "Command"  # Django finds commands by this name
    )
