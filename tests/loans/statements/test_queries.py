"""Statements of real lives: every month closes at what the ledger says, whatever came late."""

from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer
from loans.models import Repayment, ReversalCause
from loans.statements.queries import months_of, statement
from loans.statements.rules import MonthTotals
from tests.loans.collection.paying import reverse
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay
from tests.loans.statements.proof import closings, ledger, unpaid

pytestmark = pytest.mark.usefixtures("committed_db")

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
ON = date(2026, 11, 5)
STATEMENTS_MAX = 5


def lines(found):
    return [(one.on, one.kind, one.is_correction, one.amount_fen) for one in found.statement.lines]


def test_an_overdue_loan_is_stated_line_by_line(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=9)
    pay(bill, channel, 100_000, at=moment(day(9), time(15)))

    found = statement(bill.customer, month=OCTOBER, on=ON)

    assert lines(found) == [
        (day(0), "interest", False, 15_000),
        (day(1), "interest", False, 500),
        (day(1), "late_fee", False, 508),
        (day(4), "interest", False, 1_500),
        (day(9), "penalty", False, 5_010),
        (day(9), "repayment", False, -100_000),
    ]
    assert found.statement.totals == MonthTotals(1_000_000, 0, 22_518, 0, 100_000, 0, 922_518)
    assert (found.bills, found.has_ended) == ([], True)
    assert closings(bill.customer, on=ON) == [1_000_000, 922_518, 922_518]
    assert ledger(bill.customer, before=ON) == unpaid(bill.customer)


def test_a_reversed_payment_is_a_correction_of_its_own_day(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=0)
    reverse(Repayment.objects.get(), cause=ReversalCause.TAKEN_BACK, at=moment(day(12), time(15)))

    found = statement(bill.customer, month=OCTOBER, on=ON)

    assert lines(found) == [
        (day(0), "interest", False, 15_000),
        (day(0), "repayment", False, -1_015_000),
        (day(0), "repayment", True, 1_015_000),
        (day(7), "interest", False, 3_500),
    ]
    assert [one.recorded_on for one in found.statement.lines] == [day(0), day(0), day(12), day(12)]
    assert closings(bill.customer, on=ON)[-1] == 1_018_500
    assert ledger(bill.customer, before=ON) == unpaid(bill.customer)


def test_the_months_reach_from_the_first_posting_to_today(make_bill):
    customer = make_bill().customer

    assert months_of(customer, on=ON) == [date(2026, 11, 1), OCTOBER, SEPTEMBER]
    assert months_of(customer, on=SEPTEMBER) == [SEPTEMBER]
    assert not statement(customer, month=SEPTEMBER, on=date(2026, 9, 30)).has_ended
    assert len(statement(customer, month=SEPTEMBER, on=ON).bills) == 1


def test_who_never_had_a_loan_has_no_statement():
    customer = Customer.objects.create(state="registered", registered_at=moment(SEPTEMBER))

    assert months_of(customer, on=ON) == []


def test_the_statement_of_another_customer_is_another_one(make_bill, channel):
    bill, other = make_bill(), make_bill()
    live(bill, channel, until=0)

    assert closings(bill.customer, on=ON)[-1] == 0
    assert closings(other.customer, on=ON)[-1] == 1_000_000


def test_a_statement_reads_few_statements_whatever_happened(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=9)
    with CaptureQueriesContext(connection) as asked:
        statement(bill.customer, month=OCTOBER, on=ON)

    assert len(asked) <= STATEMENTS_MAX
