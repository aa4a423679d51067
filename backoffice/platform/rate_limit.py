"""How often a subject may do something on a day, counted exactly, however many ask at once.

An edge takes before the guarded work begins. The count is committed by then: work that fails, and
a process that is killed, have used their try. So none of this may be called inside a transaction,
whose rollback would undo it and whose length would make every other asker wait for the row.

``on`` is a day of the machine's time (``clock.wall``): a sandbox that moves its clock gives nobody
new tries. ``subject`` has at most 80 characters.
"""

from datetime import date

from django.db import connection, transaction
from django.db.models import F, QuerySet

from backoffice.core.models import ThrottleCount


@transaction.atomic(durable=True)
def take(*, scope: str, subject: str, on: date, limit: int) -> bool:
    """Count one more of the day and return True, or return False where ``limit`` are taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO backoffice_throttlecount AS stored (scope, subject, taken_on, taken) "
            "SELECT %s, %s, %s, 1 WHERE %s > 0 "
            "ON CONFLICT (scope, subject, taken_on) DO UPDATE SET taken = stored.taken + 1 "
            "WHERE stored.taken < %s RETURNING taken",
            [scope, subject, on, limit, limit],
        )
        return cursor.fetchone() is not None


@transaction.atomic(durable=True)
def give_back(*, scope: str, subject: str, on: date) -> None:
    """Count one less, for work that turned out not to count; never below none."""
    _counted(scope, subject, on).filter(taken__gt=0).update(taken=F("taken") - 1)


def left(*, scope: str, subject: str, on: date, limit: int) -> int:
    """Return how many more could be taken at this moment; only ``take`` decides."""
    taken = _counted(scope, subject, on).values_list("taken", flat=True).first() or 0
    return max(0, limit - taken)


@transaction.atomic(durable=True)
def clear(*, scope: str, subject: str, on: date) -> None:
    """Give back all of the day, as after a success that ends a row of failures."""
    _counted(scope, subject, on).delete()


@transaction.atomic(durable=True)
def forget(*, before: date) -> int:
    """Delete the counts of earlier days; return how many."""
    deleted, _per_model = ThrottleCount.objects.filter(taken_on__lt=before).delete()
    return deleted


def _counted(scope: str, subject: str, on: date) -> QuerySet[ThrottleCount]:
    return ThrottleCount.objects.filter(scope=scope, subject=subject, taken_on=on)
