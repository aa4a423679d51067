"""``python -m tests.bench``: what ``make bench`` runs, as a table and with ``--json`` as a file."""

import argparse
import json
import os
import sys
from pathlib import Path

import django
from rich.console import Console
from rich.progress import Progress


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    words = argparse.ArgumentParser(prog="make bench", description=__doc__)
    words.add_argument("benchmark", nargs="*", choices=[[], "debit-day"], help="default: all")
    words.add_argument("--loans", type=int, nargs="+", default=[100_000, 1_000_000])
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--json", type=Path, help="write the figures to this file too")
    return words


def main() -> int:
    """Measure and report; return the exit code."""
    options = parser().parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    django.setup()
    from tests.bench import debit_day, report

    with Progress(console=Console(stderr=True)) as progress:
        outcomes = [
            debit_day.measure(loans, rounds=options.rounds, progress=progress)
            for loans in options.loans
        ]
    report.show(outcomes)
    if options.json:
        options.json.write_text(json.dumps(report.told(outcomes), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
