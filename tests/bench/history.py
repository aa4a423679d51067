"""``make bench ARGS="--only history"``: what reads the ledger, after 1, 6 and 12 months of it.

Each day has the same number of transfers and a checkpoint. Beside it the same is read without
totals, from the transfers alone; and the comparison of a night, which grows with its thirtieth.
"""

from collections.abc import Callable
from datetime import date, time, timedelta
from statistics import median
from typing import Any, NamedTuple
from unittest.mock import patch

from django.db import connection
from rich.progress import Progress
from rich.table import Table

from backoffice.core import clock, partitions
from loans.accounting.operations import checkpoints
from loans.accounting.queries import ledger_totals
from loans.accounting.queries.unposted import unposted
from loans.general_ledger.queries.trial_balance import trial_balance
from loans.general_ledger.rules.periods import month_of
from loans.reconciliation import queries as reconciliation
from tests.bench import cpu, databases
from tests.bench.day import ON
from tests.bench.debit_day import Figure, child

MONTHS = (1, 6, 12)
DAYS_A_MONTH = 30
TRANSFERS_A_DAY = 20_000
BOUND = 1.2
_READS = 20
# What a day moves: repayments of interest and principal, charges, drawdowns, and a night.
_DAY = """
INSERT INTO loans_transfer (business_date, debit_account, credit_account, amount_fen, kind,
                            cause_type, cause_id, loan_id, customer_id, reverses, funder, at)
SELECT %(on)s, debit, credit, 100 + n, kind, cause, n, n, n, '', 'own', %(at)s
FROM generate_series(1, %(transfers)s) AS n
JOIN (VALUES (0, 'bank', 'loan_principal', 'repayment', 'repayment'),
             (1, 'bank', 'interest', 'repayment', 'repayment'),
             (2, 'interest', 'accrued_unposted', 'accrual', 'repayment'),
             (3, 'loan_principal', 'bank', 'drawdown', 'payout'),
             (4, 'accrued_unposted', 'accrual_income', 'night', 'night')
) AS moved (turn, debit, credit, kind, cause) ON turn = n %% 5
"""


class LedgerHistory(NamedTuple):
    """Milliseconds of processor time by months of history, and their ratios to those of one."""

    with_totals: dict[int, Figure]
    without: dict[int, Figure]
    compared: dict[int, Figure]
    ratios: dict[int, Figure]


def measure(*, rounds: int, progress: Progress) -> LedgerHistory:
    """Read each history in interleaved rounds; nothing is changed."""
    steps = progress.add_task("history of the ledger", total=len(MONTHS) * (1 + rounds))
    names = {months: f"{databases.PREFIX}_history_{months}" for months in MONTHS}
    for months, database in names.items():
        days = months * DAYS_A_MONTH
        with databases.migrated_one(database):
            partitions.add_months(on=ON - timedelta(days=days), using="owner")
            write(days=days, transfers=TRANSFERS_A_DAY)
        with databases.owner(database) as owner:
            owner.execute("VACUUM ANALYZE")
        progress.advance(steps)
    runs: dict[int, list[dict[str, float]]] = {months: [] for months in MONTHS}
    for _round in range(rounds):
        for months, database in names.items():
            runs[months].append(child("history", database=database))
            progress.advance(steps)
    for database in names.values():
        databases.drop(database)
    return outcome(runs)


def outcome(runs: dict[int, list[dict[str, float]]]) -> LedgerHistory:
    """Return the figures of what was measured; a round is compared with itself."""
    figures = [
        {months: Figure.of([run[name] for run in each]) for months, each in runs.items()}
        for name in ("with_totals", "without", "compared")
    ]
    first = [run["with_totals"] for run in runs[MONTHS[0]]]
    ratios = {
        months: Figure.of([run["with_totals"] / one for run, one in zip(each, first, strict=True)])
        for months, each in runs.items()
    }
    return LedgerHistory(*figures, ratios)


def write(*, days: int, transfers: int) -> None:
    """Add the transfers and the checkpoint of each day up to the one before ``ON``.

    Those of ``ON`` itself come after the last checkpoint, as on the morning of a day.
    """
    first = ON - timedelta(days=days)
    for n in range(days + 1):
        on = first + timedelta(days=n)
        at = clock.moment_of(on, time(9))
        with connection.cursor() as cursor:
            cursor.execute(_DAY, {"on": on, "at": at, "transfers": transfers})
        if on < ON:
            checkpoints.advance(by="bench", on=on, at=at)


def read(on: date = ON) -> tuple[Any, ...]:
    """Read what accountants and the night ask of the ledger."""
    return trial_balance(month_of(on)), reconciliation.balances(), unposted(on=on)


def read_without_totals(on: date = ON) -> tuple[Any, ...]:
    """Read the same from the transfers alone."""
    with patch.object(ledger_totals, "last_through", lambda: 0):
        return read(on)


def compare() -> None:
    """Compare the totals whose turn it is the night after; they differ nowhere."""
    assert list(ledger_totals.differences(on=ON + timedelta(days=DAYS_A_MONTH - 1))) == []


def prepared() -> Callable[[], dict[str, float]]:
    """Return the readings, in milliseconds of processor time each."""

    def run() -> dict[str, float]:
        assert read() == read_without_totals()
        return {
            "with_totals": _milliseconds(read, times=_READS),
            "without": _milliseconds(read_without_totals, times=1),
            "compared": _milliseconds(compare, times=1),
        }

    return run


def _milliseconds(work: Callable[[], Any], *, times: int) -> float:
    """Return the median of what one reading takes of both sides, measured five times."""
    found = []
    for _measured in range(5):
        _done, seconds = cpu.measured(lambda: [work() for _time in range(times)])
        found.append(1000 * sum(seconds.values()) / times)
    return median(found)


def table(measured: LedgerHistory) -> Table:
    """Return the figures for people."""
    found = Table(title=f"{TRANSFERS_A_DAY:,} transfers a day")
    for column in ("months", "with totals, CPU ms", "ratio", "bound", "without", "compared"):
        found.add_column(column)
    for months, ratio in measured.ratios.items():
        found.add_row(
            str(months),
            f"{measured.with_totals[months].median:.1f}",
            f"{ratio.median:.2f} ({ratio.least:.2f} - {ratio.most:.2f})",
            f"≤ {BOUND:g}",
            f"{measured.without[months].median:.1f}",
            f"{measured.compared[months].median:.1f}",
        )
    return found
