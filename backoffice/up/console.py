"""What the launcher says: each message in Chinese and English, on one line."""

import os
import sys
import time
from contextlib import suppress
from typing import TextIO

GREEN, RED, GREY, BOLD = "32", "31", "90", "1"
STARTED = time.monotonic()


class LaunchError(Exception):
    """The launcher cannot go on; the words name what is missing and its remedy."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese} / {english}")


def has_colour(stream: TextIO) -> bool:
    """Return whether to colour what goes to the stream (NO_COLOR and FORCE_COLOR are honoured)."""
    if "NO_COLOR" in os.environ:
        return False
    return "FORCE_COLOR" in os.environ or stream.isatty()


def paint(colour: str, text: str, stream: TextIO) -> str:
    """Return the text in an ANSI colour where the stream shows colours."""
    return f"\033[{colour}m{text}\033[0m" if has_colour(stream) else text


def say(chinese: str, english: str) -> None:
    """Print a step that is done, with the seconds since the start."""
    _line(paint(GREEN, "✓", sys.stderr), f"{chinese} / {english}")


def begin(chinese: str, english: str) -> None:
    """Print a step that takes a while."""
    _line("…", f"{chinese} / {english}")


def _line(mark: str, words: str) -> None:
    seconds = paint(GREY, f"{time.monotonic() - STARTED:5.1f}s", sys.stderr)
    _print(f" {mark} {seconds}  {words}")


def complain(error: LaunchError | str) -> None:
    """Print why the launcher stops."""
    _print(f" {paint(RED, '✗', sys.stderr)} {error}")


def _print(line: str) -> None:
    with suppress(OSError):  # the terminal's window was closed: the stop goes on without it
        print(line, file=sys.stderr, flush=True)
