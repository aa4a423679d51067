"""``make bench ARGS="--only billing-day"``: bills issued at 00:06, debited at 9:00 of their day.

Both jobs against the baseline of their rows, once with a loan under each bill and once with three.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

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
from tests.bench.baseline import DEBITS, Changed, Written
from tests.bench.day import ON
from tests.bench.debit_day import Figure, Measured, child, due_share_ppm

BILLED_ON = ON - timedelta(days=10)
LOANS_OF_A_BILL = (1, 3)
ISSUED = Written(
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
# What a round measures: each job after its baseline.
_VARIANTS = ("issue_baseline", "issue", "baseline", "product")
_BOUNDS = {"issue": 3.0, "9:00 run": 2.0, "three loans": 2.0}
# The instalments that fall due on the day lose the bills that they were generated with.
_DETACH = (
    "ALTER TABLE loans_billsnapshot DISABLE TRIGGER USER",
    "CREATE TEMP TABLE coming AS SELECT id FROM loans_bill WHERE due_on = %(due_on)s",
    "UPDATE loans_instalment SET bill_id = NULL WHERE bill_id IN (SELECT id FROM coming)",
    "DELETE FROM loans_billsnapshot WHERE bill_id IN (SELECT id FROM coming)",
    "DELETE FROM loans_bill WHERE id IN (SELECT id FROM coming)",
    "ALTER TABLE loans_billsnapshot ENABLE TRIGGER USER",
)
# Their loans become those of a few customers: the first of each group takes over the others.
_GATHER = (
    """
    CREATE TEMP TABLE gathered AS
    SELECT loan_id, first_value(customer_id) OVER same AS customer_id,
           first_value(line_id) OVER same AS line_id, line_id AS old_line_id, principal_fen
    FROM (
        SELECT loan.id AS loan_id, loan.customer_id, loan.line_id, loan.principal_fen,
               (row_number() OVER (ORDER BY loan.id) - 1) / %(loans)s AS place
        FROM loans_loan AS loan JOIN loans_instalment AS part ON part.loan_id = loan.id
        WHERE part.due_on = %(due_on)s
    ) AS due WINDOW same AS (PARTITION BY place ORDER BY loan_id)
    """,
    "UPDATE loans_loan AS loan SET customer_id = gathered.customer_id, line_id = gathered.line_id "
    "FROM gathered WHERE loan.id = loan_id",
    "UPDATE loans_instalment AS part SET customer_id = gathered.customer_id "
    "FROM gathered WHERE part.loan_id = gathered.loan_id",
    "UPDATE risk_creditline SET drawn_fen = 0 WHERE id IN (SELECT old_line_id FROM gathered)",
    "UPDATE risk_creditline AS line SET drawn_fen = total_fen FROM "
    "(SELECT line_id, sum(principal_fen) AS total_fen FROM gathered GROUP BY line_id) AS drawn "
    "WHERE line.id = line_id",
)  # fmt: skip


class BillingDay(NamedTuple):
    """Seconds of processor time of both jobs and their baselines, for bills of so many loans."""

    loans: int
    loans_of_a_bill: int
    bills: int
    cpu: dict[str, Figure]
    ratios: dict[str, Figure]
    peak_mb: int
    statements_per_chunk: dict[str, int]

    def of_a_bill(self, variant: str) -> float:
        """Return the microseconds of a bill, the median."""
        return 1_000_000 * self.cpu[variant].median / self.bills


def measure(loans: int, *, rounds: int, progress: Progress) -> list[BillingDay]:
    """Measure one size of portfolio in interleaved rounds, each run on a fresh copy of it."""
    steps = progress.add_task(
        f"billing day, {loans:,} loans",
        total=1 + len(LOANS_OF_A_BILL) * (2 + len(_VARIANTS) * rounds),
    )
    portfolio = portfolios.make(loans, due_share_ppm=due_share_ppm(loans))
    progress.advance(steps)
    found = []
    for of_a_bill in LOANS_OF_A_BILL:
        with prepared(portfolio, of_a_bill) as templates:
            progress.advance(steps)
            measured = _measured(templates, rounds=rounds, step=lambda: progress.advance(steps))
        found.append(outcome(loans, of_a_bill, measured))
    databases.drop(portfolio)
    return found


@contextmanager
def prepared(portfolio: str, loans_of_a_bill: int) -> Iterator[dict[str, str]]:
    """Lend the portfolio before the issue, and after it, by what is measured on it."""
    unbilled, issued = (f"{portfolio}_{name}_{loans_of_a_bill}" for name in ("unbilled", "issued"))
    try:
        databases.drop(unbilled)
        databases.create(unbilled, template=portfolio)
        _run(unbilled, _DETACH, due_on=ON)
        if loans_of_a_bill > 1:
            _run(unbilled, _GATHER, due_on=ON, loans=loans_of_a_bill)
        _settle(unbilled)
        databases.drop(issued)
        databases.create(issued, template=unbilled)
        child("issue", database=issued)
        _settle(issued)
        yield {"issue": unbilled, "product": issued}
    finally:
        databases.drop(issued)
        databases.drop(unbilled)


def _run(database: str, statements: Sequence[str], **values: Any) -> None:
    with databases.owner(database) as owner:
        for statement in statements:
            owner.execute(statement, values if "%(" in statement else None)


def _settle(database: str) -> None:
    """Leave a portfolio as it is when it has stood for some nights."""
    _run(database, ("VACUUM ANALYZE", "CHECKPOINT"))


def _measured(templates: dict[str, str], *, rounds: int, step: Callable[[], None]) -> Measured:
    measured: Measured = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folders = {variant: Path(name) / variant for variant in templates}
        for variant, written in (("issue", ISSUED), ("product", DEBITS)):
            folders[variant].mkdir()
            with databases.copied(templates[variant]) as database:
                child(variant, database=database)  # not counted: it makes the rows
                baseline.capture(templates[variant], database, folders[variant], written)
        step()
        for _round in range(rounds):
            for variant in _VARIANTS:
                job = "issue" if variant.startswith("issue") else "product"
                arguments = () if variant == job else (str(folders[job]),)
                with databases.copied(templates[job]) as database:
                    measured[variant].append(child(variant, *arguments, database=database))
                step()
    return measured


def outcome(loans: int, loans_of_a_bill: int, measured: Measured) -> BillingDay:
    """Return the figures of what was measured."""
    cpu = {variant: [run["cpu"] for run in runs] for variant, runs in measured.items()}
    jobs_run = [*measured["issue"], *measured["product"]]
    return BillingDay(
        loans,
        loans_of_a_bill,
        measured["issue"][0]["bills"],
        {variant: Figure.of(values) for variant, values in cpu.items()},
        {
            "issue": _ratio(cpu["issue"], cpu["issue_baseline"]),
            "9:00 run": _ratio(cpu["product"], cpu["baseline"]),
        },
        max(run["peak_mb"] for run in jobs_run),
        {job: measured[job][0]["statements_per_chunk"] for job in ("issue", "product")},
    )


def _ratio(above: Sequence[float], below: Sequence[float]) -> Figure:
    return Figure.of([a / b for a, b in zip(above, below, strict=True)])


def run() -> dict[str, int]:
    """Plan the issue and work through it; return the bills and the statements of a chunk."""
    [job] = [one for one in JOBS if one.plan is not None and one.name == "00:06"]
    at = clock.moment_of(BILLED_ON, job.at)
    with product.counted() as statements:
        planned = jobs.claim(job, on=BILLED_ON, by="bench", at=at)
        chunks = list(planned.chunks.values_list("pk", flat=True))
        for chunk_id in chunks:
            jobs.run_chunk(chunk_id, at=at)
    return {
        "bills": JobRun.objects.get(pk=planned.pk).done,
        "chunks": len(chunks),
        "statements_per_chunk": statements.count // max(1, len(chunks)),
    }


def against_one_loan(days: Sequence[BillingDay]) -> dict[str, float]:
    """Return how many times a bill of several loans takes what a bill of one does, by variant."""
    [one, several] = days
    return {variant: several.of_a_bill(variant) / one.of_a_bill(variant) for variant in one.cpu}


def tables(days: Sequence[BillingDay]) -> list[Table]:
    """Return the figures for people."""
    found = []
    for one in days:
        title = (
            f"{one.bills:,} bills of {one.loans_of_a_bill}, {one.loans:,} loans, "
            f"at most {one.peak_mb} MB"
        )
        shown = Table("", "median", "least", "most", "bound", title=title, box=box.SIMPLE_HEAD)
        for variant, figure in one.cpu.items():
            shown.add_row(f"{variant}, CPU seconds", *(f"{value:,.2f}" for value in figure), "")
        for name, figure in one.ratios.items():
            values = (f"{value:,.2f}" for value in figure)
            shown.add_row(f"{name} / baseline", *values, f"≤ {_BOUNDS[name]:g}")
        found.append(shown)
    title = "a bill of three loans / a bill of one"
    shown = Table("", "median", "bound", title=title, box=box.SIMPLE_HEAD)
    for variant, ratio in against_one_loan(days).items():
        bound = f"≤ {_BOUNDS['three loans']:g}" if variant in ("issue", "product") else ""
        shown.add_row(variant, f"{ratio:,.2f}", bound)
    return [*found, shown]
