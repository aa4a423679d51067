"""``python -m tests.bench``: what ``make bench`` runs, as a table and as a JSON file."""

import argparse
import json
import os
import sys
from pathlib import Path

import django
from rich.console import Console
from rich.progress import Progress

LOANS = (100_000, 1_000_000)
ROUNDS = 3
LOANS_MIN = 20_000  # a third of them must hold the bills of two chunks
PARTS = (
    "portfolio",
    "endpoints",
    "reconcile",
    "search",
    "decisions",
    "lines",
    "simulation",
    "billing-day",
    "drawdowns",
    "loan-page",
    "history",
)


def _at_least(least: int, text: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text}: 至少 {least} / at least {least}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    command_line = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    command_line.add_argument(
        "--loans", type=lambda text: _at_least(LOANS_MIN, text), nargs="+", default=LOANS,
        help="sizes of the portfolio, default 100000 1000000",
    )  # fmt: skip
    command_line.add_argument(
        "--rounds", type=lambda text: _at_least(1, text), default=ROUNDS,
        help="interleaved rounds, default 3",
    )  # fmt: skip
    command_line.add_argument(
        "--only",
        choices=PARTS,
        help="one of these, default all",
    )
    command_line.add_argument(
        "--json", type=Path, default=Path(".run/bench.json"), help="default .run/bench.json"
    )
    return command_line


def main() -> int:
    """Measure and report; return the exit code."""
    options = parser().parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    django.setup()
    from tests.bench import (
        billing_day,
        debit_day,
        decisions,
        drawdowns,
        endpoints,
        history,
        lines,
        loan_page,
        reconcile,
        report,
        scoring,
        search,
    )
    from tests.bench import simulation as simulations

    parts = [options.only] if options.only else PARTS
    with Progress(console=Console(stderr=True)) as progress:
        called = None
        if "endpoints" in parts:
            called = endpoints.measure(rounds=options.rounds, progress=progress)
        outcomes = [
            debit_day.measure(loans, rounds=options.rounds, progress=progress)
            for loans in options.loans
            if "portfolio" in parts
        ]
        reconciled = [
            reconcile.measure(loans, rounds=options.rounds, progress=progress)
            for loans in options.loans
            if "reconcile" in parts
        ]
        days = [
            billing_day.measure(loans, rounds=options.rounds, progress=progress)
            for loans in options.loans
            if "billing-day" in parts
        ]
        of_drawdowns = None
        if "drawdowns" in parts:
            of_drawdowns = drawdowns.measure(rounds=options.rounds, progress=progress)
        pages = None
        if "loan-page" in parts:
            pages = loan_page.measure(rounds=options.rounds, progress=progress)
        of_ledger = (
            history.measure(rounds=options.rounds, progress=progress)
            if "history" in parts
            else None
        )
        searched = None
        if "search" in parts:
            searched = search.measure(rounds=options.rounds, progress=progress)
        drawn = None
        if "lines" in parts:
            drawn = lines.measure(rounds=options.rounds, progress=progress)
        simulated = None
        if "simulation" in parts:
            simulated = simulations.measure(rounds=options.rounds, progress=progress)
    decided = decisions.measure(rounds=options.rounds) if "decisions" in parts else None
    scored = scoring.measure(rounds=options.rounds) if "decisions" in parts else None
    report.show(outcomes, called, reconciled, searched, decided, drawn, simulated, scored)
    figures = report.as_dict(
        outcomes, called, reconciled, searched, decided, drawn, simulated, scored
    )
    for of_a_size in days:
        Console().print(*billing_day.tables(of_a_size))
    figures["billing_day"] = [one._asdict() for of_a_size in days for one in of_a_size]
    for name, measured, table in (
        ("drawdowns", of_drawdowns, drawdowns.table),
        ("loan_page", pages, loan_page.table),
        ("history", of_ledger, history.table),
    ):
        if measured is not None:
            Console().print(table(measured))
            figures[name] = measured._asdict()
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
