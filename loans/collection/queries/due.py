"""Which bills the business day has work for."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet

from backoffice.core import bulk
from backoffice.core.models import JobRun
from backoffice.core.policy import current, history
from loans.collection.rules.hours import name_of
from loans.models import Origin, Repayment
from loans.policy import LoanOperations

# Grace ends on D+7 at the latest (REPAY-11); the margin covers days that were missed.
CLOSE_WINDOW_DAYS = 31
# Recovery cycles end at 90 days past due (REPAY-18): no late fee comes later either.
LATE_FEE_WINDOW_DAYS = 100
COMPARABLE_DAYS = 31


class DueBills(NamedTuple):
    """Bills with their customers, and what was printed as unpaid on them, in fen.

    The bills of a customer stand together, the oldest first.
    """

    ids: list[int]
    customer_ids: list[int]
    amount_fen: int


def to_debit(*, on: date) -> DueBills:
    """Return the bills to debit on a day, and those whose order is still open: they are queried.

    Of several bills of one customer all are in it: after a failure of the older one the next is
    asked (REPAY-10).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH up AS (
                SELECT id, customer_id, due_on, greatest(total_fen - paid_fen, 0) AS amount_fen
                FROM loans_bill
                WHERE debit_on <= %s AND state IN ('billed', 'grace', 'overdue') AND mode <> 'off'
            ), asked AS (
                SELECT bill_id AS id FROM loans_debitorder
                WHERE origin = 'auto' AND state IN ('planned', 'sent', 'unknown')
                UNION  -- each side has a partial index of its own
                SELECT bill_id FROM loans_debitorder
                WHERE origin = 'customer' AND state IN ('planned', 'sent', 'unknown')
            )
            SELECT id, customer_id, amount_fen, due_on FROM up
            UNION ALL
            SELECT bill.id, bill.customer_id, 0, bill.due_on
            FROM asked JOIN loans_bill AS bill USING (id)
            WHERE NOT EXISTS (SELECT FROM up WHERE up.id = asked.id)
            ORDER BY customer_id, due_on, id
            """,
            [on],
        )
        rows = cursor.fetchall()
    return DueBills([row[0] for row in rows], [row[1] for row in rows], sum(row[2] for row in rows))


def debited(customer_ids: Collection[int], *, on: date) -> set[int]:
    """Return the customers a direct debit took money from that day: no second one (REPAY-10)."""
    if not customer_ids:
        return set()
    taken = Repayment.objects.filter(  # the day's rows lie together: they are read once
        customer_id__any=bulk.Of(customer_ids), value_on=on, order__origin=Origin.AUTO
    )
    return {customer_id for (customer_id,) in bulk.rows(taken, "customer_id")}


def to_close(*, on: date) -> list[int]:
    """Return the bills the 00:05 close of a day looks at: unpaid ones past their due date.

    And those due on the day with plan rows: their fees fall due with it (GEN-8).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM loans_bill
            WHERE due_on < %(on)s AND due_on >= %(grace)s AND state IN ('billed', 'grace')
            UNION
            SELECT id FROM loans_bill
            WHERE due_on < %(on)s AND due_on >= %(late)s AND state = 'overdue'
              AND late_fee_on IS NULL AND refused_on IS NOT NULL
            UNION
            SELECT bill.id FROM loans_bill AS bill
            JOIN loans_instalment AS part ON part.bill_id = bill.id
            WHERE bill.due_on = %(on)s AND bill.state = 'billed' AND part.uncharged_plan_fee_fen > 0
            ORDER BY id
            """,
            {
                "on": on,
                "grace": on - timedelta(days=CLOSE_WINDOW_DAYS),
                "late": on - timedelta(days=LATE_FEE_WINDOW_DAYS),
            },
        )
        return [row[0] for row in cursor.fetchall()]


def first_debits(*, on: date) -> str:
    """Return the name of the job of the first debits of a day, such as 09:00."""
    return name_of(current(LoanOperations, on=on).debit_at)


def first_runs() -> QuerySet[JobRun]:
    """Return the runs of the first debits of all days, whatever their hour was."""
    found = Q()
    in_force = history(LoanOperations)
    ends = [first_on for first_on, _operations in in_force[1:]] + [date.max]
    for (first_on, operations), end_on in zip(in_force, ends, strict=True):
        days = Q(business_date__gte=first_on, business_date__lt=end_on)
        found |= days & Q(job=name_of(operations.debit_at))
    return JobRun.objects.filter(found)


def comparable_orders(*, on: date) -> int | None:
    """Return the largest plan of first debits of the 31 days before, or None without one."""
    runs = first_runs().filter(
        business_date__lt=on,
        business_date__gte=on - timedelta(days=COMPARABLE_DAYS),
        planned__gt=0,
        finished_at__isnull=False,
    )
    return max(runs.values_list("planned", flat=True), default=None)
