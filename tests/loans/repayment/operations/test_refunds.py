"""Money that was not owed goes back once, to the card that paid it (REPAY-8)."""

from datetime import time, timedelta

import pytest

from accounts.models import BankCard
from backoffice.core.models import OutboxMessage, WorkItem
from loans.collection.operations import orders, results
from loans.collection.operations.orders import CollectionRequest
from loans.gateways.channel import Answer, Outcome
from loans.models import DebitOrder, Payout, Transfer, UnappliedFunds
from loans.reconciliation import queries as reconciliation
from loans.repayment.operations import refunds
from tests.loans.collection.paying import transfer
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, pay
from tests.loans.repayment.operations.test_reprocess import late_success

pytestmark = pytest.mark.usefixtures("committed_db")

D = moment(day(0))
NEXT = moment(day(1))
SURPLUS_FEN = 700
ACCOUNT = "acct-1"


@pytest.fixture
def funds(make_bill, channel):
    """A customer pays 7.00 by hand while the direct debit of the whole bill is on its way."""
    bill = make_bill()
    by_hand = CollectionRequest(bill.pk, SURPLUS_FEN, origin="customer", key="k")
    [auto] = orders.prepare([CollectionRequest(bill.pk)], by="t", on=day(0), at=D)
    [hand] = orders.prepare([by_hand], by="t", on=day(0), at=D)
    for one in (hand, auto):
        results.record(orders.ask([one], channel=channel, at=D), by="t", at=D)
    return UnappliedFunds.objects.get()


def refund(channel, *, on=1, at=NEXT):
    planned = refunds.plan(refunds.due(on=day(on)), by="system:payouts", on=day(on), at=at)
    refunds.send(planned, channel=channel, at=at)
    return planned


def as_it_stands():
    funds = UnappliedFunds.objects.get()
    return funds.refunded_at, list(Payout.objects.order_by("pk").values_list("number", "state"))


def differences():
    return [*reconciliation.payouts(), *reconciliation.unapplied_funds(),
            *reconciliation.account_balances()]  # fmt: skip


def test_money_of_today_waits_for_the_next_day(funds):
    assert refunds.due(on=day(0)) == []
    assert refunds.due(on=day(1)) == [funds.pk]


def test_a_refund_goes_to_the_card_that_paid(funds, channel):
    refund(channel)

    payout = Payout.objects.get()
    assert (payout.kind, payout.amount_fen, payout.paid_fen) == ("refund", 700, 700)
    assert payout.card == BankCard.objects.get()
    assert as_it_stands() == (NEXT, [(f"R{funds.pk}-1", "succeeded")])
    assert [(one.account, one.amount_fen) for one in channel.sent_out] == [(ACCOUNT, 700)]


def test_the_ledger_takes_the_money_from_unapplied_funds(funds, channel):
    refund(channel)

    posted = Transfer.objects.get(kind="refund")
    assert (posted.debit_account, posted.credit_account, posted.amount_fen) == (
        "unapplied_funds", "bank", 700,
    )  # fmt: skip
    assert (posted.customer_id, posted.loan_id) == (funds.customer_id, None)
    assert differences() == []


def test_money_that_was_refunded_is_not_due_again(funds, channel):
    refund(channel)

    assert refunds.due(on=day(2)) == []
    assert refunds.plan([funds.pk], by="t", on=day(2), at=moment(day(2))) == []
    assert Payout.objects.count() == 1


def test_a_refund_on_its_way_is_planned_once(funds, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT")
    refund(channel)

    assert refunds.due(on=day(2)) == []
    assert refunds.plan([funds.pk], by="t", on=day(2), at=moment(day(2))) == []
    assert as_it_stands() == (None, [(f"R{funds.pk}-1", "unknown")])
    assert differences() == []


def test_a_refund_that_was_never_seen_is_sent_again_under_its_number_for_ever(funds, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT", "SUCCESS")
    [payout_id] = refund(channel)

    refunds.deliver(payout_id, channel=channel, at=NEXT + timedelta(days=40))

    assert as_it_stands()[1] == [(f"R{funds.pk}-1", "succeeded")]
    assert [one.number for one in channel.sent_out] == [f"R{funds.pk}-1"] * 2


def test_a_technical_failure_is_refunded_under_a_new_number_the_next_day(funds, channel):
    channel.will_answer(ACCOUNT, "BANKERROR", "SUCCESS")
    refund(channel)

    refund(channel, on=2, at=moment(day(2)))

    assert as_it_stands() == (
        moment(day(2)), [(f"R{funds.pk}-1", "failed"), (f"R{funds.pk}-2", "succeeded")],
    )  # fmt: skip
    assert not WorkItem.objects.exists()


def test_a_card_that_cannot_receive_waits_for_a_person(funds, channel):
    channel.will_answer(ACCOUNT, "USER_NOT_EXIST")

    refund(channel)

    assert refunds.due(on=day(2)) == []
    item = WorkItem.objects.get()
    assert (item.queue, item.subject_id, item.state) == ("refunds", funds.pk, "waiting")


def test_a_person_sends_it_again_and_finishes_the_work(funds, channel):
    channel.will_answer(ACCOUNT, "USER_NOT_EXIST", "SUCCESS")
    refund(channel)

    payout = refunds.retry(
        funds.pk, by="staff:1", reason="the account is open again", on=day(2), at=moment(day(2))
    )
    refunds.send([payout.pk], channel=channel, at=moment(day(2)))

    assert as_it_stands()[1] == [(f"R{funds.pk}-1", "failed"), (f"R{funds.pk}-2", "succeeded")]
    assert WorkItem.objects.get().state == "done"
    assert OutboxMessage.objects.filter(topic=refunds.TOPIC).count() == 2
    assert differences() == []


def retry(funds):
    refunds.retry(funds.pk, by="staff:1", reason="again", on=day(2), at=moment(day(2)))


def test_a_person_cannot_send_what_is_refunded(funds, channel):
    refund(channel)

    with pytest.raises(refunds.RefundedError):
        retry(funds)
    assert Payout.objects.count() == 1


def test_a_person_cannot_send_what_is_on_its_way(funds, channel):
    channel.will_answer(ACCOUNT, "TIMEOUT")
    refund(channel)

    with pytest.raises(refunds.RefundOpenError):
        retry(funds)
    assert Payout.objects.count() == 1


def unbind():
    """Take the customer's only card away, past the operations."""
    BankCard.objects.update(is_default=False)
    BankCard.objects.update(state="unbound")


def test_money_of_a_customer_without_a_card_waits_for_a_person(funds, channel):
    unbind()

    assert refund(channel) == []
    with pytest.raises(refunds.NoCardForRefundError):
        retry(funds)

    assert WorkItem.objects.get().subject_id == funds.pk
    assert not Payout.objects.exists()


def test_the_banks_later_word_turns_a_failed_refund_into_a_success(funds, channel):
    channel.will_answer(ACCOUNT, "SYSTEMERROR")
    refund(channel)
    [payout] = Payout.objects.all()

    paid = Answer(payout.number, Outcome.SUCCEEDED, "SUCCESS", 700, "B1", NEXT)
    for _ in range(2):
        refunds.record([paid], by="system:reconciliation", at=moment(day(2)))

    assert as_it_stands() == (moment(day(2)), [(payout.number, "succeeded")])
    assert Transfer.objects.filter(kind="refund").count() == 1
    assert differences() == []


def test_money_refunded_twice_by_the_bank_is_posted_and_shows_as_a_difference(funds, channel):
    channel.will_answer(ACCOUNT, "SYSTEMERROR", "SUCCESS")
    refund(channel)
    first = Payout.objects.get()
    refund(channel, on=2, at=moment(day(2)))

    paid = Answer(first.number, Outcome.SUCCEEDED, "SUCCESS", 700, "B1", NEXT)
    refunds.record([paid], by="system:reconciliation", at=moment(day(3)))

    assert Payout.objects.filter(state="succeeded").count() == 2
    [difference] = reconciliation.unapplied_funds()
    assert (difference.expected_fen, difference.found_fen) == (0, -700)


def test_two_jobs_at_once_plan_one_refund(funds, together):
    together(4, lambda _n: refunds.plan([funds.pk], by="t", on=day(1), at=NEXT))

    assert Payout.objects.count() == 1


def test_what_an_earlier_value_date_leaves_over_beside_a_refund_is_refunded_too(make_bill, channel):
    """1.00 too much was paid and refunded; then money is entered that was there a day before."""
    bill = make_bill(mode="off")
    transfer(bill, 1_015_100, at=D)
    refund(channel)

    transfer(bill, 400_000, at=NEXT, value_on=day(-1), reference="BANK-2026-0002")

    # On D 614,500 of principal and 307 of interest were left to pay.
    found = UnappliedFunds.objects.order_by("pk").values_list("amount_fen", "refunded_at")
    assert list(found) == [(100, NEXT), (400_193, None)]
    assert differences() == []
    refund(channel, on=2, at=moment(day(2)))
    assert [payout.paid_fen for payout in Payout.objects.order_by("pk")] == [100, 400_193]
    assert differences() == []


def test_a_surplus_of_a_debit_that_had_been_refused_goes_back_once(make_bill, channel):
    """The bank refuses on D and D+1 what it had taken; the customer pays by hand on D+1."""
    bill = make_bill()
    channel.will_answer(ACCOUNT, "NOTENOUGH")
    live(bill, channel, until=1)
    first, second = DebitOrder.objects.order_by("pk")
    pay(bill, channel, 1_016_008, at=moment(day(1), time(12)))

    for n, order in ((2, first), (3, second), (4, first)):
        answer = late_success(order, succeeded_at=order.asked_at)
        results.record([answer, answer], by="t", at=moment(day(n)))
        refund(channel, on=n + 1, at=moment(day(n + 1)))

    # The bill took 1,015,000 on D. What came on D+1 is owed to nobody: both went back, each once.
    sent = [one.amount_fen for one in channel.sent_out]
    assert sorted(sent) == [1_016_008, 1_016_008]
    assert UnappliedFunds.objects.filter(refunded_at=None).count() == 0
    assert differences() == []
