"""A past day is as it was stored then, and today is as it is stored now."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loans.billing.operations import issue
from loans.contracts.operations import disbursement, preferred_rates
from loans.contracts.queries.loan_schedule import owed_fen
from loans.contracts.rules.due_dates import months_after
from loans.models import Bill, Instalment, Loan, Repayment
from loans.repayment.operations.as_of import as_of
from tests.loans.collection.paying import reverse
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, FIRST_DUE_ON, make_customer, make_disbursing
from tests.loans.early import order_for, take
from tests.loans.reporting import history
from tests.loans.reporting.history import LONG

pytestmark = pytest.mark.usefixtures("committed_db")

STATEMENTS_MAX = 20  # of a customer with however many bills
_OF_BILL = ("state", "due_on", "paid_fen", "waived_fen", "late_fee_fen", "overdue_on", "paid_on",
            "total_fen", "minimum_fen", "past_due_fen")  # fmt: skip


def stored(customer_id, *, on):
    """Return what the tables say now of the bills and loans of a customer."""
    loans = list(Loan.objects.filter(customer=customer_id, drawn_on__lte=on))
    owed = owed_fen(loans, on=on)
    bills = Bill.objects.filter(customer=customer_id)
    return (
        {one.pk: tuple(getattr(one, name) for name in _OF_BILL) for one in bills},
        {one.pk: (one.state, one.unpaid_principal_fen, owed[one.pk]) for one in loans},
    )


def replayed(customer_id, *, on):
    """Return the same of the position of a day."""
    found = as_of(customer_id, on=on)
    return (
        {pk: tuple(getattr(one, name) for name in _OF_BILL) for pk, one in found.bills.items()},
        {
            pk: (one.state, one.principal_fen, sum(part.debt.total_fen for part in one.parts))
            for pk, one in found.loans.items()
        },
    )


def test_each_day_of_an_overdue_life_is_as_it_was(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    was = {}
    for n in range(14):
        live(bill, channel, first=n, until=n)
        if n == 9:
            pay(bill, channel, 100_000, at=moment(day(9), time(15)))
        was[day(n)] = stored(bill.customer_id, on=day(n))

    for on, then in was.items():
        assert replayed(bill.customer_id, on=on) == then, on


def test_a_paid_bill_was_owed_the_day_before(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=0)

    bills, loans = replayed(bill.customer_id, on=day(-1))
    assert [one[0] for one in bills.values()] == ["billed"]
    assert [one[1] for one in loans.values()] == [1_000_000]
    assert replayed(bill.customer_id, on=day(0)) == stored(bill.customer_id, on=day(0))


def test_what_was_reversed_never_was(make_bill, channel):
    bill = make_bill()
    live(bill, channel, until=0)
    reverse(Repayment.objects.get(), at=moment(day(2), time(15)))

    bills, loans = replayed(bill.customer_id, on=day(0))
    assert [one[0] for one in bills.values()] == ["billed"]
    assert [one[1] for one in loans.values()] == [1_000_000]
    assert replayed(bill.customer_id, on=day(2)) == stored(bill.customer_id, on=day(2))


def test_three_years_are_read_in_as_few_statements_as_a_month(make_loan, channel):
    counts = []
    for months in (1, LONG):
        loan = history.live(make_loan, channel, months)
        on = months_after(history.DRAWN_ON, months) + timedelta(1)
        with CaptureQueriesContext(connection) as asked:
            found = as_of(loan.customer_id, on=on)
        counts.append(len(asked))
        assert len(found.bills) == months
        assert replayed(loan.customer_id, on=on) == stored(loan.customer_id, on=on)

    assert max(counts) <= STATEMENTS_MAX


def test_before_its_loans_a_customer_owes_nothing(make_bill):
    bill = make_bill()

    assert replayed(bill.customer_id, on=date(2026, 8, 31)) == ({}, {})


@pytest.fixture
def lowered(channel):
    """Return what pays out 10,000.00 at the factor 0.9, whose use is not proven until night 8."""

    def make(n):
        payout = make_disbursing(
            *make_customer(n), factor_permille=900, proof_until_on=DRAWN_ON + timedelta(7)
        )
        disbursement.send([payout.pk], channel=channel, at=DRAWN_AT)
        return Loan.objects.get(pk=payout.loan_id)

    return make


def bill_of(loan):
    """Let the preferred rate end on its day, and the bill be issued on its own."""
    on = DRAWN_ON + timedelta(8)
    preferred_rates.end([loan.pk], by="test", on=on, at=moment(on))
    on = FIRST_DUE_ON - timedelta(10)
    issue.issue([loan.customer_id], by="test", on=on, at=moment(on, time(0, 6)))
    return Bill.objects.get(customer=loan.customer_id)


def test_a_preferred_rate_that_ended_had_ended(lowered):
    loan = lowered(1)
    bill = bill_of(loan)

    assert bill.total_fen == 1_000_000 + 8 * 450 + 22 * 500
    for on in (DRAWN_ON + timedelta(7), DRAWN_ON + timedelta(9), bill.billed_on):
        [(_state, principal_fen, owed_fen_)] = replayed(loan.customer_id, on=on)[1].values()
        nights = (on - DRAWN_ON).days
        assert owed_fen_ - principal_fen == 450 * min(nights, 8) + 500 * max(nights - 8, 0)
    assert replayed(loan.customer_id, on=bill.billed_on) == stored(
        loan.customer_id, on=bill.billed_on
    )


def test_money_of_before_the_bill_leaves_the_end_of_the_preferred_rate(lowered):
    """A prepayment that is recorded after the bill leads to the bill of one in time (GEN-9)."""
    on, known_on = DRAWN_ON + timedelta(5), FIRST_DUE_ON - timedelta(8)
    in_time, late = lowered(1), lowered(2)
    for loan, recorded_on in ((in_time, on), (late, known_on)):
        if recorded_on > on:
            bill_of(loan)
        order = order_for(loan, 302_100, on=on, principal_fen=300_000)
        take(order, on=on, recorded_at=moment(recorded_on, time(16)))
        if recorded_on == on:
            bill_of(loan)

    bills = [Bill.objects.get(customer=one.customer_id) for one in (in_time, late)]
    assert len({(one.total_fen, one.minimum_fen, one.state) for one in bills}) == 1
    parts = [Instalment.objects.get(loan=one) for one in (in_time, late)]
    names = ("unpaid_principal_fen", "unpaid_interest_fen", "segment_on", "segment_base_fen")
    assert len({tuple(getattr(one, name) for name in names) for one in parts}) == 1
