"""The launcher's command line, and what it says before it does anything."""

import ast
import os
import re
import subprocess
import sys

import pytest

from backoffice.up import console, paths
from backoffice.up.__main__ import parser

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def no_port(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)


def test_a_plain_start_is_the_demo_on_port_8000():
    options = parser().parse_args([])

    assert (options.command, options.port, options.demo) == (None, 8000, True)


def test_the_port_comes_from_the_environment_and_the_option_wins(monkeypatch):
    monkeypatch.setenv("PORT", "8001")

    assert parser().parse_args([]).port == 8001
    assert parser().parse_args(["--port", "8002"]).port == 8002


@pytest.mark.parametrize("words", ["0", "65536", "-1", "http", "٨٠", ""])
def test_what_is_no_port_is_refused_with_an_example(words, capsys):
    with pytest.raises(SystemExit) as refusal:
        parser().parse_args(["--port", words])

    assert refusal.value.code == 2
    assert "8001" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exec --dev -- pytest -n 2 -k bills", ["pytest", "-n", "2", "-k", "bills"]),
        ("exec -- git log -- README.md", ["git", "log", "--", "README.md"]),
        ("exec ruff", ["ruff"]),
    ],
)
def test_exec_hands_the_words_of_the_command_on(line, words):
    options = parser().parse_args(line.split())

    assert options.argv == words
    assert options.dev == ("--dev" in line)


def test_it_needs_nothing_but_the_standard_library():
    program = f"import sys; sys.path.insert(0, {str(paths.ROOT)!r}); import backoffice.up.__main__"

    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


def test_an_older_python_learns_which_one_is_needed():
    source = (paths.ROOT / "backoffice" / "up" / "__init__.py").read_text()
    old = source.replace("import sys", "import sys; sys.version_info = (3, 9)")

    done = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "PYTHON=python3.11 make run" in done.stderr


def _messages():
    for file in sorted((paths.ROOT / "backoffice" / "up").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            is_message = name in {"LaunchError", "both", "print_done", "print_started"}
            if is_message and file.name != "console.py":
                yield pytest.param(*map(ast.unparse, node.args), id=f"{file.name}:{node.lineno}")


@pytest.mark.parametrize(("chinese", "english"), list(_messages()))
def test_every_message_speaks_chinese_then_english(chinese, english):
    assert CHINESE.search(chinese)
    assert not CHINESE.search(english)


def test_a_stream_that_nobody_reads_or_that_is_closed_takes_every_word():
    reader, writer = os.pipe()
    os.close(reader)

    with open(writer, "w") as unread, console.tolerant_stream(None) as closed:
        for stream in (unread, unread, closed):
            console.put("就绪\n", stream)


@pytest.mark.parametrize("place", ["environment", "file"])
def test_the_language_of_the_pages_stands_first(place, monkeypatch, tmp_path):
    monkeypatch.delenv("LANGUAGE_CODE", raising=False)
    monkeypatch.setattr(console, "ENV_FILE", tmp_path / ".env")
    assert console.both("就绪", "ready") == "就绪 / ready"

    if place == "file":
        (tmp_path / ".env").write_text("LANGUAGE_CODE=en\n")
    else:
        monkeypatch.setenv("LANGUAGE_CODE", "en")

    assert console.both("就绪", "ready") == "ready / 就绪"
    assert str(console.LaunchError("已停止", "stopped")) == "stopped / 已停止"


def test_both_languages_stand_on_one_line(capsys, monkeypatch):
    monkeypatch.setenv("LANGUAGE_CODE", "zh-hans")
    console.print_error(console.LaunchError("端口 80 已被占用", "port 80 is in use"))

    assert capsys.readouterr().err == " ✗ 端口 80 已被占用 / port 80 is in use\n"
