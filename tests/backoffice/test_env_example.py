"""The example of the environment names all that is read, and its values let a process start."""

import ast
import os
import re
import subprocess
import sys

from backoffice.up import dotenv
from tests.source_tree import ROOT, walk

EXAMPLE = ROOT / ".env.example"
READERS = [ROOT / "backoffice" / "settings.py", *sorted((ROOT / "backoffice" / "up").glob("*.py"))]
ASKS = {"str", "list", "get", "_required", "_switch"}
MAPPINGS = {"os.environ", "environ", "given", "names"}
OF_THE_MACHINE = {"PATH"}
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
VALUE = re.compile(r"#([A-Z][A-Z0-9_]+)=(.*)")


def words(path):
    """Every constant that a module asks a mapping for: by a call, a subscript or ``in``."""
    for call in walk(path, ast.Call):
        if ast.unparse(call.func).rsplit(".", 1)[-1] in ASKS and call.args:
            yield call.args[0]
    for test in walk(path, ast.Compare):
        if isinstance(test.ops[0], ast.In | ast.NotIn):
            yield test.left
    for part in walk(path, ast.Subscript):
        if ast.unparse(part.value) in MAPPINGS:
            yield part.slice


def names_read():
    return {
        word.value
        for path in READERS
        for word in words(path)
        if isinstance(word, ast.Constant) and NAME.fullmatch(str(word.value))
    } - OF_THE_MACHINE


def example():
    """The names of the example with their values."""
    lines = EXAMPLE.read_text().splitlines()
    return dict(found.groups() for found in map(VALUE.fullmatch, lines) if found)


def test_the_readers_are_found_to_read_names():
    assert {"SECRET_KEY", "SANDBOX", "ALLOWED_HOSTS", "DATABASE_OWNER_URL", "WEIDAI_DATA",
            "PORT", "NO_COLOR"} <= names_read()  # fmt: skip


def test_every_name_that_is_read_stands_in_the_example_and_no_other():
    assert names_read() == set(example())


def test_every_value_has_words_above_it():
    blocks = [block for block in EXAMPLE.read_text().split("\n\n") if VALUE.search(block)]

    assert blocks
    assert [block for block in blocks if not block.startswith("# ")] == []


def test_a_copy_of_the_example_changes_nothing(tmp_path):
    copy = tmp_path / ".env"
    copy.write_text(EXAMPLE.read_text())

    assert dotenv.read(copy) == {}


def test_a_process_starts_with_the_values_of_the_example():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=os.environ | example(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def test_the_secret_of_the_example_is_not_good_enough_for_a_deployment():
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=os.environ | example(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
