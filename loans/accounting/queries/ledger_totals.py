"""What moved in the ledger: the totals up to the last checkpoint, and the transfers after it.

A reader never depends on a checkpoint: without one it adds up every transfer.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max, QuerySet

from backoffice.core import bulk
from loans.models import LedgerCheckpoint, Transfer

# Each checkpoint is compared with its transfers once in so many nights.
PROOF_NIGHTS = 30

# Every movement of the ledger, with ``through`` as ``rows`` gives it.
MOVED = """(
    SELECT debit_account, credit_account, kind, amount_fen
    FROM loans_ledgertotal WHERE checkpoint_id <= %(through)s
    UNION ALL
    SELECT debit_account, credit_account, kind, amount_fen
    FROM loans_transfer WHERE id > %(through)s
) AS moved"""
# The totals of the transfers after one and up to another.
TOTALS = """
SELECT coalesce(accounting_date, business_date) AS booked_on, debit_account, credit_account, kind,
       count(*) AS transfers, sum(amount_fen)::bigint AS amount_fen
FROM loans_transfer WHERE id > %(after)s AND id <= %(through)s
GROUP BY 1, 2, 3, 4
"""
_COMPARED = f"""
SELECT booked_on, debit_account, credit_account, kind,
       coalesce(found.amount_fen, 0), coalesce(kept.amount_fen, 0)
FROM ({TOTALS}) AS found
FULL JOIN (SELECT * FROM loans_ledgertotal WHERE checkpoint_id = %(through)s) AS kept
     USING (booked_on, debit_account, credit_account, kind)
WHERE (found.transfers, found.amount_fen) IS DISTINCT FROM (kept.transfers, kept.amount_fen)
ORDER BY 1, 2, 3, 4
"""  # nosec B608: a statement of our own
# Who adds transfers holds this lock from before it takes their ids until they are committed.
_WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relation IN (SELECT relid FROM pg_partition_tree('loans_transfer'))
  AND pid <> pg_backend_pid()
"""
_WAIT = "SELECT pg_sleep(0.05)"
_WAITS_MAX = 100  # five seconds


class TotalDifference(NamedTuple):
    """A total that is not what its transfers add up to, in fen; equal where the number differs."""

    checkpoint: int
    booked_on: date
    debit_account: str
    credit_account: str
    kind: str
    expected_fen: int
    found_fen: int


def rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Read a query of totals up to the checkpoint ``through`` and of transfers after it.

    It is read again where the totals were thrown away meanwhile.
    """
    while True:
        through = last_through()
        with connection.cursor() as cursor:
            cursor.execute(query, {"through": through, **values})
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if not through or LedgerCheckpoint.objects.filter(through=through).exists():
            return found


def last_through() -> int:
    """Return the id of the last transfer that the totals contain, 0 where there are none."""
    return LedgerCheckpoint.objects.aggregate(last=Max("through"))["last"] or 0


def last_after() -> int:
    """Return the id of the last transfer before those of the last checkpoint, 0 without one."""
    last = LedgerCheckpoint.objects.order_by("through").values_list("after_id", flat=True).last()
    return last or 0


def moved_loans(*, after: int) -> list[int]:
    """Return the loans of the transfers after one."""
    since = Transfer.objects.filter(pk__gt=after).exclude(loan_id=None)
    return [loan_id for (loan_id,) in bulk.rows(since.order_by().distinct(), "loan_id")]


def settled_through() -> int | None:
    """Return the id of a transfer up to which no other can be added any more.

    A smaller id may be committed later: whoever is adding transfers now is waited for, at most
    five seconds; None where that was not enough, 0 for an empty ledger. Nobody waits for the
    caller, who must not read in a snapshot of before.
    """
    last = Transfer.objects.aggregate(last=Max("id"))["last"] or 0
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS)
        awaited = set(cursor.fetchall())
        for _wait in range(_WAITS_MAX):
            if not awaited:
                return last
            cursor.execute(_WAIT)
            cursor.execute(_WRITERS)
            awaited &= set(cursor.fetchall())
    return None if awaited else last


def differences(*, on: date | None) -> Iterator[TotalDifference]:
    """Compare totals with their transfers: of the thirtieth whose turn it is ``on``, or of all."""
    for through, after in _to_prove(on).values_list("through", "after_id"):
        with connection.cursor() as cursor:
            cursor.execute(_COMPARED, {"through": through, "after": after or 0})
            found = cursor.fetchall()
        for row in found:
            yield TotalDifference._make((through, *row))


def _to_prove(on: date | None) -> QuerySet[LedgerCheckpoint]:
    checkpoints = LedgerCheckpoint.objects.order_by("through")
    if on is None:
        return checkpoints
    turn = on.toordinal() % PROOF_NIGHTS
    days = checkpoints.order_by().values_list("made_on", flat=True).distinct()
    return checkpoints.filter(made_on__in=[
        day for day in days if day.toordinal() % PROOF_NIGHTS == turn
    ])  # fmt: skip
