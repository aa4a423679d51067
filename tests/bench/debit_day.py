"""``make bench debit-day``: the 9:00 run against its floor and against the plain way."""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.progress import Progress

from loans.migration.operations.generating import DUE_SHARE_PPM
from tests.bench import books, databases, floor

ORM_BILLS = 1_000
PROJECT = Path(__file__).resolve().parent.parent.parent

Measured = dict[str, list[dict[str, Any]]]


class Figure(NamedTuple):
    """Runs of one variant: median, smallest and largest, in seconds or as a ratio."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Return the figure of some values."""
        return cls(median(values), min(values), max(values))


class Outcome(NamedTuple):
    """The figures of one book."""

    loans: int
    bills: int
    seconds: dict[str, Figure]  # per variant; the plain way scaled from its sample
    ratios: dict[str, Figure]  # against the same round's runs
    peak_mb: int
    chunks: int
    statements_per_chunk: int


def measure(loans: int, *, rounds: int, progress: Progress) -> Outcome:
    """Measure one size of book in interleaved rounds, each run on a fresh copy of it."""
    steps = progress.add_task(f"{loans:,} loans", total=3 + 7 * rounds)
    smaller_share_ppm = min(1_000_000, 3 * DUE_SHARE_PPM)
    book = books.make(loans, due_share_ppm=DUE_SHARE_PPM)
    progress.advance(steps)
    smaller = books.make(loans // 3, due_share_ppm=smaller_share_ppm)
    progress.advance(steps)
    measured: Measured = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with databases.copied(book) as database:
            child("ours", database=database)  # not counted: it makes the rows of the floor
            floor.capture(book, database, folder)
        progress.advance(steps)
        for _round in range(rounds):
            for variant, template, words in variants(book, smaller, folder):
                with databases.copied(template) as database:
                    measured[variant].append(
                        child(variant.removeprefix("smaller_"), *words, database=database)
                    )
                progress.advance(steps)
    for database in (book, smaller):
        databases.drop(database)
    return outcome(loans, measured)


def variants(book: str, smaller: str, folder: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what a round measures, in order: the variant, its book, its words."""
    yield "floor", book, (str(folder),)
    yield "ours", book, ()
    yield "two_children", book, ()
    yield "smaller_ours", smaller, ()
    yield "orm", book, (str(ORM_BILLS),)
    yield "closed_form", book, ()
    yield "every_loan", book, ()


def child(variant: str, *words: str, database: str) -> dict[str, Any]:
    """Run one variant in a process of its own; return what it reports."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.child", variant, *words],
        env=os.environ | databases.names_for(database),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def outcome(loans: int, measured: Measured) -> Outcome:
    """Return the figures of what was measured."""
    ours = measured["ours"]
    bills = ours[0]["bills"]
    seconds = {variant: [run["seconds"] for run in runs] for variant, runs in measured.items()}
    seconds["orm"] = [run["seconds"] * bills / run["bills"] for run in measured["orm"]]
    return Outcome(
        loans,
        bills,
        {variant: Figure.of(values) for variant, values in seconds.items()},
        {
            "9:00 run / floor": _ratio(seconds, "ours", "floor"),
            "two children / floor": _ratio(seconds, "two_children", "floor"),
            "a loan at a time / 9:00 run": _ratio(seconds, "orm", "ours"),
            "9:00 run in the book / in a third of it": _ratio(seconds, "ours", "smaller_ours"),
            "every loan / closed form": _ratio(seconds, "every_loan", "closed_form"),
        },
        max(run["peak_mb"] for run in ours),
        ours[0]["chunks"],
        max(run["statements_per_chunk"] for run in ours),
    )


def _ratio(seconds: dict[str, list[float]], above: str, below: str) -> Figure:
    return Figure.of([a / b for a, b in zip(seconds[above], seconds[below], strict=True)])
