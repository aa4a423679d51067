"""What the launcher says: each message in Chinese and English, on one line."""

import io
import os
import sys
import time
from pathlib import Path
from typing import TextIO

GREEN, RED, GREY, BOLD = "32", "31", "90", "1"
STARTED = time.monotonic()


class LaunchError(Exception):
    """The launcher cannot go on; the words name what is missing and its remedy."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese} / {english}")


def speakable(stream: TextIO | None) -> TextIO:
    """Return a stream that takes every word: one that is closed from the start takes it nowhere."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    # A terminal that has no Chinese shows escapes instead of ending the start.
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


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
    put(f" {mark} {seconds}  {words}\n", sys.stderr)


def complain(error: LaunchError | str) -> None:
    """Print why the launcher stops."""
    put(f" {paint(RED, '✗', sys.stderr)} {error}\n", sys.stderr)


def put(text: str, stream: TextIO) -> None:
    """Print at once; where nobody reads any more, or no room is left, go on without."""
    try:
        print(text, end="", file=stream, flush=True)
    except BlockingIOError:  # a slow reader, who gets it with what comes next
        pass
    except OSError:
        # What the stream still holds would be tried again at the exit, and fail once more.
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
