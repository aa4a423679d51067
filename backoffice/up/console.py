"""Messages of the launcher, each in Chinese and English on one line, LANGUAGE_CODE's first."""

import io
import os
import sys
import time
from pathlib import Path
from typing import TextIO

from backoffice.up import dotenv

GREEN, RED, GREY, BOLD = "32", "31", "90", "1"
STARTED = time.monotonic()
ENV_FILE = Path(__file__).resolve().parents[2] / ".env"


def both(chinese: str, english: str) -> str:
    """Return a message in both languages: English first if LANGUAGE_CODE is en, in .env too."""
    names = dotenv.read(ENV_FILE) | os.environ
    if names.get("LANGUAGE_CODE") == "en":
        return f"{english} / {chinese}"
    return f"{chinese} / {english}"


class LaunchError(Exception):
    """The launcher cannot continue; the message names the problem and its remedy."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(both(chinese, english))


def tolerant_stream(stream: TextIO | None) -> TextIO:
    """Return a stream that accepts every text; a closed one is replaced by the null device."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    # A terminal without Chinese shows escapes instead of an encoding error.
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


def print_done(chinese: str, english: str) -> None:
    """Print a finished step, with the seconds since the start."""
    _line(paint(GREEN, "✓", sys.stderr), both(chinese, english))


def print_started(chinese: str, english: str) -> None:
    """Print a step that takes a while."""
    _line("…", both(chinese, english))


def _line(mark: str, text: str) -> None:
    seconds = paint(GREY, f"{time.monotonic() - STARTED:5.1f}s", sys.stderr)
    put(f" {mark} {seconds}  {text}\n", sys.stderr)


def print_error(error: LaunchError | str) -> None:
    """Print why the launcher stops."""
    put(f" {paint(RED, '✗', sys.stderr)} {error}\n", sys.stderr)


def put(text: str, stream: TextIO) -> None:
    """Print at once; ignore a closed reader and a full disk."""
    try:
        print(text, end="", file=stream, flush=True)
    except BlockingIOError:  # a slow reader, who gets it with what comes next
        pass
    except OSError:
        # What the stream still holds would be tried again at the exit, and fail once more.
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
