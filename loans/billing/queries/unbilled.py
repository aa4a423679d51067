"""What bills are to ask that stand under none, and what is known of a customer's bills so far."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection

from backoffice.core import bulk
from loans.accounting.rules.codes import COLLECTED_STATES, REST_STATES
from loans.accounting.rules.debt import sql_total
from loans.billing.rules.issue import Earlier
from loans.contracts.rules.due_dates import repayment_day

# What a closed bill left is in the next bill within a month of its close; an extension puts the
# close off by 30 days at most (FAQ-7). The margin covers days that were missed.
_LEFT_WITHIN_DAYS = 120
_MONTH_DAYS = 31

_OWED = f"({sql_total('unpaid_', table='part')} > 0)"
_TO_ISSUE = f"""
SELECT part.customer_id
FROM loans_instalment AS part JOIN loans_loan AS loan ON loan.id = part.loan_id
WHERE part.bill_id IS NULL AND part.due_on > %(since)s
  AND part.due_on <= %(on)s::date + %(lead_days)s
  AND loan.state IN ('active', 'overdue', 'charged_off') AND {_OWED}
UNION
SELECT bill.customer_id
FROM loans_bill AS bill JOIN loans_instalment AS part ON part.bill_id = bill.id
WHERE bill.due_on < %(on)s AND bill.due_on > %(since)s
  AND bill.state = ANY (%(rest)s) AND {_OWED}
ORDER BY 1
"""  # nosec B608: column names of our own
_LOANS = f"""
SELECT DISTINCT part.loan_id
FROM loans_loan AS loan JOIN loans_instalment AS part ON part.loan_id = loan.id
WHERE loan.customer_id = ANY (%(customers)s::bigint[])
  AND loan.state IN ('active', 'overdue', 'charged_off')
  AND part.bill_id IS NULL AND part.due_on <= %(on)s::date + %(lead_days)s AND {_OWED}
"""  # nosec B608: column names of our own
_BILLS = """
SELECT customer_id, id, state, due_on,
       state = ANY (%(collected)s) OR (state = ANY (%(rest)s)
           AND EXISTS (SELECT FROM loans_instalment AS part WHERE part.bill_id = bill.id))
FROM loans_bill AS bill
WHERE customer_id = ANY (%(customers)s::bigint[])
  AND (due_on > %(since)s OR state = ANY (%(collected)s))
ORDER BY customer_id, due_on DESC
"""
_FIRST_DUE = """
SELECT customer.id, coalesce(
    CASE WHEN customer.origin IS NOT NULL THEN coalesce(
        (SELECT max(due_on) FROM risk_conduct
         WHERE customer_id = customer.id AND source NOT LIKE 'bill:%%'),
        (SELECT due_on FROM loans_bill WHERE customer_id = customer.id ORDER BY id LIMIT 1)
    ) END,
    (SELECT min(drawn_on) FROM loans_loan
     WHERE customer_id = customer.id AND state <> 'cancelled'))
FROM accounts_customer AS customer
WHERE customer.id = ANY (%(customers)s::bigint[])
"""


class EarlierBill(NamedTuple):
    """A bill of a customer; ``is_needed`` says whether it is still open or left something."""

    bill_id: int
    state: str
    due_on: date
    is_needed: bool

    @property
    def as_earlier(self) -> Earlier:
        """Return the bill as the issue of a later one knows it."""
        return Earlier(self.bill_id, self.state)


def to_issue(*, on: date, lead_days: int) -> list[int]:
    """Return the customers that may be issued a bill on a day, in the order of their ids.

    Those with an instalment that falls due within ``lead_days`` and stands under no bill, and
    those whose closed bill left something (REPAY-2, 9, 16).
    """
    values: dict[str, Any] = {
        "on": on,
        "lead_days": lead_days,
        "since": on - timedelta(_LEFT_WITHIN_DAYS),
        "rest": list(REST_STATES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TO_ISSUE, values)
        return [customer_id for (customer_id,) in cursor.fetchall()]


def loans_to_bill(customer_ids: Collection[int], *, on: date, lead_days: int) -> list[int]:
    """Return the loans of customers with instalments for a bill that stand under none."""
    values: dict[str, Any] = {
        "customers": bulk.array(list(customer_ids)),
        "on": on,
        "lead_days": lead_days,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOANS, values)
        return [loan_id for (loan_id,) in cursor.fetchall()]


def bills_of(
    customer_ids: Collection[int], *, on: date, months: int
) -> dict[int, list[EarlierBill]]:
    """Return the bills of customers that were due in a number of months, the latest first.

    Older ones only where they are still collected.
    """
    since = on - timedelta((months + 1) * _MONTH_DAYS)
    values: dict[str, Any] = {"customers": bulk.array(list(customer_ids)), "since": since,
              "collected": list(COLLECTED_STATES), "rest": list(REST_STATES)}  # fmt: skip
    found: dict[int, list[EarlierBill]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_BILLS, values)
        for customer_id, *bill in cursor.fetchall():
            found[customer_id].append(EarlierBill._make(bill))
    return found


def repayment_days(customer_ids: Collection[int]) -> dict[int, int]:
    """Return the day of the month on which customers repay, none before the first drawdown.

    A migrated customer keeps the day of the bills at the earlier lender (REPAY-2).
    """
    if not customer_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_DUE, {"customers": bulk.array(list(customer_ids))})
        return {
            customer_id: repayment_day(first_on)
            for customer_id, first_on in cursor.fetchall()
            if first_on is not None
        }
