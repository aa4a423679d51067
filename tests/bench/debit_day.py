"""``make bench debit-day``: the 9:00 run against its baseline and against the plain way."""

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
from tests.bench import baseline, databases, portfolios

ORM_BILLS = 1_000
BILLS_MIN = 6_600  # more than one chunk holds
IN_A_THIRD = "9:00 run in the portfolio / in a third of it"
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
    """The figures of one portfolio."""

    loans: int
    bills: int
    seconds: dict[str, Figure]  # per variant, by the clock; the plain way scaled from its sample
    cpu: dict[str, Figure]  # the same of CPU: the process, its children and the database
    ratios: dict[str, Figure]  # against the same round's runs, by the clock
    cpu_ratios: dict[str, Figure]
    peak_mb: int
    chunks: int
    statements_per_chunk: int


def measure(loans: int, *, rounds: int, progress: Progress) -> Outcome:
    """Measure one size of portfolio in interleaved rounds, each run on a fresh copy of it."""
    steps = progress.add_task(f"{loans:,} loans", total=3 + 7 * rounds)
    share_ppm = due_share_ppm(loans)
    portfolio = portfolios.make(loans, due_share_ppm=share_ppm)
    progress.advance(steps)
    smaller = portfolios.make(loans // 3, due_share_ppm=3 * share_ppm)
    progress.advance(steps)
    measured: Measured = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with databases.copied(portfolio) as database:
            child("product", database=database)  # not counted: it makes the rows of the baseline
            baseline.capture(portfolio, database, folder)
        progress.advance(steps)
        for _round in range(rounds):
            for variant, template, arguments in variants(portfolio, smaller, folder):
                with databases.copied(template) as database:
                    measured[variant].append(
                        child(variant.removeprefix("smaller_"), *arguments, database=database)
                    )
                progress.advance(steps)
    for database in (portfolio, smaller):
        databases.drop(database)
    return outcome(loans, measured)


def due_share_ppm(loans: int) -> int:
    """Return the share of the loans that fall due, in a million: the usual one, or two chunks."""
    return max(DUE_SHARE_PPM, BILLS_MIN * 1_000_000 // loans)


def variants(
    portfolio: str, smaller: str, folder: Path
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what a round measures, in order: the variant, its portfolio, its arguments."""
    yield "baseline", portfolio, (str(folder),)
    yield "product", portfolio, ()
    yield "two_children", portfolio, ()
    yield "smaller_product", smaller, ()
    yield "orm", portfolio, (str(ORM_BILLS),)
    yield "closed_form", portfolio, ()
    yield "every_loan", portfolio, ()


def child(variant: str, *arguments: str, database: str) -> dict[str, Any]:
    """Run one variant in a process of its own; return what it reports."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.child", variant, *arguments],
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
    product = measured["product"]
    bills = product[0]["bills"]
    by_clock, by_cpu = _scaled(measured, "seconds"), _scaled(measured, "cpu")
    return Outcome(
        loans,
        bills,
        {variant: Figure.of(values) for variant, values in by_clock.items()},
        {variant: Figure.of(values) for variant, values in by_cpu.items()},
        _ratios(by_clock),
        _ratios(by_cpu),
        max(run["peak_mb"] for run in product),
        product[0]["chunks"],
        max(run["statements_per_chunk"] for run in product),
    )


def _scaled(measured: Measured, name: str) -> dict[str, list[float]]:
    """Return a figure of each run; of the plain way, as if its sample had been all bills."""
    found = {variant: [run[name] for run in runs] for variant, runs in measured.items()}
    bills = measured["product"][0]["bills"]
    return found | {"orm": [run[name] * bills / run["bills"] for run in measured["orm"]]}


def _ratios(found: dict[str, list[float]]) -> dict[str, Figure]:
    return {
        "9:00 run / baseline": _ratio(found, "product", "baseline"),
        "two children / baseline": _ratio(found, "two_children", "baseline"),
        "a loan at a time / 9:00 run": _ratio(found, "orm", "product"),
        IN_A_THIRD: _ratio(found, "product", "smaller_product"),
        "every loan / closed form": _ratio(found, "every_loan", "closed_form"),
    }


def _ratio(found: dict[str, list[float]], above: str, below: str) -> Figure:
    return Figure.of([a / b for a, b in zip(found[above], found[below], strict=True)])
