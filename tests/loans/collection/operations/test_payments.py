"""Payments by customers: requested, sent once, asked about, and never beside a direct debit."""

from datetime import time, timedelta

import pytest
from django.db import transaction

from accounts.cards.operations.cards import CardNotBoundError
from accounts.models import BankCard, BankCardState
from backoffice.platform.idempotency import KeyReusedError
from loans import business_day
from loans.collection.operations import orders, payments, results
from loans.collection.operations.offers import (
    CardDayLimitError,
    OverpaidError,
    PaymentUnderWayError,
)
from loans.collection.operations.orders import CollectionRequest
from loans.delinquency.operations import end_of_day
from loans.models import DebitOrder, Mandate, Repayment, UnappliedFunds
from tests.loans.collection.paying import bind, request, send, state_of
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, pay, reread
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0), time(8))
NINE = moment(day(0))
WHOLE_FEN = 1_015_000
TABLES = ("loans_debitorder", "loans_bill", "loans_loan", "loans_transfer", "loans_repayment")


@pytest.fixture
def bill(make_bill):
    return make_bill()


@pytest.fixture
def card(bill):
    return bind(bill.customer)


def test_a_request_is_planned_and_nothing_leaves(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)

    assert (order.state, order.origin, order.asked_at) == ("planned", "customer", None)
    assert (order.amount_fen, order.card, order.business_date) == (400_000, card, day(0))
    assert channel.submitted == []


def test_a_sent_payment_settles_the_bill_from_the_chosen_card(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)

    done = send(channel, order, at=AT)

    assert done == results.Recorded(succeeded=1)
    assert channel.submitted == [(order.number, "other-77", 400_000, AT)]
    assert (state_of(order), reread(bill).paid_fen) == ("succeeded", 400_000)


def test_no_mandate_is_needed(make_bill, channel):
    bill = make_bill(with_mandate=False)
    card = bind(bill.customer, account_class="II", state=BankCardState.REPAY_ONLY)

    send(channel, request(bill, WHOLE_FEN - 20_000, card=card, at=AT), at=AT)

    assert reread(bill).paid_fen == WHOLE_FEN - 20_000


def test_a_payment_sent_twice_takes_the_money_once(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)
    send(channel, order, at=AT)

    assert send(channel, order, at=AT) == results.Recorded()

    assert len(channel.submitted) == 1
    assert Repayment.objects.count() == 1


def test_two_workers_take_the_money_once(bill, card, channel, together):
    order = request(bill, 400_000, card=card, at=AT)

    together(4, lambda _n: send(channel, order, at=AT))

    assert Repayment.objects.get().amount_fen == 400_000
    assert state_of(order) == "succeeded"


def test_a_payment_without_an_answer_is_asked_about(bill, card, channel):
    channel.will_answer("other-77", "LOST")
    order = request(bill, 400_000, card=card, at=AT)
    send(channel, order, at=AT)
    assert state_of(order) == "unknown"

    at = AT + timedelta(minutes=1)
    payments.sweep(by="system:debit-channel", channel=channel, at=at)

    assert (state_of(order), reread(bill).paid_fen) == ("succeeded", 400_000)
    assert len(channel.submitted) == 1


def test_the_sweep_sends_what_no_worker_has_sent(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)

    payments.sweep(by="system:debit-channel", channel=channel, at=AT)

    assert state_of(order) == "succeeded"


def test_the_sweep_leaves_an_answer_that_is_on_its_way_alone(bill, card, channel):
    channel.will_answer("other-77", "LOST")
    order = request(bill, 400_000, card=card, at=AT)
    send(channel, order, at=AT)

    at = AT + timedelta(seconds=59)
    payments.sweep(by="system:debit-channel", channel=channel, at=at)

    assert state_of(order) == "unknown"


def test_a_worker_that_died_before_it_sent_leaves_a_payment_that_is_sent(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)
    payments.release([order.pk], by="test", on=day(0), at=AT)

    at = AT + timedelta(minutes=2)
    payments.sweep(by="system:debit-channel", channel=channel, at=at)

    assert (state_of(order), reread(bill).paid_fen) == ("succeeded", 400_000)


def test_a_payment_of_yesterday_is_cancelled(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)

    send(channel, order, at=moment(day(1), time(0, 0)))

    assert (state_of(order), channel.submitted) == ("cancelled", [])
    assert reread(bill).paid_fen == 0


def test_what_was_paid_meanwhile_is_not_taken_again(bill, card, channel):
    order = request(bill, 400_000, card=card, at=AT)
    debit(bill, channel, on=day(0))
    assert reread(bill).state == "paid"

    send(channel, order, at=NINE)

    assert state_of(order) == "cancelled"
    assert len(channel.submitted) == 1
    assert UnappliedFunds.objects.count() == 0


def test_a_payment_waits_while_a_direct_debit_is_on_its_way(bill, card, channel):
    [at_nine] = orders.prepare([CollectionRequest(bill.pk)], by="test", on=day(0), at=NINE)
    order = request(bill, WHOLE_FEN, card=card, at=NINE)

    send(channel, order, at=NINE)
    assert (state_of(order), channel.submitted) == ("planned", [])
    results.record(orders.ask([at_nine], channel=channel, at=NINE), by="test", at=NINE)
    send(channel, order, at=NINE)

    assert (state_of(order), reread(bill).state) == ("cancelled", "paid")
    assert Repayment.objects.count() == 1


def test_a_refused_debit_lets_the_payment_leave(bill, card, channel):
    channel.will_answer("acct-1", "NOTENOUGH")
    [at_nine] = orders.prepare([CollectionRequest(bill.pk)], by="test", on=day(0), at=NINE)
    order = request(bill, WHOLE_FEN, card=card, at=NINE)
    results.record(orders.ask([at_nine], channel=channel, at=NINE), by="test", at=NINE)

    send(channel, order, at=NINE)

    assert (state_of(order), reread(bill).state) == ("succeeded", "paid")


def test_a_debit_that_stays_silent_does_not_keep_a_customer_from_paying(bill, card, channel):
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    order = request(bill, WHOLE_FEN, card=card, at=NINE)

    send(channel, order, at=NINE + timedelta(minutes=9))
    assert state_of(order) == "planned"
    send(channel, order, at=NINE + timedelta(minutes=10))

    assert (state_of(order), reread(bill).state) == ("succeeded", "paid")


def test_money_taken_twice_over_waits_for_its_refund(bill, card, channel):
    channel.will_answer("acct-1", "LOST")
    debit(bill, channel, on=day(0))
    order = request(bill, WHOLE_FEN, card=card, at=NINE)
    send(channel, order, at=NINE + timedelta(minutes=10))
    [at_nine] = DebitOrder.objects.filter(origin="auto")

    answers = channel.query([at_nine.number])
    results.record(answers, by="test", at=NINE + timedelta(minutes=11))

    assert (reread(bill).paid_fen, UnappliedFunds.objects.get().amount_fen) == (
        WHOLE_FEN, WHOLE_FEN,
    )  # fmt: skip


def test_the_nine_o_clock_run_does_not_ask_about_what_was_never_sent(bill, card, channel):
    order = request(bill, 400_000, card=card, at=moment(day(-1)))

    business_day.debit([bill.pk], run_id=0, on=day(-1), at=moment(day(-1)), channel=channel)

    assert (state_of(order), channel.submitted) == ("planned", [])


def test_the_same_key_is_the_same_payment(bill, card, channel):
    first = request(bill, 400_000, card=card, at=AT)
    send(channel, first, at=AT)

    again = request(bill, 400_000, card=card, at=AT)

    assert (again.pk, again.state) == (first.pk, "succeeded")
    assert DebitOrder.objects.count() == 1


def test_a_key_is_not_used_for_another_amount(bill, card):
    request(bill, 400_000, card=card, at=AT)
    before = contents(TABLES)

    with pytest.raises(KeyReusedError):
        request(bill, 400_001, card=card, at=AT)

    assert contents(TABLES) == before


@pytest.mark.parametrize("amount_fen", [0, WHOLE_FEN + 1])
def test_more_than_is_owed_or_nothing_is_refused(bill, card, amount_fen):
    before = contents(TABLES)

    with pytest.raises(OverpaidError) as refused:
        request(bill, amount_fen, card=card, at=AT)

    assert refused.value.facts["unpaid_fen"] == WHOLE_FEN
    assert contents(TABLES) == before


def test_a_paid_bill_takes_nothing(bill, card, channel):
    debit(bill, channel, on=day(0))

    with pytest.raises(OverpaidError) as refused:
        request(bill, 1, card=card, at=NINE)

    assert refused.value.facts["unpaid_fen"] == 0


def test_a_second_payment_offers_what_the_first_leaves(bill, card):
    request(bill, 1_000_000, card=card, at=AT)

    with pytest.raises(PaymentUnderWayError) as refused:
        request(bill, 15_001, card=card, at=AT, key="second")

    assert refused.value.facts["unpaid_fen"] == 15_000
    assert request(bill, 15_000, card=card, at=AT, key="second").amount_fen == 15_000


def test_two_payments_at_once_do_not_offer_more_than_is_owed(bill, card, together):
    def offer(n):
        try:
            return request(bill, 600_000, card=card, at=AT, key=str(n)).state
        except PaymentUnderWayError as refused:
            return str(refused.facts["unpaid_fen"])

    assert sorted(together(2, offer)) == ["415000", "planned"]
    assert DebitOrder.objects.count() == 1


def test_two_part_payments_both_arrive(bill, card, channel):
    made = [request(bill, 300_000, card=card, at=AT, key=key) for key in "ab"]

    for order in made:
        send(channel, order, at=AT)

    assert [state_of(one) for one in made] == ["succeeded", "succeeded"]
    assert reread(bill).paid_fen == 600_000


def test_the_card_of_a_class_two_account_gives_its_day_limit(make_bill, channel):
    bill = make_bill(principal_fen=2_000_000)
    card = bind(bill.customer, account_class="II", state=BankCardState.REPAY_ONLY)
    send(channel, request(bill, 1_000_000, card=card, at=AT), at=AT)

    with pytest.raises(CardDayLimitError):
        request(bill, 1, card=card, at=AT, key="second")

    assert reread(bill).paid_fen == 1_000_000


@pytest.mark.parametrize("state", [BankCardState.PENDING, BankCardState.REJECTED])
def test_a_card_that_its_bank_has_not_confirmed_pays_nothing(bill, state):
    card = bind(bill.customer, state=state)

    with pytest.raises(CardNotBoundError):
        request(bill, 1, card=card, at=AT)

    assert DebitOrder.objects.count() == 0


def test_a_card_without_a_contract_does_not_end_the_mandate_of_another(bill, card, channel):
    channel.will_answer("other-77", "CONTRACT_NOT_EXIST")

    send(channel, request(bill, 400_000, card=card, at=AT), at=AT)

    assert Mandate.objects.get().state == "signed"


def test_the_card_of_the_mandate_without_a_contract_ends_it(bill, channel):
    channel.will_answer("acct-1", "CONTRACT_NOT_EXIST")

    send(channel, request(bill, 400_000, card=BankCard.objects.get(), at=AT), at=AT)

    assert Mandate.objects.get().state == "terminated"


def test_a_refused_payment_counts_against_nobody(bill, card, channel):
    channel.will_answer("other-77", "NOTENOUGH")

    send(channel, request(bill, 400_000, card=card, at=AT), at=AT)

    assert (reread(bill).refusals, reread(bill).refused_on) == (0, None)


def test_a_payment_is_never_released_for_a_debit_of_the_run(bill):
    [made] = orders.prepare([CollectionRequest(bill.pk)], by="test", on=day(0), at=NINE)

    assert payments.release([made.order.pk], by="test", on=day(0), at=NINE) == []


def test_money_names_a_closed_bill_whose_rest_is_payable(make_bill, channel):
    bill = make_bill(mode="off")
    pay(bill, channel, 101_500, at=NINE)
    end_of_day.close([bill.pk], by="system:end-of-day", on=day(1), at=moment(day(1), time(0, 5)))
    assert reread(bill).state == "min_paid"
    card, at = bind(bill.customer), moment(day(9), time(8))

    send(channel, request(bill, 100_000, card=card, at=at), at=at)

    # Nine nights of 9,135.00 at 750 ppm are 61.66.
    assert (reread(bill).state, reread(bill).paid_fen) == ("min_paid", 201_500)
    assert reread(bill).shortfall_fen == 913_500 + 6_166 - 100_000


def test_an_order_moves_in_a_transaction_with_its_bill_locked(bill, card):
    order = request(bill, 400_000, card=card, at=AT)

    with transaction.atomic(), pytest.raises(RuntimeError):
        payments.release([order.pk], by="test", on=day(0), at=AT)

    assert state_of(order) == "planned"
