"""What the staff read of a payment inside WeChat: method, state, payer, and where it goes back."""

import pytest
from django.urls import reverse

from loans.collection.operations import payments
from loans.models import DebitOrder, Payout, UnappliedFunds
from loans.repayment.operations import refunds
from tests.loans.collection.admin.test_run import person
from tests.loans.collection.paying import request, send, wechat_account
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0))
WHOLE_FEN = 1_015_000


@pytest.fixture
def order(make_bill, channel):
    """Return a payment of a whole bill that waits for its customer in WeChat."""
    bill = make_bill()
    made = request(bill, WHOLE_FEN, card=wechat_account(bill.customer), at=AT)
    send(channel, made, at=AT)
    return DebitOrder.objects.get()


def page(record, client=None):
    name = f"admin:loans_{record._meta.model_name}_change"
    return (client or person("finance")).get(reverse(name, args=[record.pk])).content.decode()


def test_the_order_shows_method_payer_and_what_it_waits_for(order):
    shown = page(order)

    for words in ("WeChat", str(order.wechat_account), "Waiting for the customer (NOTPAY)"):
        assert words in shown


def test_bill_and_loan_name_the_payment_in_wechat(order):
    assert "payment in WeChat: sent" in page(order.bill.instalments.get().loan)
    assert "WeChat" in page(order.bill)


def test_orders_are_listed_by_their_method(order, channel):
    debit(order.bill, channel, on=day(0))
    client = person("finance")

    def listed(method):
        address = reverse("admin:loans_debitorder_changelist")
        return [
            row.origin for row in client.get(address, {"method": method}).context["cl"].queryset
        ]

    assert listed("wechat") == ["customer"]
    assert listed("card") == ["auto"]
    assert listed("transfer") == []


def test_the_refund_of_a_payment_names_wechat_instead_of_a_card(order, channel):
    debit(order.bill, channel, on=day(0))
    channel.confirm(order.number, at=AT)
    payments.sweep(by="test", channel=channel, at=moment(day(0)).replace(hour=10))
    on, at = day(1), moment(day(1))
    refunds.send(
        refunds.plan(refunds.due(on=on), by="test", on=on, at=at), channel=channel, at=at
    )  # fmt: skip

    assert "WeChat" in page(Payout.objects.get())
    assert "WeChat" in page(UnappliedFunds.objects.get())
