"""Which bills are notified of a debit, and what was notified of (REPAY-10)."""

from collections.abc import Collection
from datetime import date

from django.db import connection

from backoffice.core import bulk
from loans.models import DebitNotice


def to_notify(*, on: date, until: date) -> list[int]:
    """Return the bills with a mandate that may be debited by a day and have no notice for it.

    Whether a window really begins until then is decided when the notices are made.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT bill.id FROM loans_bill AS bill
            JOIN loans_mandate AS mandate
              ON mandate.customer_id = bill.customer_id AND mandate.state = 'signed'
            WHERE bill.debit_on <= %(until)s AND bill.state IN ('billed', 'grace', 'overdue')
              AND bill.mode <> 'off'
              AND NOT EXISTS (
                  SELECT FROM loans_debitnotice AS notice
                  WHERE notice.bill_id = bill.id AND notice.last_on >= %(on)s
                    AND notice.cycle = bill.cycle AND notice.first_on >= bill.cycle_on
              )
            ORDER BY bill.id
            """,
            {"on": on, "until": until},
        )
        return [row[0] for row in cursor.fetchall()]


def maxima_fen(bill_ids: Collection[int], *, on: date) -> dict[int, int]:
    """Return the most that may be debited for bills on a day, of those with a notice for it."""
    notices = DebitNotice.objects.filter(
        bill_id__any=bulk.Of(bill_ids), first_on__lte=on, last_on__gte=on
    ).order_by("first_on")
    return dict(bulk.rows(notices, "bill_id", "maximum_fen"))


def windows(bill_ids: Collection[int]) -> set[tuple[int, date]]:
    """Return the windows that bills have a notice for: the bill and the first day of each."""
    known = DebitNotice.objects.filter(bill_id__any=bulk.Of(bill_ids))
    return set(bulk.rows(known, "bill_id", "first_on"))
