"""Which months of the ledger are closed."""

from datetime import date

from django.db import connection
from django.db.models import Max

from loans.general_ledger.rules.periods import next_month
from loans.models import ClosedMonth


def opened_on(*, waits: bool = False) -> date | None:
    """Return the first day after the months that are closed, None while none is.

    With ``waits`` the caller writes the ledger in the same transaction: a close that is under way
    is waited for, and another one waits for the caller.
    """
    if waits:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ONLY loans_transfer IN ROW EXCLUSIVE MODE")
    last: date | None = ClosedMonth.objects.aggregate(last=Max("month"))["last"]
    return None if last is None else next_month(last)
