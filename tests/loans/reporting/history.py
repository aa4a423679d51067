"""A loan that was billed for years, each month with its direct debit of the minimum."""

from collections.abc import Callable
from datetime import date, time

from loans.billing.operations import auto_debit, issue
from loans.collection.operations import collection
from loans.collection.operations.orders import CollectionRequest
from loans.contracts.rules.due_dates import months_after
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Channel
from loans.models import Bill, Loan, Mandate
from loans.policy import LoanTerms
from tests.loans.conftest import moment

DRAWN_ON = date(2026, 9, 1)
LONG = 36
TERMS = LoanTerms(minimum_months_max=60)  # so that the minimum may be paid for three years


def live(make_loan: Callable[..., Loan], channel: Channel, months: int) -> Loan:
    """Let a bullet be billed so many months; each 9:00 run takes the minimum."""
    loan = make_loan(drawn_on=DRAWN_ON, policy=TERMS)
    mandate = Mandate.objects.get(customer=loan.customer_id)
    auto_debit.choose(
        loan.customer_id, mode="minimum", card_id=mandate.card_id, by="customer", on=DRAWN_ON,
        at=moment(DRAWN_ON),
    )  # fmt: skip
    for month in range(1, months + 1):
        due_on = months_after(DRAWN_ON, month)
        billed_on = date.fromordinal(due_on.toordinal() - TERMS.bill_lead_days)
        issue.issue([loan.customer_id], by="test", on=billed_on, at=moment(billed_on, time(0, 6)))
        bill = Bill.objects.get(customer=loan.customer_id, due_on=due_on)
        collection.collect(
            [CollectionRequest(bill.pk)], by="test", channel=channel, on=due_on, at=moment(due_on)
        )
        after = date.fromordinal(due_on.toordinal() + 1)
        end_of_day.close([bill.pk], by="test", on=after, at=moment(after, time(0, 5)))
    assert {bill.state for bill in Bill.objects.filter(customer=loan.customer_id)} == {"min_paid"}
    return Loan.objects.get(pk=loan.pk)
