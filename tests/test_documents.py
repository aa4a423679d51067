"""What the documents name is there: tests, files, make targets and commands."""

import ast
import re

import pytest
from django.core.management import get_commands

from tests.source_tree import ROOT, tree

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md|po|mo|gz))`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
PICTURE_BYTES_MAX = 150_000
PICTURES = ROOT / "docs" / "images"
TARGET = re.compile(r"`make ([a-z-]+)")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def names_in(path):
    return {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)}


@every_document
def test_the_tests_it_names_are_there(document):
    named = TEST.findall(document.read_text())

    assert [f"{file}::{name}" for file, name in named if name not in names_in(ROOT / file)] == []


def test_every_promise_of_the_readme_names_a_test():
    promises = (ROOT / "README.md").read_text().partition("## Promises")[2].partition("\n## ")[0]
    rows = [row for row in promises.splitlines() if row.startswith("| ")][1:]

    assert len(rows) > 20
    assert [row for row in rows if not TEST.search(row)] == []


@every_document
def test_the_files_it_names_are_there(document):
    text = document.read_text()
    linked = [document.parent / name for name in LINK.findall(text)]
    named = [ROOT / name for name in FILE.findall(text)]

    assert [str(path) for path in linked + named if not path.exists()] == []


def test_every_picture_is_small_and_stands_in_the_readme_in_both_languages():
    text = (ROOT / "README.md").read_text()
    pictures = sorted(PICTURES.iterdir())
    chinese, english = ({path.name[3:] for path in pictures if path.name.startswith(prefix)}
                        for prefix in ("zh-", "en-"))  # fmt: skip

    assert [path.name for path in pictures if f"docs/images/{path.name}" not in text] == []
    assert [path.name for path in pictures if path.stat().st_size > PICTURE_BYTES_MAX] == []
    assert english <= chinese
    assert chinese - english == {"dark.png", "phone.png"}


@every_document
def test_the_commands_it_names_are_there(document):
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(TARGET.findall(text)) <= targets
    assert set(COMMAND.findall(text)) <= set(get_commands())
