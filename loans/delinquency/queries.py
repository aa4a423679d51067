"""How much is late: bills in grace and overdue, in numbers, and how late a customer has been."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from operator import add
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, Q, Sum

from backoffice.core import bulk, clock
from loans.accounting.queries.unposted import unposted_of
from loans.accounting.rules.debt import columns
from loans.models import Bill, BillState, Instalment, Loan, LoanState


class Late(NamedTuple):
    """Bills of one state, and what a payment on the day must bring to pay them, in fen."""

    bills: int
    unpaid_fen: int


def late(*, on: date) -> dict[str, Late]:
    """Return the bills in grace and overdue, with what is owed of them on a day.

    Loans that were given up as a loss are counted apart (``charged_off``).
    That is what is posted as unpaid, and what their loans have accrued since (RATE-9): the sum of
    what the pages of the bills say.
    """
    return {state: _late(state, on=on) for state in (BillState.GRACE, BillState.OVERDUE)}


def _late(state: str, *, on: date) -> Late:
    rows = Instalment.objects.filter(bill__state=state).exclude(loan__state=LoanState.CHARGED_OFF)
    unpaid = reduce(add, map(F, columns("unpaid_")))
    found = rows.aggregate(bills=Count("bill", distinct=True), fen=Sum(unpaid, default=0))
    loan_ids = {loan_id for (loan_id,) in bulk.rows(rows, "loan_id")}
    return Late(found["bills"], found["fen"] + unposted_of(loan_ids, on=on))


def later_principal_fen(bill_id: int) -> int:
    """Return the principal of a bill's loans that no bill has asked for yet, in fen."""
    loan_ids = Instalment.objects.filter(bill=bill_id).values("loan")
    later = Instalment.objects.filter(loan__in=loan_ids, bill=None)
    found: int = later.aggregate(fen=Sum("unpaid_principal_fen", default=0))["fen"]
    return found


class ChargedOff(NamedTuple):
    """Loans given up as a loss on which something is owed, and how much, in fen."""

    loans: int
    unpaid_fen: int


def charged_off() -> ChargedOff:
    """Return the charged-off loans, with what is posted as unpaid of them."""
    rows = Instalment.objects.filter(loan__state=LoanState.CHARGED_OFF)
    unpaid = reduce(add, map(F, columns("unpaid_")))
    found = rows.aggregate(loans=Count("loan", distinct=True), fen=Sum(unpaid, default=0))
    return ChargedOff(found["loans"], found["fen"])


class CustomerDebt(NamedTuple):
    """What is late of a customer: the earliest due date of the late bills, and how late they are.

    ``late_since`` is None when no bill is late.
    """

    late_since: date | None = None
    is_overdue: bool = False
    is_charged_off: bool = False


def customer_debts(customer_ids: Sequence[int]) -> dict[int, CustomerDebt]:
    """Return what is late of each customer with a running or a charged-off loan."""
    running = (LoanState.ACTIVE, LoanState.OVERDUE, LoanState.CHARGED_OFF)
    loans = Loan.objects.filter(customer__in=customer_ids, state__in=running)
    charged_off = Count("pk", filter=Q(state=LoanState.CHARGED_OFF))
    given_up = dict(loans.values_list("customer").annotate(given_up=charged_off))
    bills = Bill.objects.filter(
        customer__in=list(given_up), state__in=(BillState.GRACE, BillState.OVERDUE)
    ).values_list("customer")
    overdue = Count("pk", filter=Q(state=BillState.OVERDUE))
    rows = bills.annotate(since=Min("due_on"), overdue=overdue)
    late = {customer_id: (since, bool(count)) for customer_id, since, count in rows}
    return {
        customer_id: CustomerDebt(*late.get(customer_id, (None, False)), bool(count))
        for customer_id, count in given_up.items()
    }


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


def has_overdue_bill(customer_id: int) -> bool:
    """Return whether a bill of a customer is overdue: the line stays suspended until it is paid."""
    return Bill.objects.filter(customer=customer_id, state=BillState.OVERDUE).exists()
