"""The bills of a customer, one a month."""

from collections.abc import Collection
from datetime import date

from backoffice.core import bulk
from loans.billing.rules.issue import Earlier
from loans.models import Bill


def earlier_bills(bill_id: int, *, before: date) -> tuple[Earlier, ...]:
    """Return the bills of the customer of a bill that were due before a day, the latest first."""
    customer = Bill.objects.filter(pk=bill_id).values("customer")
    bills = Bill.objects.filter(customer__in=customer, due_on__lt=before).order_by("-due_on")
    return tuple(Earlier(*row) for row in bills.values_list("pk", "state"))


def bills_of(customer_ids: Collection[int]) -> set[int]:
    """Return every bill of some customers."""
    if not customer_ids:
        return set()
    theirs = Bill.objects.filter(customer_id__any=bulk.Of(customer_ids))
    return {bill_id for (bill_id,) in bulk.rows(theirs, "pk")}


def of_the_same_customers(bill_ids: Collection[int]) -> set[int]:
    """Return every bill of the customers of some bills."""
    if not bill_ids:
        return set()
    bills = Bill.objects.filter(pk__any=bulk.Of(bill_ids))
    return bills_of({customer_id for (customer_id,) in bulk.rows(bills, "customer_id")})
