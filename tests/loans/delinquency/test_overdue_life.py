"""One bullet loan from its due date to overdue, day by day, as the rulebook's table 1.9 has it."""

from datetime import date, time

import pytest

from loans.accounting.operations.batch import LoanBatch
from loans.collection.operations import collection, orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.collection.queries import due
from loans.delinquency.operations import end_of_day
from loans.gateways.channel import Answer, Outcome
from loans.models import Bill, DebitOrder, Instalment, Loan, Transfer
from risk.models import Conduct, CreditLine
from tests.loans.conftest import day, moment

pytestmark = pytest.mark.usefixtures("committed_db")

# D+, interest charged, late fee, penalty, charged in all, payoff; the cap starts to bind on 10-19.
TABLE = [
    (1, 15_500, 508, 0, 16_008, 1_016_008),
    (2, 16_000, 508, 0, 16_508, 1_016_508),
    (3, 16_500, 508, 0, 17_008, 1_017_008),
    (4, 17_000, 508, 0, 17_508, 1_017_508),
    (5, 17_000, 508, 1_000, 18_508, 1_018_508),
    (6, 17_000, 508, 2_001, 19_509, 1_019_509),
    (7, 17_000, 508, 3_003, 20_511, 1_020_511),
    (10, 17_000, 508, 6_015, 23_523, 1_023_523),
    (13, 17_000, 508, 9_036, 26_544, 1_026_544),
    (14, 17_000, 508, 10_045, 27_553, 1_027_553),
    (18, 17_000, 508, 31_561 - 17_508, 31_561, 1_031_561),
    (40, 17_000, 508, 46_027 - 17_508, 46_027, 1_046_027),
]


def live(bill: Bill, channel, *, until: int, first: int = 0) -> None:
    """Run the close and the 9:00 of each day from D+first to D+until."""
    for n in range(first, until + 1):
        end_of_day.close(
            [bill.pk], by="system:end-of-day", on=day(n), at=moment(day(n), time(0, 5))
        )
        end_of_day.accrue_night(on=day(n), at=moment(day(n), time(0, 30)))
        debit(bill, channel, on=day(n))


def debit(bill: Bill, channel, *, on: date) -> None:
    collection.collect(
        [CollectionRequest(bill.pk)], by="test", channel=channel, on=on, at=moment(on)
    )


def pay(bill: Bill, channel, amount_fen: int, *, at, key: str = "pay") -> None:
    ask = CollectionRequest(bill.pk, amount_fen, origin="customer", key=key)
    channel.codes.clear()
    collection.collect([ask], by="test", channel=channel, on=at.date(), at=at)


def reread(record):
    return type(record).objects.get(pk=record.pk)


def payoff_fen(bill: Bill, on: date) -> int:
    from django.db import transaction

    with transaction.atomic():
        batch = LoanBatch.lock([bill.pk])
        return batch.preview(bill.pk, on=on).owed(bill.pk).total_fen


def test_the_bill_asks_what_the_article_says(make_bill):
    bill = make_bill()

    assert (bill.total_fen, bill.minimum_fen) == (1_015_000, 101_500)
    assert payoff_fen(bill, day(0)) == 1_015_000


@pytest.mark.parametrize(("n", "interest", "late_fee", "penalty", "charged", "payoff"), TABLE)
def test_each_day_of_the_table(make_bill, channel, n, interest, late_fee, penalty, charged, payoff):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=n)

    from django.db import transaction

    with transaction.atomic():
        position = next(iter(LoanBatch.lock([bill.pk]).preview(bill.pk, on=day(n)).loans.values()))
    [part] = position.parts
    assert (part.debt.interest_fen, part.debt.late_fee_fen, part.debt.penalty_fen) == (
        interest,
        late_fee,
        penalty,
    )
    assert position.charged_fen == charged
    assert payoff_fen(bill, day(n)) == payoff


def test_three_refusals_then_overdue(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")

    live(bill, channel, until=3)
    assert reread(bill).state == "grace"
    live(bill, channel, first=4, until=8)

    orders = DebitOrder.objects.order_by("pk").values_list("number", "business_date", "amount_fen")
    assert list(orders) == [
        (f"{bill.pk}-1-1-1", day(0), 1_015_000),
        (f"{bill.pk}-1-2-1", day(1), 1_016_008),
        (f"{bill.pk}-1-3-1", day(2), 1_016_508),
        (f"{bill.pk}-2-1-1", day(6), 1_019_509),
        (f"{bill.pk}-2-2-1", day(7), 1_020_511),
        (f"{bill.pk}-2-3-1", day(8), 1_021_514),
    ]
    bill = reread(bill)
    assert (bill.state, bill.overdue_on, bill.debit_on) == ("overdue", day(4), day(13))
    assert Loan.objects.get().state == "overdue"
    assert CreditLine.objects.get().state == "suspended"
    assert Conduct.objects.get().outcome == "overdue"


def test_paid_at_the_second_attempt_leaves_no_record(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "SUCCESS")

    live(bill, channel, until=5)

    bill = reread(bill)
    assert (bill.state, bill.paid_on, bill.paid_fen) == ("paid", day(1), 1_016_008)
    assert Loan.objects.get().state == "settled"
    assert CreditLine.objects.get().drawn_fen == 0
    assert Conduct.objects.get().outcome == "paid"


def test_a_part_payment_on_overdue_day_six(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=9)

    pay(bill, channel, 100_000, at=moment(day(9), time(15, 0)))

    [allocation] = bill.repayments.get().allocations.all()
    assert (
        allocation.penalty_fen,
        allocation.late_fee_fen,
        allocation.interest_fen,
        allocation.principal_fen,
    ) == (5_010, 508, 17_000, 77_482)
    part = Instalment.objects.get()
    assert (part.segment_base_fen, part.segment_on) == (922_518, day(9))
    assert payoff_fen(bill, day(12)) == 922_518 + 2_770


def test_a_met_minimum_revolves_without_late_fee(make_bill, channel):
    bill = make_bill(mode="minimum")
    live(bill, channel, until=1)

    bill = reread(bill)
    assert (bill.state, bill.paid_fen, bill.late_fee_fen) == ("min_paid", 101_500, 0)
    assert payoff_fen(bill, day(1)) == 913_500 + 685
    assert Conduct.objects.get().outcome == "min_paid"


def test_a_short_payment_after_the_close_leaves_the_rest_to_the_second_attempt(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))
    pay(bill, channel, 1_015_000, at=moment(day(1), time(8, 0)))

    debit(bill, channel, on=day(1))

    assert DebitOrder.objects.get(origin="auto", business_date=day(1)).amount_fen == 1_008
    assert reread(bill).state == "paid"


def test_technical_faults_put_the_record_off(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "BANKERROR", "NOTENOUGH")

    live(bill, channel, until=4)
    assert reread(bill).state == "grace"
    live(bill, channel, first=5, until=5)

    assert (reread(bill).state, reread(bill).overdue_on) == ("overdue", day(5))
    assert DebitOrder.objects.filter(code="BANKERROR").get().attempt == 2


def test_the_ledger_agrees_with_every_balance(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=20)
    pay(bill, channel, 300_000, at=moment(day(20), time(15, 0)))

    part = Instalment.objects.get()
    for account, unpaid_fen in (
        ("loan_principal", part.unpaid_principal_fen),
        ("interest", part.unpaid_interest_fen),
        ("late_fee", part.unpaid_late_fee_fen),
        ("penalty", part.unpaid_penalty_fen),
    ):
        debits = Transfer.objects.filter(debit_account=account).values_list("amount_fen", flat=True)
        credits = Transfer.objects.filter(credit_account=account)
        assert sum(debits) - sum(credits.values_list("amount_fen", flat=True)) == unpaid_fen


def test_a_success_that_leaves_a_rest_is_followed_by_a_new_number(make_bill, channel):
    bill = make_bill(principal_fen=100_000_000)
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    [order] = DebitOrder.objects.all()
    next_day = moment(day(1), time(0, 1))
    answer = Answer(
        order.number, Outcome.SUCCEEDED, "SUCCESS", order.amount_fen, "ref-late", next_day
    )
    results.record([answer], by="system:debit-channel", at=next_day)
    channel.will_answer("acct-1", "SUCCESS")

    debit(bill, channel, on=day(2))

    orders = DebitOrder.objects.order_by("pk").values_list("number", "state")
    assert list(orders) == [
        (f"{bill.pk}-1-1-1", "succeeded"),
        (f"{bill.pk}-1-1-2", "succeeded"),
    ]


def test_no_number_comes_again_after_a_smaller_success_than_asked(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=0)
    channel.will_answer("acct-1", "TIMEOUT")
    live(bill, channel, first=1, until=1)
    order = DebitOrder.objects.get(state="unknown")
    answer = Answer(order.number, Outcome.SUCCEEDED, "SUCCESS", 50_000, "ref-part", moment(day(1)))
    results.record([answer], by="system:debit-channel", at=moment(day(1), time(10)))
    channel.will_answer("acct-1", "NOTENOUGH")
    debit(bill, channel, on=day(2))

    debit(bill, channel, on=day(4))

    numbers = DebitOrder.objects.order_by("pk").values_list("number", flat=True)
    assert [number.split("-", 1)[1] for number in numbers] == ["1-1-1", "1-2-1", "1-1-3", "1-2-3"]


def test_a_debit_that_left_a_rest_is_the_only_one_of_its_day(make_bill, channel):
    bill = make_bill(principal_fen=100_000_000)
    other = make_bill(customer=bill.customer, due_on=day(1))
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    [order] = DebitOrder.objects.all()
    at = moment(day(1), time(0, 10))
    answer = Answer(order.number, Outcome.SUCCEEDED, "SUCCESS", order.amount_fen, "ref-late", at)
    results.record([answer], by="system:debit-channel", at=at)

    same_day = orders.prepare(
        [CollectionRequest(bill.pk), CollectionRequest(other.pk)],
        by="test",
        on=day(1),
        at=moment(day(1)),
    )
    next_day = orders.prepare([CollectionRequest(bill.pk)], by="test", on=day(2), at=moment(day(2)))

    assert (len(same_day), len(next_day)) == (0, 1)


def test_a_payment_by_hand_does_not_stop_the_debit_of_the_day(make_bill, channel):
    bill = make_bill(principal_fen=100_000_000)
    live(bill, channel, until=-1)
    pay(bill, channel, 1_000, at=moment(day(0), time(8)))

    debit(bill, channel, on=day(0))

    assert DebitOrder.objects.get(origin="auto").state == "succeeded"


def test_a_payment_before_the_close_does_not_undo_it(make_bill, channel):
    bill = make_bill(mode="off")
    just_after_midnight = moment(day(1), time(0, 2))

    pay(bill, channel, 101_500, at=just_after_midnight)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))

    bill = reread(bill)
    assert (bill.state, bill.late_fee_fen, bill.paid_fen) == ("grace", 508, 101_500)
    # 15,500 of interest and the late fee of 508 go first, 85,492 to principal.
    assert payoff_fen(bill, day(1)) == 1_000_000 - 85_492


def test_a_minimum_received_a_day_later_revolves_from_its_own_day(make_bill, channel):
    bill = make_bill(mode="minimum")
    channel.will_answer("acct-1", "LOST")
    live(bill, channel, until=0)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))
    assert reread(bill).state == "grace"

    [order] = DebitOrder.objects.all()
    results.record(channel.query([order.number]), by="system:debit-channel", at=moment(day(1)))
    debit(bill, channel, on=day(1))

    assert reread(bill).state == "min_paid"
    assert DebitOrder.objects.count() == 1
    assert payoff_fen(bill, day(1)) == 913_500 + 685


def test_a_success_of_a_day_to_come_counts_from_the_day_it_is_received(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "TIMEOUT")
    live(bill, channel, until=0)
    [order] = DebitOrder.objects.all()
    far = moment(day(400))
    answer = Answer(order.number, Outcome.SUCCEEDED, "SUCCESS", order.amount_fen, "ref-far", far)

    results.record([answer], by="system:debit-channel", at=moment(day(0), time(11)))

    assert (reread(bill).state, reread(bill).paid_on) == ("paid", day(0))
    assert reread(bill).closed_through == day(0)


def test_a_bill_without_a_further_cycle_is_in_no_plan(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "BANKERROR")

    live(bill, channel, until=88)
    assert due.to_debit(on=day(89)).ids == [bill.pk]
    live(bill, channel, first=89, until=89)

    assert DebitOrder.objects.order_by("pk").last().business_date == day(88)
    assert (reread(bill).state, reread(bill).debit_on) == ("overdue", None)
    assert due.to_debit(on=day(90)).ids == []


def test_a_bill_between_two_cycles_is_in_no_plan(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH", "NOTENOUGH", "NOTENOUGH", "BANKERROR")

    live(bill, channel, until=9)

    assert reread(bill).debit_on == day(13)
    assert due.to_debit(on=day(10)).ids == []
    assert due.to_debit(on=day(13)).ids == [bill.pk]
