"""Money of a bill whose small balance was carried forward (REPAY-16, GEN-9)."""

from datetime import time

import pytest

from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.models import DebitOrder, Instalment, Repayment, UnappliedFunds
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, pay, reread
from tests.loans.repayment.operations.test_reprocess import differences, late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")

ALL_BUT_FIVE_YUAN = 1_014_500


def carry(bill) -> None:
    """Close the days of grace; the rest is small."""
    for n in range(1, 5):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
    assert (reread(bill).state, Instalment.objects.get().bill_id) == ("carried", None)


def test_a_payment_received_after_the_rest_was_carried_pays_the_bill(make_bill, channel):
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 1_000, at=moment(day(0), time(8)), key="lost")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)

    results.record(
        [late_success(lost, succeeded_at=moment(day(0), time(8)))],
        by="system:debit-channel",
        at=moment(day(5)),
    )

    assert (reread(bill).state, reread(bill).paid_on) == ("paid", day(0))
    assert Instalment.objects.get().bill_id == bill.pk
    assert UnappliedFunds.objects.get().amount_fen == 500
    assert differences() == []


def test_a_debit_received_after_the_rest_was_carried_pays_the_bill(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)
    order = DebitOrder.objects.get(state="unknown")

    results.record(
        [late_success(order, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(5)),
    )

    assert (reread(bill).state, reread(bill).paid_on) == ("paid", day(0))
    assert UnappliedFunds.objects.get().amount_fen == ALL_BUT_FIVE_YUAN
    assert differences() == []


def test_a_part_received_late_is_applied_and_the_smaller_rest_carried(make_bill, channel):
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 100, at=moment(day(0), time(8)), key="lost")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)

    results.record(
        [late_success(lost, succeeded_at=moment(day(0), time(8)))],
        by="system:debit-channel",
        at=moment(day(5)),
    )

    part = Instalment.objects.get()
    assert (reread(bill).state, reread(bill).paid_fen) == ("carried", 1_014_600)
    assert (part.bill_id, part.unpaid_principal_fen) == (None, 400)
    assert differences() == []


def test_money_of_a_day_after_the_rest_was_carried_waits(make_bill, channel):
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 500, at=moment(day(0), time(8)), key="lost")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)

    results.record(
        [late_success(lost, succeeded_at=moment(day(5)))],
        by="system:debit-channel",
        at=moment(day(5)),
    )

    assert reread(bill).state == "carried"
    assert UnappliedFunds.objects.get().repayment == Repayment.objects.get(value_on=day(5))
    assert differences() == []


def test_money_of_a_bill_whose_rest_is_in_a_later_one_waits(make_bill, channel):
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 500, at=moment(day(0), time(8)), key="lost")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)
    later = make_bill(customer=bill.customer, due_on=day(31))
    Instalment.objects.filter(bill=None).update(bill=later)

    results.record(
        [late_success(lost, succeeded_at=moment(day(0), time(8)))],
        by="system:debit-channel",
        at=moment(day(5)),
    )

    assert reread(bill).state == "carried"
    assert UnappliedFunds.objects.get().amount_fen == 500
    assert differences() == []
