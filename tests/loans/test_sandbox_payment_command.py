"""``sandbox_payment`` as it is typed, with a real bank behind it."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from backoffice.core import clock
from loans.collection.operations import payments
from loans.models import DebitOrder
from tests.loans.collection.paying import request, send, wechat_account
from tests.sandbox import SECRET, BankProcess

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    with BankProcess(tmp_path_factory.mktemp("bank")) as started:
        yield started


@pytest.fixture
def channel(bank):
    bank.reset()
    with bank.channel() as opened:
        yield opened


@pytest.fixture
def payment(settings, bank, channel, make_bill):
    """Return a payment of 4,000.00 that its customer may confirm."""
    settings.CHANNEL_URL, settings.CHANNEL_SECRET = bank.url, SECRET
    on = clock.business_date()
    bill = make_bill(due_on=on, drawn_on=on - timedelta(30))
    order = request(bill, 400_000, card=wechat_account(bill.customer), at=clock.now())
    send(channel, order, at=clock.now())
    return DebitOrder.objects.get()


def run(*words):
    out = StringIO()
    with override("en"):
        call_command("sandbox_payment", *map(str, words), stdout=out)
    return out.getvalue().strip()


def swept(channel, minutes):
    at = clock.now() + timedelta(minutes=minutes)
    payments.sweep(by="system:debit-channel", channel=channel, at=at)
    return DebitOrder.objects.get()


def test_a_confirmed_payment_is_paid_at_the_next_sweep(payment, channel):
    words = f"Payment {payment.number} of 4,000.00 yuan at the bank: SUCCESS."
    assert run(payment.public_id) == words

    paid = swept(channel, 1)
    assert (paid.state, paid.taken_fen) == ("succeeded", 400_000)


def test_a_payment_can_fail(payment, channel):
    assert json.loads(run(payment.public_id, "--refuse", "NOTENOUGH", "--json")) == {
        "payment": str(payment.public_id), "number": payment.number, "amount_fen": 400_000,
        "code": "NOTENOUGH",
    }  # fmt: skip

    assert (swept(channel, 1).state, swept(channel, 1).code) == ("failed", "NOTENOUGH")


def test_money_that_the_bank_learns_of_late_was_paid_in_time(payment, channel):
    assert swept(channel, 30).code == "CLOSED"

    assert run(payment.public_id, "--late").endswith("SUCCESS.")

    [line] = channel.statement(payment.business_date)
    assert (line.number, line.amount_fen) == (payment.number, 400_000)
    assert line.at <= payment.expires_at


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("7", (), "no-such-payment"),
        ("00000000-0000-0000-0000-000000000000", (), "no-such-payment"),
        (None, ("--refuse", "ORDER_ACCEPTED"), "no-such-refusal"),
        (None, ("--refuse", "WHATEVER"), "no-such-refusal"),
    ],
)
def test_no_other_payment_is_confirmed_and_no_other_refusal_given(
    payment, channel, name, words, code
):
    with pytest.raises(CommandError, match=rf"\[{code}\]"):
        run(name or payment.public_id, *words)

    assert channel.query([payment.number])[0].code == "NOTPAY"


def test_outside_a_sandbox_nobody_confirms_for_a_customer(settings, payment, channel):
    settings.SANDBOX = False

    with pytest.raises(CommandError, match=r"\[sandbox-only\]"):
        run(payment.public_id)

    assert channel.query([payment.number])[0].code == "NOTPAY"
