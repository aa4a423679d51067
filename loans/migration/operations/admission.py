"""Letting synthetic clients into a sandbox: one batch a transaction, all of it or nothing.

The sandbox bank is told the balances before the rows are committed. A process that dies in between
leaves money on accounts nobody has, and the next run says it again; the other way round there
would be customers whose balances nobody would ever set.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Protocol

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.policy import AccountPolicy
from backoffice.core import policy, workflow
from backoffice.core.errors import Refused
from loans.accounting.operations.terms import signed_under
from loans.gateways.channel import ChannelError
from loans.migration.operations.writing import Client, Terms, write
from loans.policy import LoanTerms
from risk.policy import LimitPolicy

BATCH_CLIENTS = 5_000
_LOCK = 7_061_001


class Purse(Protocol):
    """What puts money on the accounts of cards: the bank of a sandbox."""

    def fund(self, balances: Mapping[str, int]) -> None:
        """Set balances in fen by account, opening the accounts that are new.

        Raises:
            ChannelError: the bank did not confirm.
        """
        ...


class DemoBank(Purse, Protocol):
    """The bank of a sandbox, at which customers confirm their payments in WeChat too."""

    def confirm(self, prepay_id: str, *, at: datetime) -> str:
        """Confirm a payment as its customer; return the bank's code.

        Raises:
            ChannelError: the bank did not confirm.
        """
        ...


class SandboxOnlyError(Refused):
    """Synthetic people may not stand among real ones."""

    code = "sandbox-only"
    message = _("Synthetic customers are for a sandbox; this is none.")
    remedy = _("Set SANDBOX=1 and use a database of its own.")


class NoBankError(Refused):
    """The sandbox bank did not take the balances."""

    code = "no-sandbox-bank"
    message = _("The sandbox bank did not take the balances: {problem}.")
    remedy = _(
        "Start it with make run or manage.py sandbox_bank (see CHANNEL_URL and CHANNEL_SECRET) and "
        "run this again: what is imported already is left alone."
    )


class ImportUnderWayError(Refused):
    """Another import works on this database."""

    code = "import-under-way"
    message = _("Another import is under way on this database.")
    remedy = _("Wait for its end.")


class RowsRefusedError(Refused):
    """The database refused a transaction; none of its rows was stored."""

    code = "rows-refused"
    message = _("The database refused lines {first} to {last} as a whole: {problem}.")
    remedy = _("The lines before them are complete. Remove the cause and run this again.")


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of the one import at a time; it ends with the connection at the latest.

    Raises:
        SandboxOnlyError: this is no sandbox.
        ImportUnderWayError: another import works on this database.
    """
    if not settings.SANDBOX:
        raise SandboxOnlyError
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if cursor.fetchone() != (True,):
            raise ImportUnderWayError
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def admit(
    clients: Sequence[Client], *, lines: Sequence[int], bank: Purse, on: date, at: datetime
) -> None:
    """Fund the clients and store them; ``lines`` say where in its source each one stood.

    Raises:
        NoBankError: the bank did not take the balances; nothing was stored.
        RowsRefusedError: the database refused them; nothing was stored.
    """
    if not clients:
        return
    _fund(bank, clients)
    try:
        with transaction.atomic(), workflow.importing():
            _store(clients, on=on, at=at)
    except (DatabaseError, psycopg.Error) as error:  # COPY does not go through Django's own errors
        diagnosis = getattr(error.__cause__ or error, "diag", None)
        problem = getattr(diagnosis, "message_primary", None) or type(error).__name__
        raise RowsRefusedError(first=lines[0], last=lines[-1], problem=problem) from error


def _fund(bank: Purse, clients: Sequence[Client]) -> None:
    try:
        bank.fund({client.account: client.funds_fen for client in clients})
    except ChannelError as error:
        raise NoBankError(problem=error) from error


def _store(clients: Sequence[Client], *, on: date, at: datetime) -> None:
    numbers = policy.current(LoanTerms, on=on)
    buffer_permille = policy.current(LimitPolicy, on=on).buffer_permille
    limit_max_fen = policy.current(AccountPolicy, on=on).limit_max_fen
    signed = signed_under(numbers).pk
    write(clients, terms=Terms(on, at, numbers, signed, buffer_permille, limit_max_fen))
