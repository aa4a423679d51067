"""Reseal every sealed column with the last of FIELD_KEYS; a second run continues a killed one."""

import time
from argparse import ArgumentParser
from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.utils.translation import gettext as _
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from backoffice.core import crypto, rotation
from backoffice.core.rotation import Broken, Count
from backoffice.management.base import SystemCommand

# More than that share one cause, such as a key that was removed too early.
NAMED_MAX = 1000


class Command(SystemCommand):
    """Counts values by table, column and key version, reseals, and counts again."""

    help = "Reseal every sealed column with the last of FIELD_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")

    def perform(self, **options: Any) -> dict[str, Any]:
        done = {"rows": 0, "values": 0, "seconds": 0.0, "broken": 0, "named": []}
        counts = rotation.count()
        if not options["dry_run"]:
            done = self._rotate(counts)
            counts = rotation.count()
        return {
            "current": crypto.keys().current,
            "dry_run": options["dry_run"],
            "counts": [one._asdict() for one in counts],
            "stale": _stale(counts, rotation.tables()),
            "unused": _unused(counts),
            **done,
        }

    def _rotate(self, counts: Sequence[Count]) -> dict[str, Any]:
        tables = [table for table in rotation.tables() if not table.is_append_only]
        rows, values, broken = 0, 0, 0
        named: list[Broken] = []
        started = time.monotonic()
        with self._progress() as progress:
            for table in tables:
                task = progress.add_task(table.name, total=_stale(counts, [table]))
                for chunk in rotation.rotate(table):
                    rows, values = rows + chunk.rows, values + chunk.values
                    broken += len(chunk.broken)
                    named += chunk.broken[: NAMED_MAX - len(named)]
                    progress.advance(task, chunk.values + len(chunk.broken))
        return {
            "rows": rows,
            "values": values,
            "seconds": round(time.monotonic() - started, 2),
            "broken": broken,
            "named": [one._asdict() for one in named],
        }

    def _progress(self) -> Progress:
        console = Console(stderr=True)
        return Progress(console=console, disable=self.is_json or not console.is_terminal)

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(_counts_table(result["counts"]))
        if result["named"]:
            self.stdout.write(_broken_table(result["named"]))
        if not result["dry_run"]:
            self.stdout.write(_what_was_done(result))
        if result["unused"]:
            versions = ", ".join(map(str, result["unused"]))
            words = _("No value needs key version {versions}: it may be taken out of FIELD_KEYS.")
            self.stdout.write(words.format(versions=versions))

    def failed(self, result: dict[str, Any]) -> bool:
        return not result["dry_run"] and bool(result["broken"] or result["stale"])


def _stale(counts: Sequence[Count], tables: Sequence[rotation.SealedTable]) -> int:
    """Return the number of values to reseal, without append-only tables."""
    names = {table.name for table in tables if not table.is_append_only}
    current = crypto.keys().current
    return sum(one.values for one in counts if one.table in names and one.version != current)


def _unused(counts: Sequence[Count]) -> list[int]:
    keys = crypto.keys()
    return sorted({*keys.ciphers} - {keys.current} - {one.version for one in counts})


def _what_was_done(result: dict[str, Any]) -> str:
    if result["broken"]:
        words = _("{broken} values do not open and stay as they are; {values} were resealed.")
    elif result["stale"]:
        words = _("{values} values resealed; {stale} were written meanwhile: run it again.")
    elif result["values"]:
        words = _("{values} values in {rows} rows resealed in {seconds} s.")
    else:
        words = _("Everything is sealed with the current key already.")
    return words.format(**result)


def _counts_table(counts: Sequence[dict[str, Any]]) -> str:
    return _drawn([_("table"), _("column"), _("key version"), _("values")], counts)


def _broken_table(named: Sequence[dict[str, Any]]) -> str:
    return _drawn([_("table"), _("column"), _("id"), _("key version")], named)


def _drawn(headers: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    table = Table(*headers, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(str, row.values()))
    out = StringIO()
    Console(file=out, width=100, markup=False, highlight=False).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
