"""Rate limits: exact daily counts per subject, also under concurrency.

An edge calls ``take`` before the guarded work. The count is committed first: failed work and a
killed process have used their try. Never call this inside a transaction: a rollback would undo the
count, and other callers would wait for the row lock. ``clear`` alone belongs in the transaction of
the success that it follows.

``on`` is a day of the machine's time (``clock.wall``): moving a sandbox's clock grants no new
tries. ``subject`` has at most 80 characters.
"""

from datetime import date

from django.db import connection, transaction
from django.db.models import F, QuerySet

from backoffice.core.models import ThrottleCount


@transaction.atomic(durable=True)
def take(*, scope: str, subject: str, on: date, limit: int) -> bool:
    """Count one try and return True, or return False if ``limit`` is reached."""
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
    """Give one try back, for work that does not count; never below zero."""
    _counted(scope, subject, on).filter(taken__gt=0).update(taken=F("taken") - 1)


def left(*, scope: str, subject: str, on: date, limit: int) -> int:
    """Return how many tries are left; only ``take`` decides."""
    taken = _counted(scope, subject, on).values_list("taken", flat=True).first() or 0
    return max(0, limit - taken)


def clear(*, scope: str, subject: str, on: date) -> None:
    """Give all tries of the day back, as after a success, in the transaction of the success."""
    _counted(scope, subject, on).delete()


@transaction.atomic(durable=True)
def forget(*, before: date) -> int:
    """Delete the counts of earlier days; return their number."""
    deleted, _per_model = ThrottleCount.objects.filter(taken_on__lt=before).delete()
    return deleted


def _counted(scope: str, subject: str, on: date) -> QuerySet[ThrottleCount]:
    return ThrottleCount.objects.filter(scope=scope, subject=subject, taken_on=on)
