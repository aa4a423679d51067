"""Money paid by hand settles the oldest bill first, whichever bill it names (REPAY-8)."""

from datetime import time

import pytest

from loans.collection.operations import orders, results
from loans.collection.operations.offers import OverpaidError
from loans.delinquency.operations import end_of_day
from loans.models import RepaymentAllocation, UnappliedFunds
from tests.loans.conftest import FakeChannel, day, moment
from tests.loans.delinquency.test_overdue_life import debit, pay, payoff_fen, reread
from tests.loans.repayment.operations.test_reprocess import differences, late_success, unheard_of

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(-2), time(10))


@pytest.fixture
def older(make_bill):
    """1,000.00 at 500 ppm due on D: 14.00 of interest two days before."""
    return make_bill(principal_fen=100_000)


@pytest.fixture
def younger(make_bill, older):
    """2,000.00 at 500 ppm due six days later: 28.00 of interest two days before D."""
    return make_bill(principal_fen=200_000, due_on=day(6), customer=older.customer)


def paid(*bills):
    return tuple(reread(one).paid_fen for one in bills)


def test_money_for_the_younger_bill_pays_the_older_one_first(older, younger, channel):
    pay(younger, channel, 150_000, at=AT)

    # 1,014.00 pay the older bill; of 486.00 the interest of 28.00 comes before the principal.
    assert paid(older, younger) == (101_400, 48_600)
    assert (reread(older).state, reread(younger).state) == ("paid", "billed")
    rows = RepaymentAllocation.objects.order_by("bill__due_on")
    assert [(row.bill_id, row.interest_fen, row.principal_fen) for row in rows] == [
        (older.pk, 1_400, 100_000), (younger.pk, 2_800, 45_800),
    ]  # fmt: skip
    assert differences() == []


def test_money_that_the_older_bill_takes_up_leaves_the_younger_as_it_is(older, younger, channel):
    before = payoff_fen(younger, day(-2))

    pay(younger, channel, 50_000, at=AT)

    assert paid(older, younger) == (50_000, 0)
    assert payoff_fen(younger, day(-2)) == before
    assert differences() == []


def test_money_for_the_older_bill_never_pays_the_younger(older, younger, channel):
    with pytest.raises(OverpaidError):
        pay(older, channel, 101_401, at=AT)

    assert paid(older, younger) == (0, 0)


def test_as_much_can_be_offered_as_both_bills_ask(older, younger, channel):
    with pytest.raises(OverpaidError) as refused:
        pay(younger, channel, 304_201, at=AT)
    assert refused.value.facts["unpaid_fen"] == 101_400 + 202_800

    pay(younger, channel, 304_200, at=AT)

    assert (reread(older).state, reread(younger).state) == ("paid", "paid")
    assert UnappliedFunds.objects.count() == 0


def test_a_direct_debit_pays_the_bill_it_was_ordered_for(older, younger, channel):
    channel.will_answer("acct-1", "NOTENOUGH")
    for n in range(3):
        debit(older, channel, on=day(n))
        end_of_day.close([older.pk], by="test", on=day(n + 1), at=moment(day(n + 1), time(0, 5)))
    channel.will_answer("acct-1", "SUCCESS")

    debit(younger, channel, on=day(6))

    assert (paid(older)[0], reread(younger).state) == (0, "paid")


def test_another_customer_owes_what_they_owed(older, younger, make_bill, channel):
    stranger = make_bill(principal_fen=100_000, due_on=day(-1))

    pay(younger, channel, 150_000, at=AT)

    assert paid(stranger) == (0,)


def test_missed_days_of_the_older_bill_are_closed_first(older, younger, channel):
    pay(younger, channel, 150_000, at=moment(day(2), time(10)))

    # 1,000.00 with 32 nights: 16.00; nobody was debited, so that no late fee is due yet.
    assert (reread(older).closed_through, paid(older)) == (day(2), (101_600,))
    assert differences() == []


def test_late_money_for_the_older_bill_leads_money_of_a_later_day_on(older, younger, make_bill):
    """1,000.00 of the day before by the older bill, received after 1,500.00 for the younger."""
    channel = FakeChannel()
    lost = unheard_of(older, channel, 100_000, at=moment(day(-3)), key="lost")
    pay(younger, channel, 150_000, at=AT, key="second")
    assert paid(older, younger) == (101_400, 48_600)

    results.record(
        [late_success(lost, succeeded_at=moment(day(-3)))], by="test", at=moment(day(-1))
    )

    # On D-3 13.50 of interest and 986.50 go to the older bill; 13.50 and a night of it are left.
    assert paid(older) == (100_000 + 1_350 + 1,)
    assert paid(younger) == (150_000 - 1_351,)
    assert UnappliedFunds.objects.count() == 0
    assert differences() == []


def test_knowing_it_at_once_leads_to_the_same(make_bill):
    def life(*, is_known):
        channel = FakeChannel()
        older = make_bill(principal_fen=100_000)
        younger = make_bill(principal_fen=200_000, due_on=day(6), customer=older.customer)
        if is_known:
            pay(older, channel, 60_000, at=moment(day(-3)), key="first")
            pay(younger, channel, 150_000, at=AT, key="second")
        else:
            channel.will_answer(older.customer.mandates.get().card.account, "TIMEOUT")
            lost = _lost(older, channel)
            pay(younger, channel, 150_000, at=AT, key="second")
            answer = late_success(lost, succeeded_at=moment(day(-3)))
            results.record([answer], by="test", at=moment(day(-1)))
        return [
            (one.state, one.paid_fen, one.shortfall_fen, payoff_fen(one, day(-1)))
            for one in (reread(older), reread(younger))
        ]

    assert life(is_known=False) == life(is_known=True)


def _lost(bill, channel):
    ask = orders.CollectionRequest(bill.pk, 60_000, origin="customer", key="first")
    [made] = orders.prepare([ask], by="test", on=day(-3), at=moment(day(-3)))
    answers = orders.ask([made], channel=channel, at=moment(day(-3)))
    results.record(answers, by="test", at=moment(day(-3)))
    return made.order
