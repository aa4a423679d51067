"""How much is late: bills in grace and overdue, in numbers, and how late a customer has been."""

from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Sum

from backoffice.core import clock
from loans.accounting.rules.debt import columns
from loans.models import BillState, Instalment


class Late(NamedTuple):
    """Bills of one state, and what is charged and unpaid of them, in fen."""

    bills: int
    unpaid_fen: int


def late() -> dict[str, Late]:
    """Return the bills in grace and overdue, with what stands posted as unpaid."""
    states = (BillState.GRACE, BillState.OVERDUE)
    unpaid = reduce(add, map(F, columns("unpaid_")))
    rows = (
        Instalment.objects.filter(bill__state__in=states)
        .values_list("bill__state")
        .annotate(bills=Count("bill", distinct=True), unpaid_fen=Sum(unpaid))
    )
    found = {state: Late(bills, unpaid_fen) for state, bills, unpaid_fen in rows}
    return {state: found.get(state, Late(0, 0)) for state in states}


class Arrears(NamedTuple):
    """What was overdue of a customer since his line was suspended."""

    goes_on: bool = False
    days_past_due_max: int = 0  # of the bills paid since


def since_suspended(customer_ids: Iterable[int]) -> dict[int, Arrears]:
    """Return the arrears of the customers whose line is suspended, those without any left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SINCE_SUSPENDED, [clock.SHANGHAI.key, list(customer_ids)])
        return {customer_id: Arrears(*row) for customer_id, *row in cursor.fetchall()}


_SINCE_SUSPENDED = """
SELECT bill.customer_id, bool_or(bill.state = 'overdue'),
       coalesce(max(bill.paid_on - bill.due_on), 0)
FROM risk_creditline AS line
JOIN loans_bill AS bill ON bill.customer_id = line.customer_id
CROSS JOIN LATERAL (
    SELECT coalesce(max((move.at AT TIME ZONE %s)::date), '-infinity') AS on_day
    FROM backoffice_statechange AS move
    WHERE move.subject_type = 'risk.creditline' AND move.subject_id = line.id
      AND move.transition = 'suspend'
) AS suspended
WHERE line.customer_id = ANY(%s) AND line.state = 'suspended' AND bill.overdue_on IS NOT NULL
  AND (bill.state = 'overdue' OR bill.paid_on >= suspended.on_day)
GROUP BY bill.customer_id
"""
