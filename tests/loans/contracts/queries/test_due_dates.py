"""Whose repayment day is which (REPAY-2)."""

from datetime import UTC, date, datetime

import pytest

from backoffice.core import workflow
from loans.contracts.queries.due_dates import next_first_due_on, repayment_day_of
from loans.models import Loan, LoanState
from risk.models import Conduct, ConductOutcome
from tests.loans.cases import TERMS
from tests.raw import execute

pytestmark = pytest.mark.django_db
DRAWN_ON = date(2026, 11, 24)


def migrate(bill, *, origin="book:1"):
    execute("UPDATE accounts_customer SET origin = %s WHERE id = %s", origin, bill.customer_id)


def report(bill, source, due_on):
    Conduct.objects.create(
        customer_id=bill.customer_id, source=source, due_on=due_on, total_fen=1, minimum_fen=1,
        paid_fen=1, outcome=ConductOutcome.PAID, recorded_at=datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip


def test_the_first_drawdown_decides(make_bill):
    bill = make_bill(drawn_on=date(2026, 9, 5), due_on=date(2026, 10, 5))
    make_bill(drawn_on=date(2026, 9, 9), due_on=date(2026, 11, 5), customer=bill.customer)

    assert repayment_day_of(bill.customer_id) == 5
    assert next_first_due_on(bill.customer_id, drawn_on=DRAWN_ON, terms=TERMS) == date(2027, 1, 5)


def test_before_the_first_drawdown_its_own_day_decides(make_bill):
    nobody = 0

    assert repayment_day_of(nobody) is None
    assert next_first_due_on(nobody, drawn_on=DRAWN_ON, terms=TERMS) == date(2026, 12, 24)


def test_a_loan_that_was_never_paid_out_does_not_count(make_bill):
    bill = make_bill(drawn_on=date(2026, 9, 5), due_on=date(2026, 10, 5))
    [values] = Loan.objects.filter(customer=bill.customer_id).values()
    values = {name: value for name, value in values.items() if name not in ("id", "public_id")}
    values |= {
        "state": LoanState.CANCELLED,
        "drawn_on": date(2026, 8, 2),
        "unpaid_principal_fen": 0,
    }
    with workflow.importing():
        Loan.objects.create(**values)

    assert repayment_day_of(bill.customer_id) == 5


def test_a_migrated_customer_keeps_the_day_of_the_bills(make_bill):
    bill = make_bill(drawn_on=date(2026, 9, 7), due_on=date(2026, 10, 8))
    migrate(bill)

    assert repayment_day_of(bill.customer_id) == 8


def test_reports_of_the_earlier_lender_decide_before_the_bill_here(make_bill):
    bill = make_bill(drawn_on=date(2026, 9, 7), due_on=date(2026, 10, 8))
    migrate(bill)
    report(bill, "book:1:2", date(2026, 9, 30))
    report(bill, "bill:77", date(2026, 11, 3))

    assert repayment_day_of(bill.customer_id) == 21  # the 30th
