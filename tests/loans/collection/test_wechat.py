"""Payments inside WeChat: prepared, confirmed, closed, learned of late, refunded (REPAY-12)."""

from datetime import time, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import WechatAccount
from backoffice.platform.idempotency import KeyReusedError
from loans import business_day
from loans.collection.operations import orders, payments, results
from loans.collection.operations.offers import OverpaidError, PaymentUnderWayError
from loans.collection.operations.orders import CollectionRequest
from loans.gateways.channel import Outcome, PrepayRequest, RefundRequest
from loans.models import (
    DebitOrder,
    PaymentMethod,
    PaymentSheet,
    Payout,
    Repayment,
    UnappliedFunds,
)
from loans.reconciliation import operations as reconciling
from loans.repayment.operations import refunds
from tests.loans.collection.paying import (
    bind,
    request,
    reverse,
    send,
    state_of,
    wechat_account,
)
from tests.loans.conftest import SHEET, day, moment
from tests.loans.delinquency.test_overdue_life import debit, reread
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0), time(8))
NINE = moment(day(0))
EXPIRY = AT + timedelta(minutes=30)
WHOLE_FEN = 1_015_000
TABLES = ("loans_debitorder", "loans_bill", "loans_loan", "loans_transfer", "loans_repayment")


@pytest.fixture
def bill(make_bill):
    return make_bill()


@pytest.fixture
def account(bill):
    return wechat_account(bill.customer)


def asked(bill, account, channel, amount_fen=400_000, *, at=AT, key="key"):
    """Request a payment and let it be prepared; return the order."""
    order = request(bill, amount_fen, card=account, at=at, key=key)
    send(channel, order, at=at)
    return again(order)


def again(order):
    return DebitOrder.objects.get(pk=order.pk)


def sweep(channel, at):
    return payments.sweep(by="system:debit-channel", channel=channel, at=at)


def refund(channel, at):
    on = at.date()
    planned = refunds.plan(refunds.due(on=on), by="test", on=on, at=at)
    refunds.send(planned, channel=channel, at=at)
    return list(Payout.objects.order_by("pk"))


def differences(channel, *days):
    return reconciling.reconcile(days=days, on=days[-1], channel=channel)


def test_a_request_is_planned_for_the_account_that_confirms_it(bill, account, channel):
    order = request(bill, 400_000, card=account, at=AT)

    assert (order.state, order.origin, order.card, order.wechat_account) == (
        "planned", "customer", None, account,
    )  # fmt: skip
    assert (order.method, order.expires_at) == (PaymentMethod.WECHAT, EXPIRY)
    assert channel.prepaid == []


def test_a_request_before_midnight_expires_with_its_day(bill, account):
    order = request(bill, 400_000, card=account, at=moment(day(0), time(23, 50)))

    assert order.expires_at == moment(day(1), time())


def test_a_prepared_payment_waits_for_its_customer(bill, account, channel):
    order = asked(bill, account, channel)

    assert channel.prepaid == [PrepayRequest(order.number, "openid-1", 400_000, AT, EXPIRY)]
    assert (order.state, order.code, order.taken_fen) == ("sent", "NOTPAY", 0)
    assert order.sheet.parameters == SHEET._asdict()
    assert (reread(bill).paid_fen, channel.submitted) == (0, [])


def test_a_confirmed_payment_settles_the_bill(bill, account, channel):
    order = asked(bill, account, channel)
    channel.confirm(order.number, at=AT + timedelta(minutes=2))

    done = sweep(channel, AT + timedelta(minutes=3))

    assert done == results.Recorded(succeeded=1)
    assert (state_of(order), reread(bill).paid_fen) == ("succeeded", 400_000)
    assert differences(channel, day(0)) == []


def test_a_payment_that_is_not_confirmed_stays_as_it_is(bill, account, channel):
    order = asked(bill, account, channel)
    before = contents(TABLES)

    for minutes in (1, 5, 29):
        sweep(channel, AT + timedelta(minutes=minutes))

    assert contents(TABLES) == before
    assert (len(channel.prepaid), channel.closed) == (1, [])
    assert PaymentSheet.objects.get().order == order


def test_a_payment_is_closed_when_its_time_is_over(bill, account, channel):
    order = asked(bill, account, channel)

    sweep(channel, EXPIRY)

    assert channel.closed == [order.number]
    assert (state_of(order), again(order).code) == ("failed", "CLOSED")
    assert (reread(bill).paid_fen, Repayment.objects.count()) == (0, 0)
    assert request(bill, WHOLE_FEN, card=account, at=EXPIRY, key="next").state == "planned"


def test_a_payment_that_is_confirmed_before_its_close_counts(bill, account, channel):
    order = asked(bill, account, channel)
    query = channel.query

    def confirmed_meanwhile(numbers):
        found = query(numbers)
        channel.query = query
        channel.confirm(order.number, at=EXPIRY - timedelta(seconds=1))
        return found

    channel.query = confirmed_meanwhile
    sweep(channel, EXPIRY)

    assert (channel.closed, state_of(order)) == ([order.number], "succeeded")
    assert reread(bill).paid_fen == 400_000


def test_a_close_without_answer_is_tried_again(bill, account, channel):
    order = asked(bill, account, channel)
    close = channel.close_payments
    channel.close_payments = lambda numbers, at: [
        orders.unanswered(number, orders.ChannelFault.TIMEOUT) for number in numbers
    ]

    sweep(channel, EXPIRY)
    assert state_of(order) == "unknown"
    channel.close_payments = close
    sweep(channel, EXPIRY + timedelta(minutes=1))

    assert state_of(order) == "failed"


def test_money_learned_of_after_the_close_has_its_value_date(bill, account, channel):
    order = asked(bill, account, channel, at=moment(day(-1), time(23, 45)))
    sweep(channel, moment(day(0), time(0, 1)))
    assert state_of(order) == "failed"
    channel.confirm(order.number, at=moment(day(-1), time(23, 59)))

    on, at = day(-1), moment(day(0), time(2))
    reconciling.take_statement(on, by="system:reconciliation", at=at, channel=channel)

    assert state_of(order) == "succeeded"
    assert (Repayment.objects.get().value_on, reread(bill).paid_fen) == (on, 400_000)
    assert differences(channel, on, day(0)) == []


def test_money_learned_of_after_another_payment_goes_back_to_wechat(bill, account, channel):
    late = asked(bill, account, channel, WHOLE_FEN)
    sweep(channel, EXPIRY)
    send(channel, request(bill, WHOLE_FEN, card=bind(bill.customer), at=NINE, key="b"), at=NINE)
    channel.confirm(late.number, at=AT)

    reconciling.take_statement(day(0), by="test", at=NINE, channel=channel)
    [payout] = refund(channel, moment(day(1)))

    assert (reread(bill).state, UnappliedFunds.objects.get().amount_fen) == ("paid", WHOLE_FEN)
    assert channel.refunded == [
        RefundRequest(payout.number, late.number, WHOLE_FEN, moment(day(1)))
    ]  # fmt: skip
    assert (payout.card, payout.state, channel.sent_out) == (None, "succeeded", [])
    assert differences(channel, day(0), day(1)) == []


def test_what_wechat_cannot_return_goes_to_a_card(bill, account, channel):
    late = asked(bill, account, channel, WHOLE_FEN)
    channel.confirm(late.number, at=AT)
    debit(bill, channel, on=day(0))
    sweep(channel, NINE + timedelta(hours=1))
    channel.will_answer("wechat", "ACCOUNTERROR")
    [refused] = refund(channel, moment(day(1)))
    assert (refused.state, refused.code) == ("failed", "ACCOUNTERROR")

    funds = UnappliedFunds.objects.get()
    made = refunds.retry(funds.pk, by="staff", reason="to the card", on=day(2), at=moment(day(2)))
    refunds.send([made.pk], channel=channel, at=moment(day(2)))

    assert Payout.objects.get(pk=made.pk).card == bill.customer.cards.get()
    assert (len(channel.refunded), len(channel.sent_out)) == (1, 1)
    assert differences(channel, day(0), day(1), day(2)) == []


def test_a_refused_payment_takes_nothing(bill, account, channel):
    channel.will_answer("openid-1", "USER_ACCOUNT_ABNORMAL")

    order = asked(bill, account, channel)

    assert (order.state, order.code) == ("failed", "USER_ACCOUNT_ABNORMAL")
    assert (reread(bill).paid_fen, reread(bill).refusals) == (0, 0)
    assert bill.customer.mandates.get().state == "signed"


def test_a_payment_without_answer_is_prepared_again_under_its_number(bill, account, channel):
    channel.will_answer("openid-1", "TIMEOUT")
    order = asked(bill, account, channel)
    assert (order.state, hasattr(order, "sheet")) == ("unknown", False)

    channel.will_answer("openid-1")
    sweep(channel, AT + timedelta(minutes=1))

    assert [one.number for one in channel.prepaid] == [order.number] * 2
    assert (state_of(order), again(order).code) == ("unknown", "NOTPAY")
    assert again(order).sheet.parameters == SHEET._asdict()


def test_a_payment_that_was_never_prepared_ends_with_its_time(bill, account, channel):
    channel.will_answer("openid-1", "TIMEOUT")
    order = asked(bill, account, channel)

    sweep(channel, EXPIRY)

    assert (state_of(order), again(order).code) == ("failed", "NEVER_SENT")
    assert (len(channel.prepaid), channel.closed) == (1, [])


def test_a_planned_payment_whose_time_is_over_does_not_leave(bill, account, channel):
    order = request(bill, 400_000, card=account, at=AT)

    send(channel, order, at=EXPIRY)

    assert (state_of(order), channel.prepaid) == ("cancelled", [])


def test_an_erased_account_confirms_nothing(bill, account, channel):
    order = request(bill, 400_000, card=account, at=AT)
    WechatAccount.objects.update(unbound_at=AT, openid=None, openid_blind=None, seat=None)

    send(channel, order, at=AT)

    assert (state_of(order), channel.prepaid) == ("unknown", [])
    sweep(channel, EXPIRY)
    assert (state_of(order), again(order).code) == ("failed", "NEVER_SENT")


def test_repeated_answers_count_once(bill, account, channel):
    order = asked(bill, account, channel)
    channel.confirm(order.number, at=AT)
    answers = channel.query([order.number])

    for _time in range(2):
        results.record(answers, by="test", at=NINE)

    assert (reread(bill).paid_fen, Repayment.objects.count()) == (400_000, 1)


def test_another_amount_than_asked_counts_and_shows_as_a_difference(bill, account, channel):
    order = asked(bill, account, channel)
    channel.confirm(order.number, at=AT, amount_fen=400_001)

    sweep(channel, NINE)

    assert (again(order).taken_fen, reread(bill).paid_fen) == (400_001, 400_001)
    [difference] = differences(channel, day(0))
    assert (difference.check, difference.expected_fen, difference.found_fen) == (
        "asked = taken", 400_000, 400_001,
    )  # fmt: skip


def test_a_second_payment_waits_as_long_as_the_first_can_be_confirmed(bill, account, channel):
    asked(bill, account, channel, WHOLE_FEN)
    before = contents(TABLES)

    with pytest.raises(PaymentUnderWayError):
        request(bill, 1, card=bind(bill.customer), at=EXPIRY - timedelta(minutes=1), key="other")

    assert contents(TABLES) == before


def test_no_more_than_is_owed_is_prepared(bill, account):
    with pytest.raises(OverpaidError):
        request(bill, WHOLE_FEN + 1, card=account, at=AT)

    assert DebitOrder.objects.count() == 0


def test_the_key_of_a_payment_from_a_card_is_not_one_inside_wechat(bill, account):
    card = bind(bill.customer)
    made = request(bill, 400_000, card=account, at=AT)

    with pytest.raises(KeyReusedError):
        request(bill, 400_000, card=card, at=AT)

    assert request(bill, 400_000, card=account, at=AT) == made
    assert DebitOrder.objects.count() == 1


def test_the_debit_of_nine_does_not_wait_for_a_payment_that_nobody_confirms(bill, account, channel):
    order = asked(bill, account, channel, WHOLE_FEN, at=moment(day(0), time(8, 50)))

    debit(bill, channel, on=day(0))
    channel.confirm(order.number, at=NINE + timedelta(minutes=5))
    sweep(channel, NINE + timedelta(minutes=6))

    assert reread(bill).state == "paid"
    assert UnappliedFunds.objects.get().repayment.order == order
    assert differences(channel, day(0)) == []


def test_the_run_of_nine_asks_about_a_payment_before_it_debits(bill, account, channel):
    order = asked(bill, account, channel, WHOLE_FEN)
    channel.confirm(order.number, at=AT)

    business_day.debit([bill.pk], run_id=0, on=day(0), at=NINE, channel=channel)

    assert (state_of(order), reread(bill).state) == ("succeeded", "paid")
    assert channel.submitted == []


def test_a_reversed_payment_leaves_the_bill_unpaid(bill, account, channel):
    order = asked(bill, account, channel)
    channel.confirm(order.number, at=AT)
    sweep(channel, NINE)

    reverse(Repayment.objects.get(), at=NINE)

    assert (reread(bill).paid_fen, state_of(order)) == (0, "succeeded")
    assert differences(channel, day(0)) == []


def test_an_order_has_one_payer_and_a_time_only_inside_wechat(bill, account, channel):
    made = again(asked(bill, account, channel))
    card = bill.customer.cards.get()

    for wrong in (
        {"wechat_account": None}, {"expires_at": None}, {"card": card}, {"origin": "auto"},
        {"wechat_account": None, "expires_at": None}, {"origin": "transfer"},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            DebitOrder.objects.filter(pk=made.pk).update(**wrong)


def test_a_request_of_the_run_can_be_confirmed_in_wechat_too(bill, account, channel):
    asks = CollectionRequest(bill.pk, 400_000, "customer", "key", wechat_account_id=account.pk)
    prepared = orders.prepare([asks], by="test", on=day(0), at=AT)

    [answer] = orders.ask(prepared, channel=channel, at=AT)

    assert (answer.outcome, answer.code, answer.sheet) == (Outcome.UNKNOWN, "NOTPAY", SHEET)
