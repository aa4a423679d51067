"""One measurement in a process of its own: ``python -m tests.bench.child VARIANT``.

The process works on the database that its environment names, reports as JSON, and is gone: its
peak memory is that of the one thing it did.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django


def main(variant: str, *arguments: str) -> None:
    """Run one variant and print what it took."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    django.setup()
    from tests.bench import cpu

    work = prepared(variant, *arguments)
    trees = (os.getpid(), cpu.database())
    used, before = sum(map(cpu.of_tree, trees)), time.perf_counter()
    facts = work()
    seconds = time.perf_counter() - before
    used = sum(map(cpu.of_tree, trees)) - used
    print(json.dumps({"seconds": seconds, "cpu": used, "peak_mb": peak_mb(), **facts}))


def peak_mb() -> int:
    """Return the most memory this process had; what getrusage tells begins with its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def prepared(variant: str, *arguments: str) -> Callable[[], dict[str, Any]]:
    """Return the work of a variant, everything that is not on the clock done."""
    from django.db import connection

    from tests.bench import (
        baseline,
        billing_day,
        drawdowns,
        history,
        lines,
        loan_page,
        night,
        orm,
        product,
        reconcile,
        search,
        simulation,
    )
    from tests.bench.databases import opened

    connection.ensure_connection()
    if variant in ("baseline", "issue_baseline"):
        owner, folder = opened(connection.settings_dict["NAME"]), Path(arguments[0])
        written = billing_day.ISSUED if variant == "issue_baseline" else baseline.DEBITS
        baseline.prepare(owner, folder, written)
        return lambda: baseline.write(owner, folder, written) or {}
    # What is prepared before it is measured.
    prepares: dict[str, Callable[..., Callable[[], dict[str, Any]]]] = {
        "two_children": product.with_two_children,
        "search": lambda count: search.prepared(int(count)),
        "lines": lambda seconds: lines.prepared(int(seconds)),
        "loan_page": lambda times: loan_page.prepared(int(times)),
        "bare_simulation": simulation.prepared_bare,
        "reconcile": reconcile.prepared,
        "history": history.prepared,
    }
    if variant in prepares:
        return prepares[variant](*arguments)
    runs: dict[str, Callable[..., dict[str, Any]]] = {
        "product": product.run,
        "orm": lambda bills: orm.run(int(bills)),
        "record_drawdowns": lambda given, file: drawdowns.record(Path(given), Path(file)),
        "simulation": simulation.run,
        "issue": billing_day.run,
        "closed_form": night.closed_form,
        "every_loan": night.every_loan,
        "day": reconcile.live_a_day,
    }
    return lambda: runs[variant](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
