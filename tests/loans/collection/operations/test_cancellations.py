"""A customer cancels a payment inside WeChat: unsent, waiting, confirmed, on its way."""

from datetime import time, timedelta

import pytest

from backoffice.core.models import StateChange
from loans.collection.operations import cancellations, orders, payments
from loans.collection.operations.cancellations import NotCancellableError, NotClosedYetError
from loans.models import DebitOrder, Repayment
from tests.loans.collection.paying import bind, request, send, wechat_account
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import reread
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0), time(8))
LATER = AT + timedelta(minutes=5)
WHOLE_FEN = 1_015_000
TABLES = ("loans_debitorder", "loans_bill", "loans_loan", "loans_transfer", "loans_repayment")


@pytest.fixture
def bill(make_bill):
    return make_bill()


@pytest.fixture
def account(bill):
    return wechat_account(bill.customer)


@pytest.fixture
def prepared(bill, account, channel):
    """A payment of everything that waits for its customer."""
    order = request(bill, WHOLE_FEN, card=account, at=AT)
    send(channel, order, at=AT)
    return order


def cancel(order, channel, *, at=LATER):
    cancellations.cancel([order.pk], by="customer:1", channel=channel, at=at)
    found = DebitOrder.objects.get(pk=order.pk)
    return found.state, found.code


def test_a_payment_that_waits_is_closed_at_the_channel(bill, prepared, account, channel):
    assert cancel(prepared, channel) == ("failed", "CLOSED")

    assert channel.closed == [prepared.number]
    assert (reread(bill).paid_fen, Repayment.objects.count()) == (0, 0)
    assert request(bill, WHOLE_FEN, card=account, at=LATER, key="next").state == "planned"


def test_the_second_time_nothing_changes(prepared, channel):
    cancel(prepared, channel)
    before = contents(TABLES)

    assert cancel(prepared, channel) == ("failed", "CLOSED")

    assert contents(TABLES) == before
    assert channel.closed == [prepared.number]


def test_a_payment_that_was_not_sent_is_cancelled_here(bill, account, channel):
    order = request(bill, WHOLE_FEN, card=account, at=AT)

    assert cancel(order, channel) == ("cancelled", "WITHDRAWN")

    assert (channel.prepaid, channel.closed) == ([], [])
    noted = StateChange.objects.get(subject_type="loans.debitorder", target="cancelled")
    assert (noted.actor, noted.reason) == ("customer:1", "payment-cancelled")
    send(channel, order, at=LATER)
    assert channel.prepaid == []


def test_money_that_was_confirmed_before_the_close_is_recorded_as_paid(bill, prepared, channel):
    channel.confirm(prepared.number, at=LATER - timedelta(seconds=1))

    assert cancel(prepared, channel) == ("succeeded", "SUCCESS")

    assert (reread(bill).state, reread(bill).paid_fen) == ("paid", WHOLE_FEN)
    assert cancel(prepared, channel) == ("succeeded", "SUCCESS")
    assert Repayment.objects.count() == 1


def test_a_payment_from_a_card_is_not_cancelled(bill, channel):
    order = request(bill, WHOLE_FEN, card=bind(bill.customer), at=AT)
    before = contents(TABLES)

    with pytest.raises(NotCancellableError):
        cancel(order, channel)

    assert contents(TABLES) == before


def test_a_channel_without_answer_leaves_the_payment_to_the_sweep(bill, prepared, channel):
    close = channel.close_payments
    channel.close_payments = lambda numbers, at: [
        orders.unanswered(number, orders.ChannelFault.TIMEOUT) for number in numbers
    ]

    with pytest.raises(NotClosedYetError):
        cancel(prepared, channel)

    assert DebitOrder.objects.get().state == "unknown"
    channel.close_payments = close
    assert cancel(prepared, channel, at=LATER + timedelta(minutes=1)) == ("failed", "CLOSED")
    payments.sweep(by="system:debit-channel", channel=channel, at=LATER + timedelta(minutes=2))
    assert reread(bill).paid_fen == 0


def test_a_payment_on_its_way_to_the_channel_is_not_cancelled_yet(bill, account, channel):
    order = request(bill, WHOLE_FEN, card=account, at=AT)
    payments.release([order.pk], by="test", on=day(0), at=AT)  # the worker has not asked yet

    with pytest.raises(NotClosedYetError):
        cancel(order, channel, at=AT + timedelta(seconds=1))

    late = AT + orders.ON_ITS_WAY
    assert cancel(order, channel, at=late) == ("failed", "NEVER_SENT")
