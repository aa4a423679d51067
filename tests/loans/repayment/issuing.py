"""The next bill of a customer, issued as the rule of issue has it; no job issues bills yet."""

from datetime import date, timedelta

from django.db import transaction

from backoffice.core import workflow
from loans.accounting.operations.batch import LoanBatch
from loans.billing.queries import earlier_bills
from loans.billing.rules.issue import Issue
from loans.models import Bill
from tests.loans.conftest import moment


@transaction.atomic
def issue_next(bill: Bill, *, due_on: date | None = None, mode: str = "off") -> Bill:
    """Issue the bill after this one, due a month later, ten days before its due date."""
    due_on = due_on or bill.due_on.replace(month=bill.due_on.month + 1)
    billed_on = due_on - timedelta(days=10)
    with workflow.importing():
        later = Bill.objects.create(
            customer=bill.customer, state="billed", due_on=due_on, billed_on=billed_on,
            total_fen=1, minimum_fen=0, mode=mode, cycle_on=due_on, debit_on=due_on,
        )  # fmt: skip
    batch = LoanBatch.lock([bill.pk, later.pk])
    batch.run([Issue(later.pk, billed_on, earlier_bills(later.pk, before=due_on))])
    batch.write(by="test", at=moment(billed_on))
    return Bill.objects.get(pk=later.pk)
