"""The next bill of a customer, as the job of its bill date issues it."""

from datetime import time, timedelta

from loans.billing.operations import issue
from loans.contracts.rules.due_dates import months_after
from loans.models import AutoDebit, Bill
from tests.loans.conftest import moment


def issue_next(bill: Bill, *, mode: str = "off") -> Bill:
    """Issue the bill after this one, due a month later, ten days before its due date."""
    due_on = months_after(bill.due_on, 1)
    billed_on = due_on - timedelta(days=10)
    at = moment(billed_on, time(0, 6))
    AutoDebit.objects.update_or_create(
        customer=bill.customer, defaults={"mode": mode, "changed_at": at}
    )
    assert issue.issue([bill.customer_id], by="system:billing", on=billed_on, at=at) == 1
    return Bill.objects.get(customer=bill.customer, due_on=due_on)
