"""The bills of a customer, one a month."""

from collections.abc import Collection, Mapping
from datetime import date

from backoffice.core import bulk
from loans.billing.rules.issue import Earlier
from loans.models import Bill


def earlier_bills(due_on: Mapping[int, date]) -> dict[int, tuple[Earlier, ...]]:
    """Return the bills of one customer that were due before each of some, the latest first.

    ``due_on`` are the due dates of those by their ids.
    """
    if not due_on:
        return {}
    customer = Bill.objects.filter(pk=next(iter(due_on))).values("customer")
    bills = Bill.objects.filter(customer__in=customer).order_by("-due_on")
    rows = list(bills.values_list("pk", "state", "due_on"))
    return {
        bill_id: tuple(Earlier(pk, state) for pk, state, due in rows if due < before)
        for bill_id, before in due_on.items()
    }


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
