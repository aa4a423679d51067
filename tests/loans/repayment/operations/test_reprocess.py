"""A success that is heard of late counts from the day the channel took the money (GEN-9)."""

from datetime import datetime, time

import pytest

from loans.collection.operations import notices, orders, results
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import (
    Bill,
    DebitNotice,
    DebitOrder,
    Instalment,
    Loan,
    Repayment,
    Transfer,
    UnappliedFunds,
)
from loans.reconciliation import queries as reconciliation
from risk.models import Conduct, CreditLine
from tests.loans.collection.paying import reverse
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay, payoff_fen, reread

pytestmark = pytest.mark.usefixtures("committed_db")


def late_success(order: DebitOrder, *, succeeded_at: datetime) -> Answer:
    reference = f"late-{order.number}"
    return Answer(
        order.number, Outcome.SUCCEEDED, "SUCCESS", order.amount_fen, reference, succeeded_at
    )


def unheard_of(bill, channel, amount_fen: int, *, at: datetime, key: str) -> DebitOrder:
    """A customer's own payment of which the channel says nothing yet."""
    channel.will_answer("acct-1", "TIMEOUT")
    ask = orders.CollectionRequest(bill.pk, amount_fen, origin="customer", key=key)
    [made] = orders.prepare([ask], by="test", on=at.date(), at=at)
    results.record(orders.ask([made], channel=channel, at=at), by="system:debit-channel", at=at)
    return made.order


def differences() -> list[reconciliation.Difference]:
    return [
        *reconciliation.caches(),
        *reconciliation.unapplied_funds(),
        *reconciliation.orders(),
        *reconciliation.account_balances(),
    ]


def test_the_first_attempt_succeeded_after_all(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=6)
    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")

    results.record(
        [late_success(first, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(6), time(12)),
    )

    bill = reread(bill)
    assert (bill.state, bill.paid_on, bill.late_fee_fen, bill.overdue_on) == (
        "paid", day(0), 0, None,
    )  # fmt: skip
    loan = Loan.objects.get()
    assert (loan.state, loan.charged_fen, loan.ended_on) == ("settled", 15_000, day(0))
    assert CreditLine.objects.get().state == "active"
    assert CreditLine.objects.get().drawn_fen == 0
    assert Conduct.objects.order_by("pk").last().outcome == "paid"
    assert differences() == []


def test_a_later_payment_of_the_same_bill_waits_for_its_refund(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "SUCCESS")
    live(bill, channel, until=2)
    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")

    results.record(
        [late_success(first, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(2), time(12)),
    )

    assert reread(bill).paid_on == day(0)
    assert UnappliedFunds.objects.get().amount_fen == 1_016_008
    second = Repayment.objects.get(value_on=day(1))
    assert sum(second.allocations.filter(revision=2).values_list("principal_fen", flat=True)) == 0
    assert differences() == []


def test_a_part_payment_of_an_earlier_day_changes_what_came_after(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=9)
    channel.will_answer("acct-1", "TIMEOUT")
    ask = orders.CollectionRequest(bill.pk, 100_000, origin="customer", key="by-hand")
    [by_hand] = orders.prepare([ask], by="test", on=day(9), at=moment(day(9), time(10)))
    results.record(
        orders.ask([by_hand], channel=channel, at=moment(day(9))),
        by="system:debit-channel",
        at=moment(day(9), time(10)),
    )
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, first=10, until=12)
    pay(bill, channel, 200_000, at=moment(day(12), time(15)))

    answer = late_success(by_hand.order, succeeded_at=moment(day(9), time(10)))
    results.record([answer], by="system:debit-channel", at=moment(day(12), time(16)))

    # As in the worked examples: 922,518 of principal from day 9, three nights of penalty 2,770.
    [allocation] = Repayment.objects.get(value_on=day(12)).allocations.filter(revision=2)
    assert (allocation.penalty_fen, allocation.principal_fen) == (2_770, 197_230)
    assert Instalment.objects.get().unpaid_principal_fen == 922_518 - 197_230
    assert payoff_fen(bill, day(12)) == 922_518 - 197_230
    assert reread(bill).state == "overdue"
    assert differences() == []


def test_what_did_not_change_is_not_reversed(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=6)
    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")

    results.record(
        [late_success(first, succeeded_at=moment(day(0)))],
        by="system:debit-channel",
        at=moment(day(6), time(12)),
    )

    kinds = [row.reverses for row in Transfer.objects.filter(kind="reversal")]
    assert set(kinds) == {"accrual", "late_fee"}
    assert kinds.count("late_fee") == 1


def test_hearing_it_again_changes_nothing(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)
    first = DebitOrder.objects.get(number=f"{bill.pk}-1-1-1")
    answer = late_success(first, succeeded_at=moment(day(0)))
    results.record([answer], by="system:debit-channel", at=moment(day(3), time(12)))
    transfers = Transfer.objects.count()

    results.record([answer], by="system:debit-channel", at=moment(day(3), time(13)))

    assert Transfer.objects.count() == transfers
    assert Bill.objects.get().paid_fen == 1_015_000


def test_the_night_after_a_late_success_gives_the_income_back(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "LOST")
    live(bill, channel, until=0)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))
    end_of_day.accrue_night(on=day(1), at=moment(day(1), time(0, 30)))
    results.record(
        channel.query([f"{bill.pk}-1-1-1"]), by="system:debit-channel", at=moment(day(1))
    )

    end_of_day.accrue_night(on=day(2), at=moment(day(2), time(0, 30)))

    assert list(reconciliation.accruals(on=day(2))) == []
    assert reconciliation.balance_fen("accrual_income") == -15_000


def test_two_successes_of_both_sides_of_midnight_received_before_the_close(make_bill, channel):
    bill = make_bill(mode="off")
    before = unheard_of(bill, channel, 100_000, at=moment(day(0), time(23)), key="before")
    after = unheard_of(bill, channel, 100_000, at=moment(day(0), time(23, 59)), key="after")
    answers = [
        late_success(before, succeeded_at=moment(day(0), time(23))),
        late_success(after, succeeded_at=moment(day(1), time(0, 1))),
    ]

    results.record(answers, by="system:debit-channel", at=moment(day(1), time(0, 3)))

    assert reread(bill).paid_fen == 200_000
    assert differences() == []


def test_a_refusal_of_the_day_still_brings_the_late_fee_next_night(make_bill, channel):
    bill = make_bill()
    lost = unheard_of(bill, channel, 1_000, at=moment(day(-2)), key="lost")
    pay(bill, channel, 1_000, at=moment(day(-1)))
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)

    results.record(
        [late_success(lost, succeeded_at=moment(day(-2)))],
        by="system:debit-channel",
        at=moment(day(0), time(12)),
    )
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))

    assert (reread(bill).late_fee_on, reread(bill).late_fee_fen) == (day(1), 507)


def test_a_late_fee_of_a_later_cycle_outlives_a_part_payment_before_it(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "BANKERROR")
    live(bill, channel, until=7)
    lost = unheard_of(bill, channel, 1_000, at=moment(day(8)), key="lost")
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, first=8, until=10)

    results.record(
        [late_success(lost, succeeded_at=moment(day(8)))],
        by="system:debit-channel",
        at=moment(day(10), time(12)),
    )

    bill = reread(bill)
    assert (bill.refused_on, bill.late_fee_on, bill.late_fee_fen) == (day(9), day(10), 508)
    assert differences() == []


def test_a_late_success_that_completes_an_overdue_bill_reopens_the_line(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=4)
    lost = unheard_of(bill, channel, 600_000, at=moment(day(5)), key="lost")
    pay(bill, channel, 500_000, at=moment(day(6)))
    assert CreditLine.objects.get().state == "suspended"

    results.record(
        [late_success(lost, succeeded_at=moment(day(5)))],
        by="system:debit-channel",
        at=moment(day(6), time(12)),
    )

    assert (reread(bill).state, reread(bill).overdue_on) == ("paid", day(4))
    assert CreditLine.objects.get().state == "active"


def test_a_mandate_that_ended_later_is_not_missed_on_the_days_before(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "BANKERROR")
    live(bill, channel, until=5)
    lost = unheard_of(bill, channel, 1_000, at=moment(day(5)), key="lost")
    channel.will_answer("acct-1", "CONTRACT_NOT_EXIST")
    live(bill, channel, first=6, until=7)
    assert (reread(bill).overdue_on, reread(bill).late_fee_on) == (day(7), day(7))

    results.record(
        [late_success(lost, succeeded_at=moment(day(5)))],
        by="system:debit-channel",
        at=moment(day(7), time(12)),
    )

    assert (reread(bill).overdue_on, reread(bill).late_fee_on) == (day(7), day(7))


def test_a_replay_counts_no_refusal_that_a_success_had_reset(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "NOTENOUGH", "ORDER_ACCEPTED")
    live(bill, channel, until=2)
    order = DebitOrder.objects.get(state="unknown")
    part = late_success(order, succeeded_at=moment(day(2)))._replace(amount_fen=50_000)
    results.record([part], by="system:debit-channel", at=moment(day(2), time(21)))
    lost = unheard_of(bill, channel, 1_000, at=moment(day(2), time(22)), key="lost")
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, first=3, until=7)
    assert (reread(bill).refusals, reread(bill).overdue_on) == (0, day(7))

    results.record(
        [late_success(lost, succeeded_at=moment(day(2)))],
        by="system:debit-channel",
        at=moment(day(7), time(12)),
    )

    assert reread(bill).overdue_on == day(7)
    assert list(reconciliation.caches()) == []


def test_a_bill_back_in_grace_is_debited_on_the_days_it_was_notified_of(make_bill, channel):
    """A success resets the counter, so that D+4 to D+6 would be a window (REPAY-11).

    Its notice was due on D+2, and none was sent: what was sent is that of D+4 for the cycle that
    began then, and no debit goes without one (REPAY-10). So the bill is debited on D+6 in that
    cycle, and recorded on D+7 at the latest (REPAY-11).
    """
    bill = make_bill()
    pay(bill, channel, 950_000, at=moment(day(-1)))
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=3)
    reverse(Repayment.objects.get(), at=moment(day(3), time(15)))
    live(bill, channel, first=4, until=4)
    assert (reread(bill).state, reread(bill).cycle_on) == ("overdue", day(6))
    notices.notify([bill.pk], until=day(6), by="t", on=day(4), at=moment(day(4), time(10)))
    second = DebitOrder.objects.get(business_date=day(1))

    results.record([late_success(second, succeeded_at=moment(day(1)))], by="t", at=moment(day(4)))
    assert (reread(bill).state, reread(bill).overdue_on) == ("grace", None)
    live(bill, channel, first=5, until=7)

    asked = DebitOrder.objects.filter(business_date__gt=day(2))
    assert [(one.business_date, one.cycle) for one in asked] == [(day(6), 2)]
    assert DebitNotice.objects.get().first_on == day(6)
    bill = reread(bill)
    assert (bill.state, bill.overdue_on, bill.cycle, bill.cycle_on) == (
        "overdue", day(7), 3, day(9),
    )  # fmt: skip
    assert differences() == []
