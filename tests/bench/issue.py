"""``make bench ARGS="--only issue"``: the bills of a day against the baseline of their rows."""

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.progress import Progress
from rich.table import Table

from backoffice.core import clock
from backoffice.core.models import JobRun, StateChange
from backoffice.platform import jobs
from loans import tasks  # noqa: F401 - a worker has its jobs at hand
from loans.models import Bill, BillSnapshot, Instalment
from loans.tasks import JOBS
from tests.bench import baseline, databases, portfolios, product
from tests.bench.baseline import Changed, Written
from tests.bench.day import ON
from tests.bench.debit_day import Figure, Measured, child, due_share_ppm

LEAD_DAYS = 10
# The instalments that fall due on one of these days lose the bills that they were generated with.
WRITTEN = Written(
    (JobRun, Bill, BillSnapshot, StateChange),
    (
        Changed(
            Instalment,
            ("bill_id",),
            "SELECT id FROM loans_instalment WHERE bill_id IN "
            "(SELECT subject_id FROM backoffice_statechange WHERE transition = 'issue')",
        ),
    ),
)
_DETACH = (
    "ALTER TABLE loans_billsnapshot DISABLE TRIGGER USER",
    "CREATE TEMP TABLE coming AS SELECT id FROM loans_bill WHERE due_on = %(due_on)s",
    "UPDATE loans_instalment SET bill_id = NULL WHERE bill_id IN (SELECT id FROM coming)",
    "DELETE FROM loans_billsnapshot WHERE bill_id IN (SELECT id FROM coming)",
    "DELETE FROM loans_bill WHERE id IN (SELECT id FROM coming)",
    "ALTER TABLE loans_billsnapshot ENABLE TRIGGER USER",
)


class Issued(NamedTuple):
    """Seconds of processor time of the issue and of its baseline, and their ratio."""

    loans: int
    bills: int
    cpu: dict[str, Figure]
    ratio: Figure
    peak_mb: int


def measure(loans: int, *, rounds: int, progress: Progress) -> Issued:
    """Measure one size of portfolio in interleaved rounds, each run on a fresh copy of it."""
    steps = progress.add_task(f"issue, {loans:,} loans", total=2 + 2 * rounds)
    portfolio = portfolios.make(loans, due_share_ppm=due_share_ppm(loans))
    with databases.owner(portfolio) as owner:
        for statement in _DETACH:
            owner.execute(statement, {"due_on": due_on()} if "%(" in statement else None)
        owner.execute("VACUUM ANALYZE")
    progress.advance(steps)
    measured: Measured = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        with databases.copied(portfolio) as database:
            child("issue", database=database)  # not counted: it makes the rows of the baseline
            baseline.capture(portfolio, database, Path(name), WRITTEN)
        progress.advance(steps)
        for _round in range(rounds):
            for variant, arguments in (("issue_baseline", (name,)), ("issue", ())):
                with databases.copied(portfolio) as database:
                    measured[variant].append(child(variant, *arguments, database=database))
                progress.advance(steps)
    databases.drop(portfolio)
    return outcome(loans, measured)


def due_on() -> object:
    """Return the due date of the bills of the day."""
    return ON.replace(day=ON.day + LEAD_DAYS)


def outcome(loans: int, measured: Measured) -> Issued:
    """Return the figures of what was measured."""
    cpu = {variant: [run["cpu"] for run in runs] for variant, runs in measured.items()}
    pairs = zip(cpu["issue"], cpu["issue_baseline"], strict=True)
    return Issued(
        loans,
        measured["issue"][0]["bills"],
        {variant: Figure.of(values) for variant, values in cpu.items()},
        Figure.of([above / below for above, below in pairs]),
        max(run["peak_mb"] for run in measured["issue"]),
    )


def run() -> dict[str, int]:
    """Plan the job and work through it; return the bills and the statements of a chunk."""
    [job] = [one for one in JOBS if one.plan is not None and one.name == "00:06"]
    at = clock.moment_of(ON, job.at)
    with product.counted() as statements:
        planned = jobs.claim(job, on=ON, by="bench", at=at)
        chunks = list(planned.chunks.values_list("pk", flat=True))
        for chunk_id in chunks:
            jobs.run_chunk(chunk_id, at=at)
    return {
        "bills": JobRun.objects.get(pk=planned.pk).done,
        "chunks": len(chunks),
        "statements_per_chunk": statements.count // max(1, len(chunks)),
    }


def table(one: Issued) -> Table:
    """Return the figures for people."""
    title = f"issue of {one.bills:,} bills, {one.loans:,} loans, at most {one.peak_mb} MB"
    shown = Table("", "median", "least", "most", title=title, box=box.SIMPLE_HEAD)
    for variant, figure in one.cpu.items():
        shown.add_row(f"{variant}, CPU seconds", *(f"{value:,.2f}" for value in figure))
    shown.add_row("issue / baseline", *(f"{value:,.2f}" for value in one.ratio))
    return shown
