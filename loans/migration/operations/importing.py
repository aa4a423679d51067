"""Moving a portfolio onto this system, a few thousand customers a transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from accounts.models import Customer
from backoffice.core import policy
from loans.migration.operations.admission import BATCH_CLIENTS, Purse, admit, alone
from loans.migration.operations.comparison import Comparison
from loans.migration.operations.reading import BadLine, ClientRow, chunks, read
from loans.migration.operations.writing import client_of, origin_of
from loans.policy import LoanTerms

DRAFT_MINIMUM_PERMILLE = 30


@dataclass
class ImportReport:
    """What an import did, and what the file says of its live bills and of the past ones."""

    comparison: Comparison
    rows: int = 0
    imported: int = 0
    skipped: int = 0
    bad: list[BadLine] = field(default_factory=list)
    to_be_paid: int = 0
    to_be_refused: int = 0


def import_portfolio(
    file: Path, *, bank: Purse, on: date, at: datetime, limit: int | None = None
) -> ImportReport:
    """Move a portfolio onto this system, its live bills due on a day; return what became of it.

    Each row is imported once, however often this runs, and with everything it has or not at all.

    Raises:
        SandboxOnlyError: this is no sandbox.
        UnreadableBookError: the file is not there, damaged or empty.
        WrongColumnsError: a column is missing, unknown or named twice.
        ImportUnderWayError: another import works on this database.
        NoBankError: the bank did not take the balances; what was imported before is complete.
        RowsRefusedError: the database refused rows; what was imported before is complete.
    """
    terms = policy.current(LoanTerms, on=on)
    draft = policy.draft("loans", {"minimum_permille": DRAFT_MINIMUM_PERMILLE})
    report = ImportReport(Comparison([terms, draft]))
    with alone():
        for rows in chunks(_counted(read(file, limit=limit), report), size=BATCH_CLIENTS):
            fresh = _not_yet_here(rows)
            new = [client_of(row, on=on, policy=terms) for row in fresh]
            admit(new, lines=[row.line for row in fresh], bank=bank, on=on, at=at)
            report.imported += len(new)
            report.skipped += len(rows) - len(new)
    return report


def _counted(lines: Iterable[ClientRow | BadLine], report: ImportReport) -> Iterator[ClientRow]:
    """Yield the rows, counting them; bad lines are set apart."""
    for line in lines:
        if isinstance(line, BadLine):
            report.bad.append(line)
            continue
        report.rows += 1
        report.comparison.add(line)
        if line.bills[0] > 0:
            report.to_be_refused += line.has_defaulted
            report.to_be_paid += not line.has_defaulted
        yield line


def _not_yet_here(rows: Sequence[ClientRow]) -> list[ClientRow]:
    origins = [origin_of(row) for row in rows]
    here = set(Customer.objects.filter(origin__in=origins).values_list("origin", flat=True))
    return [row for row, origin in zip(rows, origins, strict=True) if origin not in here]
