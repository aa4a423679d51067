"""What follows a conversion: the next bills, late money across them, settlement, arrears."""

from datetime import time, timedelta

import pytest

from loans.accounting.rules.codes import Plan
from loans.billing.operations import extensions
from loans.billing.operations.extensions import ExtensionRequest
from loans.collection.operations import results
from loans.delinquency.operations import accelerations, end_of_day
from loans.delinquency.queries import later_principal_fen
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, Conversion, Instalment, Loan
from loans.settlement import queries as settlement
from risk.models import CreditLine
from tests.accounts.people import request_of
from tests.loans.collection.paying import reverse
from tests.loans.conftest import day, moment
from tests.loans.conversion.operations.test_conversions import (
    SOON,
    asked,
    batch_of,
    differences,
    rows_of,
    unheard,
)
from tests.loans.conversion.sheets import convert
from tests.loans.delinquency.test_overdue_life import debit, live, pay
from tests.loans.early import settle
from tests.loans.repayment.issuing import issue_next
from tests.loans.staff import charge_off, person

pytestmark = pytest.mark.usefixtures("committed_db")

PAID_AT = moment(day(-4), time(11))


@pytest.fixture
def bill(make_bill):
    """The bill of the table 1.9, converted into three instalments on D."""
    bill = make_bill()
    convert(bill, Plan.PLAN_3, at=SOON)
    return bill


def closed(bill, on):
    at = moment(on, time(0, 5))
    end_of_day.close([bill.pk], by="system:end-of-day", on=on, at=at)


def test_the_next_bill_asks_the_first_row_with_its_fee(bill, channel):
    batch_of(bill, 0)
    debit(bill, channel, on=day(0))

    second = issue_next(bill, mode="full")
    closed(second, second.due_on)
    debit(second, channel, on=second.due_on)

    assert asked(second) == ("paid", 338_333, 338_333, 338_333)
    loan = Loan.objects.get()
    assert (loan.unpaid_principal_fen, loan.charged_fen) == (666_667, 20_000)
    assert CreditLine.objects.get().drawn_fen == 666_667
    assert differences() == []


def test_a_row_in_arrears_bears_penalty_and_the_others_nothing(bill, channel):
    batch_of(bill, 0)
    debit(bill, channel, on=day(0))
    second = issue_next(bill, mode="off")
    for n in range(7):
        closed(second, second.due_on + timedelta(n))

    owed = Instalment.objects.get(number=2)
    assert asked(second)[0] == "overdue"
    assert (owed.accrual, owed.segment_base_fen, owed.unpaid_late_fee_fen) == (
        "penalty", 333_333, 169,
    )  # fmt: skip
    assert {row.accrual for row in Instalment.objects.filter(number__gt=2)} == {"none"}
    assert differences() == []


def twins_after_the_next_bill(make_bill, channel, amount_fen):
    """Two customers who paid before D; of one the money is not reported until the next bill."""
    late, in_time = make_bill(), make_bill()
    for bill in (late, in_time):
        convert(bill, Plan.PLAN_3, at=SOON)
    pay(in_time, channel, amount_fen, at=PAID_AT)
    order = unheard(late, channel, amount_fen, at=PAID_AT)
    channel.codes.clear()
    for bill in (late, in_time):
        batch_of(bill, 0)
        pay(bill, channel, reread_owed(bill), at=moment(day(0), time(12)), key="interest")
        issue_next(bill, mode="off")
    return late, in_time, order


def reread_owed(bill):
    """The interest that the bill of a conversion still asks on D."""
    return Instalment.objects.get(bill=bill.pk, number=1).unpaid_interest_fen


def test_late_money_makes_the_plan_and_the_next_bill_smaller(make_bill, channel):
    late, in_time, order = twins_after_the_next_bill(make_bill, channel, 500_000)
    on = day(22)

    answer = Answer(order.number, Outcome.SUCCEEDED, "SUCCESS", 500_000, "late", PAID_AT)
    results.record([answer], by="system:debit-channel", at=moment(on, time(12)))

    assert rows_of(late) == rows_of(in_time)
    later = [Bill.objects.get(customer=one.customer, due_on=day(31)) for one in (late, in_time)]
    assert [asked(one) for one in later] == [("billed", 173_565, 173_565, 0)] * 2
    # The interest of the nights before D that was paid on D is refunded for what it was too much.
    assert [bill.total_fen for bill in map(reread, (late, in_time))] == [501_026, 501_026]
    assert differences() == []


def reread(bill):
    return Bill.objects.get(pk=bill.pk)


def test_a_reversal_after_the_next_bill_makes_both_larger(bill, channel):
    pay(bill, channel, 500_000, at=PAID_AT)
    batch_of(bill, 0)
    debit(bill, channel, on=day(0))
    second = issue_next(bill, mode="off")
    assert asked(second)[1] == 173_565

    reverse(bill.repayments.earliest("pk"), at=moment(day(22), time(12)))

    assert [row[1] for row in rows_of(bill)] == [333_333, 333_333, 333_334]
    assert asked(second) == ("billed", 338_333, 338_333, 0)
    assert Conversion.objects.get().principal_fen == 1_000_000
    assert asked(bill)[0] == "overdue"  # 1,026 paid of 15,000 that were due on D
    assert differences() == []


def test_the_plan_is_settled_early_with_the_fee_of_the_started_period(bill, channel):
    """10,000.00 in three rows: 50.00 for the period and 50.00 of early settlement."""
    batch_of(bill, 0)
    debit(bill, channel, on=day(0))
    loan = Loan.objects.get()

    quote = settlement.quote_of(loan, on=day(5))
    settle(loan, quote.total_fen, on=day(5))

    assert (quote.debt.plan_fee_fen, quote.prepayment_fee_fen, quote.total_fen) == (
        5_000, 5_000, 1_010_000,
    )  # fmt: skip
    loan = Loan.objects.get()
    assert (loan.state, loan.unpaid_principal_fen, loan.charged_fen) == ("settled", 0, 20_000)
    assert differences() == []


def test_on_the_due_date_itself_the_first_period_has_begun(bill):
    """The cap of 30 nights, 197.26, leaves 47.26 of the fee beside 150.00 of interest (RATE-7)."""
    batch_of(bill, 0)

    quote = settlement.quote_of(Loan.objects.get(), on=day(0))

    assert (quote.debt.interest_fen, quote.debt.plan_fee_fen) == (15_000, 4_726)
    assert (quote.waived_fen, quote.total_fen) == (274, 1_000_000 + 15_000 + 4_726 + 5_000)


def test_the_due_date_of_what_is_left_can_be_moved(bill, channel):
    batch_of(bill, 0)
    context = request_of(bill.customer, at=moment(day(0)), wall_at=moment(day(0)))
    extension = extensions.request(
        ExtensionRequest(reread(bill).public_id, 5, "ill"), context=context
    )
    extensions.approve(
        [extension.pk], by=person("collections"), on=day(0), reason="agreed", at=moment(day(0))
    )
    assert asked(bill) == ("billed", 15_000, 15_000, 0)

    debit(bill, channel, on=day(5))

    assert asked(bill) == ("paid", 15_000, 15_000, 15_000)
    assert rows_of(bill)[0][0] == "2026-11-01"
    assert differences() == []


def test_later_rows_are_called_due_and_the_loan_is_charged_off(bill, channel):
    batch_of(bill, 0)
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=8)
    closed(bill, day(91))
    assert later_principal_fen(bill.pk) == 1_000_000

    accelerations.accelerate(
        [bill.pk], by="collections", on=day(91), reason="no answer", at=moment(day(91))
    )
    charge_off(Loan.objects.get(), on=day(92))

    assert Loan.objects.get().state == "charged_off"
    under = Instalment.objects.filter(bill=bill.pk, number__gt=1)
    assert {(row.accrual, row.uncharged_plan_fee_fen) for row in under} == {("penalty", 0)}
    assert differences() == []
