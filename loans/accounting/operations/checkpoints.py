"""Keeping the totals of the ledger: a checkpoint more each night, or all of them made again.

They are a cache: the transfers alone are the ledger, and everything here follows from them.
"""

from datetime import date, datetime

from django.db import connection, transaction

from loans.accounting.queries import ledger_totals
from loans.models import LedgerCheckpoint, LedgerTotal

_ADD = f"""
INSERT INTO loans_ledgertotal
    (checkpoint_id, booked_on, debit_account, credit_account, kind, transfers, amount_fen)
SELECT %(through)s, booked_on, debit_account, credit_account, kind, transfers, amount_fen
FROM ({ledger_totals.TOTALS}) AS total
"""  # nosec B608: a statement of our own


def advance(*, by: str, on: date, at: datetime) -> int:
    """Add up what came since the last checkpoint; return the transfer the totals then go up to.

    Nothing changes while transfers are being added for five seconds: the next night brings them.
    """
    settled = ledger_totals.settled_through()
    if settled is not None:
        with transaction.atomic(durable=True):
            _add(settled, by=by, on=on, at=at)
    return ledger_totals.last_through()


def rebuild(*, by: str, on: date, at: datetime) -> int:
    """Throw the totals away and add them up from every transfer; return the last one in them.

    Where transfers are being added for five seconds there are none until the next night.
    """
    settled = ledger_totals.settled_through()
    with transaction.atomic(durable=True):
        _lock()
        LedgerTotal.objects.all().delete()
        LedgerCheckpoint.objects.all().delete()
        _add(settled or 0, by=by, on=on, at=at)
    return ledger_totals.last_through()


def _add(through: int, *, by: str, on: date, at: datetime) -> None:
    """Add a checkpoint up to a settled transfer; none where nothing came since the last one."""
    _lock()
    after = ledger_totals.last_through()
    if through <= after:
        return
    LedgerCheckpoint.objects.create(
        through=through, after_id=after or None, made_on=on, made_by=by, at=at
    )
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"through": through, "after": after})


def _lock() -> None:
    """Let one process at a time change the totals; they are read meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE loans_ledgercheckpoint IN SHARE ROW EXCLUSIVE MODE")
