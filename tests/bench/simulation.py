"""``make bench ARGS="--only simulation"``: a draft over a million lines, beside the bare rules.

The lines are generated with a seed. The baseline is the rules alone: both sides of every line, over
inputs that are in memory already, without a memo, in as many processes. The whole reads the lines
by COPY, keeps each distinct growth factor as a number, and writes a row for every line.
"""

import gc
import multiprocessing
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from django.db import connection
from rich.progress import Progress

from tests.bench import databases
from tests.bench.debit_day import Figure, child

LINES = 1_000_000
PROCESSES = 2
STORED_AT_ONCE = 50_000
ON = "2026-10-02"
DRAFT = {"limits": {"income_permille": 2300, "low_income_limit_fen": 800_000, "house_percent": 12}}


class Simulated(NamedTuple):
    """Seconds and CPU seconds of simulation and bare rules, ratios, and memory of a process."""

    lines: int
    processes: int
    seconds: dict[str, Figure]
    cpu: dict[str, Figure]
    ratios: dict[str, Figure]
    peak_mb: int
    figures: dict[str, int]


def measure(*, rounds: int, progress: Progress, lines: int = LINES) -> Simulated:
    """Measure in interleaved rounds, in a database that is dropped afterwards."""
    steps = progress.add_task("simulation", total=1 + rounds)
    database = make(lines)
    progress.advance(steps)
    bare, whole = [], []
    for _round in range(rounds):
        bare.append(child("bare_simulation", database=database))
        whole.append(child("simulation", database=database))
        progress.advance(steps)
    databases.drop(database)
    both = {"simulation": whole, "bare rules": bare}
    pairs = list(zip(whole, bare, strict=True))
    return Simulated(
        lines,
        PROCESSES,
        {name: Figure.of([one["seconds"] for one in found]) for name, found in both.items()},
        {name: Figure.of([one["cpu"] for one in found]) for name, found in both.items()},
        {
            "by the clock": Figure.of([a["seconds"] / b["seconds"] for a, b in pairs]),
            "by CPU": Figure.of([a["cpu"] / b["cpu"] for a, b in pairs]),
        },
        max(one["process_mb"] for one in whole),
        whole[0]["figures"],
    )


def make(lines: int) -> str:
    """Write lines with their inputs by COPY; return the name of their database."""
    from tests.generated_lines import store

    database = f"{databases.PREFIX}_simulation"
    with databases.migrated_one(database):
        for first_id in range(1, lines + 1, STORED_AT_ONCE):
            count = min(STORED_AT_ONCE, lines + 1 - first_id)
            store(count, seed=first_id, first_id=first_id)
    with databases.owner(database) as owner:
        owner.execute("VACUUM ANALYZE")
    return database


def run() -> dict[str, Any]:
    """Simulate the draft over the whole portfolio by the operation, in processes of its own."""
    from datetime import date

    from risk.simulation.operations import portfolio

    of = portfolio.sides(DRAFT, on=date.fromisoformat(ON))
    with TemporaryDirectory() as folder:
        watch = _Peak()
        found = portfolio.simulate(
            of,
            csv_file=Path(folder) / "rows.csv",
            processes=PROCESSES,
            advance=lambda _lines: watch.look(),
        )
    names = ("lines", "raised", "lowered", "unchanged", "suspended", "resumed")
    figures = {name: getattr(found, name) for name in (*names, "before_fen", "after_fen")}
    return {"process_mb": watch.most_mb, "figures": figures}


class _Peak:
    """The most memory that this process or one of its children had."""

    most_mb = 0

    def look(self) -> None:
        found = [Path("/proc/self/status")]
        found += [Path(f"/proc/{one.pid}/status") for one in multiprocessing.active_children()]
        for status in found:
            [line] = [one for one in status.read_text().splitlines() if one.startswith("VmHWM:")]
            self.most_mb = max(self.most_mb, int(line.split()[1]) // 1024)


def prepared_bare() -> Any:
    """Return the work of the baseline; its processes hold their half of the lines already."""
    from datetime import date

    from risk.simulation.operations import portfolio
    from risk.simulation.queries import portfolio as queries

    of = portfolio.sides(DRAFT, on=date.fromisoformat(ON))
    parts = portfolio.plan(of)
    halves = [
        [line for part in parts[n::PROCESSES] for line in queries.lines_in(part)]
        for n in range(PROCESSES)
    ]
    connection.close()
    gc.freeze()
    processes = multiprocessing.get_context("fork").Pool(PROCESSES, _hold, (halves, of))
    processes.map(_nothing, range(PROCESSES))

    def work() -> dict[str, Any]:
        processes.map(_bare, range(PROCESSES), chunksize=1)
        return {}

    return work


_held: list[Any] = []


def _hold(halves: Any, of: Any) -> None:
    gc.disable()
    _held[:] = [halves, of]


def _nothing(_number: int) -> None:
    time.sleep(0.1)


def _bare(number: int) -> int:
    from risk.simulation.rules.moves import target_under

    halves, (before, after) = _held
    moved = 0
    for line in halves[number]:
        moved += target_under(line, before).resting_fen != target_under(line, after).resting_fen
    return moved
