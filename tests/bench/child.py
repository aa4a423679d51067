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
        issue,
        lines,
        night,
        orm,
        product,
        reconcile,
        search,
        simulation,
    )
    from tests.bench.databases import opened

    connection.ensure_connection()
    if variant == "baseline":
        owner, folder = opened(connection.settings_dict["NAME"]), Path(arguments[0])
        baseline.prepare(owner, folder)
        return lambda: baseline.write(owner, folder) or {}
    if variant == "issue_baseline":
        owner, folder = opened(connection.settings_dict["NAME"]), Path(arguments[0])
        baseline.prepare(owner, folder, issue.WRITTEN)
        return lambda: baseline.write(owner, folder, issue.WRITTEN) or {}
    if variant == "orm":
        return lambda: orm.run(int(arguments[0]))
    if variant == "two_children":
        return product.with_two_children()
    if variant == "search":
        return search.prepared(int(arguments[0]))
    if variant == "lines":
        return lines.prepared(int(arguments[0]))
    if variant == "simulation":
        return simulation.run
    if variant == "bare_simulation":
        return simulation.prepared_bare()
    if variant == "reconcile":
        return reconcile.prepared()
    variants = {
        "product": product.run,
        "issue": issue.run,
        "closed_form": night.closed_form,
        "every_loan": night.every_loan,
        "day": reconcile.live_a_day,
    }
    return variants[variant]


if __name__ == "__main__":
    main(*sys.argv[1:])
