"""A success of another amount than was asked: what was taken is booked, and shown."""

import pytest

from loans.collection.operations import results
from loans.gateways.channel import Answer, Outcome
from loans.models import DebitOrder, UnappliedFunds
from loans.reconciliation import queries as reconciliation
from loans.reconciliation.queries import Difference
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, reread

pytestmark = pytest.mark.usefixtures("committed_db")


def asked_about(bill, channel, *, taken_fen: int) -> DebitOrder:
    """Debit a bill without an answer, then ask about it: the bank took another amount."""
    channel.will_answer("acct-1", "TIMEOUT")
    debit(bill, channel, on=day(0))
    order = DebitOrder.objects.get()
    channel.taken[order.number] = Answer(
        order.number, Outcome.SUCCEEDED, "SUCCESS", taken_fen, "ref-other", moment(day(0))
    )
    results.record(channel.query([order.number]), by="system:debit-channel", at=moment(day(0)))
    return DebitOrder.objects.get()


def test_less_than_was_asked_is_booked_and_shown(make_bill, channel):
    bill = make_bill()

    order = asked_about(bill, channel, taken_fen=50_000)

    assert (order.state, order.taken_fen) == ("succeeded", 50_000)
    assert (reread(bill).state, reread(bill).paid_fen) == ("billed", 50_000)
    shown = Difference("asked = taken", f"order {order.number}", 1_015_000, 50_000)
    assert list(reconciliation.orders()) == [shown]


def test_more_than_was_asked_waits_and_is_shown(make_bill, channel):
    bill = make_bill()

    order = asked_about(bill, channel, taken_fen=1_015_700)

    assert reread(bill).state == "paid"
    assert UnappliedFunds.objects.get().amount_fen == 700
    shown = Difference("asked = taken", f"order {order.number}", 1_015_000, 1_015_700)
    assert list(reconciliation.orders()) == [shown]
    assert list(reconciliation.unapplied_funds()) == []
