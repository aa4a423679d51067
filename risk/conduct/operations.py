"""Payment history: loans reports each closed bill, risk decides from this table alone."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from backoffice.core import bulk


class ConductReport(NamedTuple):
    """How a bill ended, in fen. ``source`` identifies the report of the bill.

    ``paid_on`` is the value date on which the last of it was paid, if it was (LIMIT-7, LIMIT-10).
    """

    customer_id: int
    source: str
    due_on: date
    total_fen: int
    minimum_fen: int
    paid_fen: int
    outcome: str
    paid_on: date | None = None


def record(reports: Sequence[ConductReport], *, at: datetime) -> None:
    """Store each report once; a bill reported before changes nothing."""
    if not reports:
        return
    columns = list(zip(*reports, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO risk_conduct (customer_id, source, due_on, total_fen, minimum_fen, "
            "paid_fen, outcome, paid_on, recorded_at) "
            "SELECT *, %s FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[], "
            "%s::bigint[], %s::bigint[], %s::text[], %s::date[]) ON CONFLICT (source) DO NOTHING",
            [at, *map(bulk.array, columns)],
        )
