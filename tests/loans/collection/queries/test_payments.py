"""The payments of a customer, and where their money went."""

from datetime import date

import pytest

from loans.collection.queries.payments import SettledPart, money_of, of_customer
from loans.models import Bill, Repayment
from tests.loans.collection.paying import bind, request, reverse, send, transfer
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit
from tests.loans.early import prepay

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(-1))


def test_every_order_of_the_customer_is_listed_the_newest_first(make_bill, channel):
    bill, other = make_bill(), make_bill()
    transfer(bill, 100, at=AT)
    request(bill, 200, card=bind(bill.customer), at=AT)
    debit(other, channel, on=day(0))
    debit(bill, channel, on=day(0))

    found = list(of_customer(bill.customer_id))

    assert [(one.origin, one.state) for one in found] == [
        ("auto", "succeeded"), ("customer", "planned"), ("transfer", "succeeded"),
    ]  # fmt: skip


def test_the_money_is_listed_by_bill_the_oldest_first(make_bill, channel):
    older = make_bill(principal_fen=100_000)
    younger = make_bill(principal_fen=200_000, due_on=day(6), customer=older.customer)
    order = request(younger, 150_000, card=bind(older.customer), at=AT)
    send(channel, order, at=AT)

    found = money_of(list(of_customer(older.customer_id)))[order.pk]

    ids = [Bill.objects.get(pk=one.pk).public_id for one in (older, younger)]
    assert found.settled == [SettledPart(ids[0], 101_450), SettledPart(ids[1], 48_550)]
    assert (found.unapplied_fen, found.is_reversed) == (0, False)


def test_what_waits_and_what_was_reversed_are_shown(make_bill):
    bill = make_bill()
    transfer(bill, 1_020_000, at=moment(day(0)))
    [order] = of_customer(bill.customer_id)
    assert money_of([order])[order.pk].unapplied_fen == 5_000

    reverse(Repayment.objects.get(), at=moment(day(0)))

    found = money_of([order])[order.pk]
    assert (found.settled, found.unapplied_fen, found.is_reversed) == ([], 0, True)


def test_what_a_prepayment_settled_includes_its_fee(make_loan):
    loan = make_loan(drawn_on=date(2026, 9, 1))
    prepay(loan, 206_300, principal_fen=200_000, on=date(2026, 9, 11))  # 300 more than it takes
    [order] = of_customer(loan.customer_id)

    found = money_of([order])[order.pk]

    assert found.settled == [SettledPart(None, 205_000)]
    assert (found.prepayment_fee_fen, found.settled_fen, found.unapplied_fen) == (
        1_000, 206_000, 300,
    )  # fmt: skip


def test_the_fee_of_a_reversed_prepayment_is_settled_no_more(make_loan):
    loan = make_loan(drawn_on=date(2026, 9, 1))
    prepay(loan, 206_000, principal_fen=200_000, on=date(2026, 9, 11))
    [order] = of_customer(loan.customer_id)

    reverse(Repayment.objects.get(), at=moment(date(2026, 9, 12)))

    found = money_of([order])[order.pk]
    assert (found.settled, found.prepayment_fee_fen, found.settled_fen) == ([], 0, 0)


def test_an_order_without_money_has_none(make_bill):
    bill = make_bill()
    request(bill, 200, card=bind(bill.customer), at=AT)

    assert money_of(list(of_customer(bill.customer_id))) == {}
