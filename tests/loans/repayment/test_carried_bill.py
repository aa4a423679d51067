"""Money of a bill whose small balance was carried forward (REPAY-16, GEN-9)."""

from datetime import time

import pytest

from loans.collection.operations import results
from loans.collection.operations.offers import OverpaidError
from loans.delinquency.operations import end_of_day
from loans.models import DebitOrder, Instalment, Loan, UnappliedFunds
from risk.models import Conduct
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, pay, payoff_fen, reread
from tests.loans.repayment.issuing import issue_next
from tests.loans.repayment.operations.test_reprocess import differences, late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")

ALL_BUT_FIVE_YUAN = 1_014_500


def carry(bill) -> None:
    """Close the days of grace; the rest is small."""
    for n in range(1, 5):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
    assert (reread(bill).state, Instalment.objects.get().bill_id) == ("carried", bill.pk)


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
    assert (part.bill_id, part.unpaid_principal_fen) == (bill.pk, 400)
    assert differences() == []


def test_the_rest_can_be_paid_at_any_time_with_its_interest(make_bill, channel):
    bill = make_bill(mode="off")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)

    # 500 fen at 500 ppm for the twelve nights from D on are 3 fen.
    with pytest.raises(OverpaidError):
        pay(bill, channel, 504, at=moment(day(12)), key="too-much")
    pay(bill, channel, 503, at=moment(day(12)), key="rest")

    assert (reread(bill).state, reread(bill).paid_on) == ("paid", day(12))
    assert (Loan.objects.get().state, Loan.objects.get().charged_fen) == ("settled", 15_003)
    assert [one.outcome for one in Conduct.objects.all()] == ["carried"]
    assert differences() == []


def test_a_part_of_the_rest_leaves_the_bill_as_it_ended(make_bill, channel):
    bill = make_bill(mode="off")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)

    pay(bill, channel, 300, at=moment(day(5)), key="part")

    assert reread(bill).state == "carried"
    # Five nights of 0.25 fen are 1 fen, paid before principal.
    assert Instalment.objects.get().unpaid_principal_fen == 201
    assert differences() == []


def test_money_of_a_day_after_the_rest_was_carried_pays_it(make_bill, channel):
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
    assert Instalment.objects.get().unpaid_principal_fen == 1  # the interest of five nights
    assert not UnappliedFunds.objects.exists()
    assert differences() == []


def test_money_for_a_rest_that_a_later_bill_took_over_is_settled_there(make_bill, channel):
    bill = make_bill(mode="off")
    lost = unheard_of(bill, channel, 503, at=moment(day(0), time(8)), key="lost")
    pay(bill, channel, ALL_BUT_FIVE_YUAN, at=moment(day(0), time(10)))
    carry(bill)
    later = issue_next(bill)

    results.record(
        [late_success(lost, succeeded_at=moment(day(22)))],
        by="system:debit-channel",
        at=moment(day(22)),
    )

    assert [reread(one).state for one in (bill, later)] == ["carried", "billed"]
    assert (reread(later).paid_fen, payoff_fen(later, day(22))) == (503, 3)
    assert not UnappliedFunds.objects.exists()
    assert differences() == []
