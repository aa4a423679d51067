"""Moving a lender's book onto this system, a few thousand customers a transaction.

The sandbox bank is told the balances before the rows are committed. A process that dies in between
leaves money on accounts nobody has, and the next run says it again; the other way round there
would be customers whose balances nobody would ever set.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from backoffice import policy, workflow
from backoffice.errors import Refused
from loans.gateways.channel import ChannelError
from loans.operations.portfolio import debts
from loans.operations.portfolio.comparison import Comparison
from loans.operations.portfolio.reading import BadLine, Row, chunks, read
from loans.operations.portfolio.writing import Client, Terms, client_of, origin_of, write
from loans.operations.terms import signed_under
from loans.policy import LoanPolicy
from risk.policy import RiskPolicy

CHUNK_ROWS = 5_000
DRAFT_MINIMUM_PERMILLE = 30
_LOCK = 7_061_001


class Purse(Protocol):
    """What puts money on the accounts of cards: the bank of a sandbox."""

    def fund(self, balances: Mapping[str, int]) -> None:
        """Set balances in fen by account, opening the accounts that are new.

        Raises:
            ChannelError: the bank did not confirm.
        """
        ...


class SandboxOnlyError(Refused):
    """Synthetic people may not stand among real ones."""

    code = "sandbox-only"
    words = _("Synthetic customers are for a sandbox; this is none.")
    remedy = _("Set SANDBOX=1 and use a database of its own.")


class NoBankError(Refused):
    """The sandbox bank did not take the balances."""

    code = "no-sandbox-bank"
    words = _("The sandbox bank did not take the balances: {problem}.")
    remedy = _(
        "Start it with make run or manage.py sandbox_bank (see CHANNEL_URL and CHANNEL_SECRET) and "
        "run this again: what is imported already is left alone."
    )


class ImportUnderWayError(Refused):
    """Another import works on this database."""

    code = "import-under-way"
    words = _("Another import is under way on this database.")
    remedy = _("Wait for its end.")


class RowsRefusedError(Refused):
    """The database refused a transaction; none of its rows was stored."""

    code = "rows-refused"
    words = _("The database refused lines {first} to {last} as a whole: {problem}.")
    remedy = _("The lines before them are complete. Remove the cause and run this again.")


@dataclass
class Report:
    """What an import did, and what the file says of its live bills and of the past ones."""

    comparison: Comparison
    rows: int = 0
    imported: int = 0
    skipped: int = 0
    bad: list[BadLine] = field(default_factory=list)
    to_be_paid: int = 0
    to_be_refused: int = 0


def import_book(
    file: Path, *, bank: Purse, on: date, at: datetime, limit: int | None = None
) -> Report:
    """Move a book onto this system, its live bills due on a day; return what became of it.

    Each row is imported once, however often this runs, and with everything it has or not at all.

    Raises:
        SandboxOnlyError: this is no sandbox.
        UnreadableBookError: the file is not there, damaged or empty.
        WrongColumnsError: a column is missing, unknown or named twice.
        ImportUnderWayError: another import works on this database.
        NoBankError: the bank did not take the balances; what was imported before is complete.
        RowsRefusedError: the database refused rows; what was imported before is complete.
    """
    if not settings.SANDBOX:
        raise SandboxOnlyError()
    terms = policy.current(LoanPolicy, on=on)
    draft = policy.draft("loans", {"minimum_permille": DRAFT_MINIMUM_PERMILLE})
    report = Report(Comparison([terms, draft]))
    with _alone():
        for rows in chunks(_counted(read(file, limit=limit), report), size=CHUNK_ROWS):
            new = [client_of(row, on=on, policy=terms) for row in _not_yet_here(rows)]
            _fund(bank, new)
            _store(new, on=on, at=at, policy_numbers=terms)
            report.imported += len(new)
            report.skipped += len(rows) - len(new)
    return report


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the one import at a time; it ends with the connection at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            raise ImportUnderWayError()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _counted(lines: Iterable[Row | BadLine], report: Report) -> Iterator[Row]:
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


def _not_yet_here(rows: Sequence[Row]) -> list[Row]:
    origins = [origin_of(row) for row in rows]
    here = set(Customer.objects.filter(origin__in=origins).values_list("origin", flat=True))
    return [row for row, origin in zip(rows, origins, strict=True) if origin not in here]


def _fund(bank: Purse, clients: Sequence[Client]) -> None:
    try:
        bank.fund({client.account: debts.funds_fen(client.row) for client in clients})
    except ChannelError as error:
        raise NoBankError(problem=error) from error


def _store(
    clients: Sequence[Client], *, on: date, at: datetime, policy_numbers: LoanPolicy
) -> None:
    """Store the clients in one transaction, all or none."""
    if not clients:
        return
    buffer_permille = policy.current(RiskPolicy, on=on).buffer_permille
    try:
        with transaction.atomic(), workflow.importing():
            signed = signed_under(policy_numbers)
            write(clients, terms=Terms(on, at, policy_numbers, signed.pk, buffer_permille))
    except (DatabaseError, psycopg.Error) as error:  # COPY does not go through Django's own errors
        diagnosis = getattr(error.__cause__ or error, "diag", None)
        problem = getattr(diagnosis, "message_primary", None) or type(error).__name__
        lines = [client.row.line for client in clients]
        raise RowsRefusedError(first=lines[0], last=lines[-1], problem=problem) from error
