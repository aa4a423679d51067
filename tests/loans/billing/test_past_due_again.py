"""Money of an earlier day changes what later bills print as past due (REPAY-7, GEN-9)."""

from datetime import date, time

import pytest

from loans.billing.operations import issue
from loans.collection.operations import results, transfers
from loans.collection.operations.transfers import ArrivedTransfer
from loans.delinquency.operations import end_of_day
from loans.models import Bill, BillSnapshot, Loan, Repayment, UnappliedFunds
from tests.loans.billing.loans import draw
from tests.loans.collection.paying import reverse, transfer
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import payoff_fen, reread
from tests.loans.early import order_for, take
from tests.loans.repayment.operations.test_reprocess import differences, late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")

NEXT_DUE, NEXT_BILL = date(2026, 11, 1), date(2026, 10, 22)
NINTH, LATER_STILL = day(9), date(2026, 11, 21)


def close(bill, *days):
    for n in days:
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )


def test_a_bill_that_was_paid_in_time_after_all_is_no_longer_past_due(make_bill, channel):
    """The whole 1,015,000 were paid on D; the answer comes after the next bill was issued."""
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 1_015_000, at=moment(day(0), time(8)), key="lost")
    close(bill, 1, 2, 3, 4)
    draw(bill.customer, drawn_on=day(-20), due_on=[NEXT_DUE])
    issue.issue(
        [bill.customer_id], by="system:billing", on=NEXT_BILL, at=moment(NEXT_BILL, time(0, 6))
    )
    later = Bill.objects.get(due_on=NEXT_DUE)
    assert (reread(bill).state, later.past_due_fen) == ("overdue", 1_033_534)

    results.record(
        [late_success(lost, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(24), time(12)),
    )

    assert (reread(bill).state, reread(later).past_due_fen) == ("paid", 0)
    assert (reread(later).total_fen, reread(later).state) == (later.total_fen, "billed")
    assert differences() == []


@pytest.fixture
def overdue(make_bill):
    """1.9 without debits: overdue since 10-05, payoff 1,022,518 on 10-10."""
    bill = make_bill(mode="off")
    close(bill, 1, 2, 3, 4)
    assert reread(bill).state == "overdue"
    return bill


@pytest.fixture
def issued(overdue):
    """Issue the bills of 10-22 and 11-21 from one more loan, a plan of three rows."""
    rows = [NEXT_DUE, date(2026, 12, 1), date(2027, 1, 1)]
    draw(overdue.customer, drawn_on=day(-20), due_on=rows, principal_fen=300_000, fee_fen=1_500)

    def issued(*days):
        for on in days:
            issue.issue(
                [overdue.customer_id], by="system:billing", on=on, at=moment(on, time(0, 6))
            )
        return list(Bill.objects.filter(billed_on__in=days).order_by("due_on"))

    return issued


def receive(order, *, on=NINTH):
    results.record(
        [late_success(order, succeeded_at=moment(on, time(10)))],
        by="system:debit-channel",
        at=moment(LATER_STILL, time(12)),
    )


def test_money_for_an_overdue_bill_counts_in_what_a_later_one_prints(overdue, issued, channel):
    """The overdue bill is not charged between 10-05 and the money: its days need no second run."""
    lost = unheard_of(overdue, channel, 1_022_518, at=moment(NINTH, time(8)), key="lost")
    [later] = issued(NEXT_BILL)
    assert (later.past_due_fen, later.total_fen) == (1_033_534, 101_500)

    receive(lost)

    assert (reread(overdue).state, reread(overdue).paid_on) == ("paid", NINTH)
    later = reread(later)
    assert (later.past_due_fen, later.total_fen, later.minimum_fen) == (0, 101_500, 101_500)
    assert UnappliedFunds.objects.count() == 0
    assert differences() == []


def test_a_part_of_it_counts_in_every_later_bill(overdue, issued, channel):
    """After 300,000 on 10-15 (1.9) 727,553 bear penalty; what the cap leaves is 4,727 and 19,078.

    The third bill prints the second as well: 101,500 and 13 nights of penalty from 11-08 on.
    """
    fifteenth = day(14)
    lost = unheard_of(overdue, channel, 300_000, at=moment(fifteenth, time(8)), key="lost")
    [second] = issued(NEXT_BILL)
    close(second, *range(32, 39))
    [third] = issued(LATER_STILL)
    assert (second.past_due_fen, third.past_due_fen) == (1_033_534, 1_053_260 + 102_808)

    receive(lost, on=fifteenth)

    assert reread(second).past_due_fen == 732_280 == payoff_fen(overdue, NEXT_BILL)
    assert reread(third).past_due_fen == 746_631 + 102_808
    assert reread(second).state == "overdue"
    assert differences() == []


def test_money_on_the_bill_date_comes_after_the_bill(overdue, issued, channel):
    lost = unheard_of(overdue, channel, 1_033_534, at=moment(NEXT_BILL, time(8)), key="lost")
    [later] = issued(NEXT_BILL)

    receive(lost, on=NEXT_BILL)

    assert (reread(overdue).state, reread(later).past_due_fen) == ("paid", 1_033_534)
    assert BillSnapshot.objects.filter(bill=later).count() == 1
    assert differences() == []


def test_a_settlement_of_the_overdue_loan_counts_in_it_too(overdue, issued):
    [later] = issued(NEXT_BILL)
    loan = Loan.objects.get(instalments__bill=overdue)
    order = order_for(loan, 1_022_518, on=NINTH)

    take(order, on=NINTH, recorded_at=moment(day(24), time(12)))

    assert (Loan.objects.get(pk=loan.pk).state, reread(overdue).state) == ("settled", "paid")
    assert reread(later).past_due_fen == 0
    assert differences() == []


def test_a_repayment_that_is_reversed_is_past_due_on_a_later_bill(overdue, issued):
    transfer(overdue, 1_022_518, at=moment(NINTH, time(15)))
    [later] = issued(NEXT_BILL)
    assert (reread(overdue).state, later.past_due_fen) == ("paid", 0)

    reverse(Repayment.objects.get(), at=moment(day(24), time(12)))

    assert (reread(overdue).state, reread(overdue).paid_fen) == ("overdue", 0)
    assert reread(later).past_due_fen == 1_033_534
    assert differences() == []


def test_a_transfer_of_an_earlier_day_is_shown_with_its_effect_on_a_later_bill(overdue, issued):
    [later] = issued(NEXT_BILL)
    asked = ArrivedTransfer(overdue.pk, "BANK-2026-0001", 1_022_518, NINTH)

    effect = transfers.effect(asked, on=day(24))

    changes = [(before.past_due_fen, after.past_due_fen) for before, after in effect.bills]
    assert changes == [(0, 0), (1_033_534, 0)]
    assert reread(later).past_due_fen == 1_033_534
