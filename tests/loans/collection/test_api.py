"""Paying bills and reading payments, as the mini program does it."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from accounts.models import BankCardState, CustomerHold
from backoffice.core import clock
from backoffice.core.models import IdempotencyKey
from loans.collection.operations import payments, results
from loans.models import Bill, DebitOrder, UnappliedFunds
from tests.accounts.api.conftest import Phone, problem, wait
from tests.accounts.conftest import cheap_hashing, stopped_clock
from tests.loans.collection.paying import bind
from tests.loans.conftest import SHEET
from tests.raw import contents

DUE_ON, DRAWN_ON = date(2027, 1, 1), date(2026, 12, 2)
TABLES = ("loans_debitorder", "loans_bill")

__all__ = ["cheap_hashing", "stopped_clock"]


@pytest.fixture
def phone(committed_db, cheap_hashing, stopped_clock):
    """Somebody whose cooling-off period is over, with a fresh login."""
    made = Phone("payer").log_in()
    wait(30)
    return made


@pytest.fixture
def bill(phone, make_bill):
    made = make_bill(customer=phone.customer, due_on=DUE_ON, drawn_on=DRAWN_ON)
    return Bill.objects.get(pk=made.pk)


@pytest.fixture
def card(bill):
    return bind(bill.customer)


def pay(phone, bill, card, amount_fen=400_000, **headers):
    body = {"amount_fen": amount_fen, "card_id": getattr(card, "public_id", card)}
    keyed = {"idempotency-key": uuid4().hex, **headers}
    return phone.post(f"bills/{bill.public_id}/payments", body, **keyed)


def sent(channel):
    payments.sweep(by="system:debit-channel", channel=channel, at=clock.now())


def test_a_payment_is_accepted_and_its_result_can_be_read(phone, bill, card, channel):
    answer = pay(phone, bill, card)

    assert answer.status_code == 202
    order = DebitOrder.objects.get()
    assert answer.json() == {"payment_id": str(order.public_id), "state": "planned"}
    sent(channel)
    assert phone.get(f"payments/{order.public_id}").json() == {
        "id": str(order.public_id),
        "bill_id": str(bill.public_id),
        "loan_id": None,
        "purpose": "bill",
        "paid_by": "customer",
        "method": "card",
        "state": "succeeded",
        "requested_on": str(clock.business_date()),
        "amount_fen": 400_000,
        "taken_fen": 400_000,
        "card_id": str(card.public_id),
        "answered_at": "2026-12-24T15:00:00+08:00",
        "settled": [{"bill_id": str(bill.public_id), "amount_fen": 400_000}],
        "prepayment_fee_fen": 0,
        "settled_fen": 400_000,
        "unapplied_fen": 0,
        "is_reversed": False,
        "refusal": None,
        "sheet": None,
    }


def test_the_same_key_pays_once_and_replies_the_same(phone, bill, card):
    first = pay(phone, bill, card, **{"idempotency-key": "mine"})

    again = pay(phone, bill, card, **{"idempotency-key": "mine"})

    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert DebitOrder.objects.count() == 1


def test_a_key_that_was_forgotten_still_finds_its_payment(phone, bill, card):
    first = pay(phone, bill, card, **{"idempotency-key": "mine"})
    IdempotencyKey.objects.all().delete()

    again = pay(phone, bill, card, **{"idempotency-key": "mine"})

    assert again.json() == first.json()
    other = pay(phone, bill, card, 1, **{"idempotency-key": "mine"})
    assert problem(other) == (422, "idempotency-key-reused")
    assert DebitOrder.objects.count() == 1


def test_a_payment_needs_a_key(phone, bill, card):
    body = {"amount_fen": 1, "card_id": str(card.public_id)}

    answer = phone.post(f"bills/{bill.public_id}/payments", body)

    assert problem(answer) == (400, "idempotency-key-missing")
    assert DebitOrder.objects.count() == 0


def test_whoever_is_on_hold_pays_too(phone, bill, card):
    CustomerHold.objects.create(
        customer=phone.customer, kind="block", holder="risk", reason="an inquiry",
        placed_by="staff", placed_at=clock.now(),
    )  # fmt: skip

    assert pay(phone, bill, card).status_code == 202


@pytest.mark.parametrize("amount_fen", [0, -1, "100", 1.0, True, 10**16])
def test_an_amount_is_a_positive_whole_number(phone, bill, card, amount_fen):
    assert problem(pay(phone, bill, card, amount_fen)) == (400, "invalid-input")
    assert DebitOrder.objects.count() == 0


def test_more_than_is_owed_is_refused_with_the_amount(phone, bill, card):
    before = contents(TABLES)

    answer = pay(phone, bill, card, 1_011_001)

    # On 2026-12-24: 22 nights of 10,000.00 at 500 ppm are 110.00.
    assert problem(answer) == (409, "overpaid")
    assert answer.json()["unpaid_fen"] == 1_011_000
    assert contents(TABLES) == before


def test_a_paid_bill_is_not_paid_again(phone, bill, card, channel):
    pay(phone, bill, card, 1_011_000)
    sent(channel)
    before = contents(TABLES)

    answer = pay(phone, bill, card, 1)

    assert problem(answer) == (409, "nothing-owed")
    assert [one["endpoint"] for one in answer.json()["next_steps"]] == ["/api/v1/bills"]
    assert contents(TABLES) == before


def test_a_second_payment_waits_for_the_first(phone, bill, card):
    pay(phone, bill, card, 1_000_000)

    answer = pay(phone, bill, card, 11_001)

    assert problem(answer) == (409, "payment-under-way")
    assert (answer.json()["under_way_fen"], answer.json()["unpaid_fen"]) == (1_000_000, 11_000)
    assert [one["endpoint"] for one in answer.json()["next_steps"]] == ["/api/v1/payments"]


def test_a_payment_inside_wechat_is_opened_with_what_its_reading_returns(phone, bill, channel):
    answer = pay(phone, bill, "wechat")

    order = DebitOrder.objects.get()
    assert (answer.status_code, answer.json()) == (
        202, {"payment_id": str(order.public_id), "state": "planned"},
    )  # fmt: skip
    assert phone.get(f"payments/{order.public_id}").json()["sheet"] is None
    sent(channel)
    assert [one.openid for one in channel.prepaid] == ["payer"]
    reply = phone.get(f"payments/{order.public_id}").json()
    assert (reply["state"], reply["method"], reply["card_id"]) == ("sent", "wechat", None)
    assert reply["sheet"] == SHEET._asdict() | {"expires_at": "2026-12-24T15:30:00+08:00"}


def test_a_confirmed_payment_has_no_sheet_any_more(phone, bill, channel):
    pay(phone, bill, "wechat")
    sent(channel)
    order = DebitOrder.objects.get()
    channel.confirm(order.number, at=clock.now())
    answers = channel.query([order.number])
    results.record(answers, by="system:debit-channel", at=clock.now())

    reply = phone.get(f"payments/{order.public_id}").json()

    assert (reply["state"], reply["taken_fen"], reply["sheet"]) == ("succeeded", 400_000, None)
    assert reply["settled"] == [{"bill_id": str(bill.public_id), "amount_fen": 400_000}]


def test_a_payment_whose_time_is_over_has_no_sheet_and_a_reason(phone, bill, channel):
    pay(phone, bill, "wechat")
    sent(channel)
    order = DebitOrder.objects.get()
    at = clock.now() + timedelta(minutes=30)
    payments.sweep(by="system:debit-channel", channel=channel, at=at)

    reply = phone.get(f"payments/{order.public_id}").json()

    assert (reply["state"], reply["refusal"]["code"], reply["sheet"]) == ("failed", "CLOSED", None)


def test_the_bill_of_somebody_else_is_not_paid_inside_wechat(phone, bill):
    other = Phone("other").log_in()

    assert problem(pay(other, bill, "wechat"))[0] == 404
    assert DebitOrder.objects.count() == 0


@pytest.mark.parametrize("card_id", ["card", 7, None, "6217000000000000012"])
def test_a_card_is_named_by_its_id(phone, bill, card_id):
    assert problem(pay(phone, bill, card_id)) == (400, "invalid-input")


def test_a_card_that_waits_for_its_bank_is_not_bound(phone, bill):
    card = bind(bill.customer, state=BankCardState.PENDING)

    assert problem(pay(phone, bill, card)) == (409, "card-not-bound")


def test_what_belongs_to_another_customer_does_not_exist(phone, bill, card, make_bill):
    theirs = Bill.objects.get(pk=make_bill(due_on=DUE_ON, drawn_on=DRAWN_ON).pk)

    assert problem(pay(phone, theirs, card)) == (404, "not-found")
    assert problem(pay(phone, bill, bind(theirs.customer, 78))) == (404, "card-unknown")
    assert problem(pay(phone, bill, uuid4())) == (404, "card-unknown")
    assert DebitOrder.objects.count() == 0


def test_nobody_reads_the_payments_of_another(phone, bill, card, channel, make_bill):
    pay(phone, bill, card)
    stranger = Phone("stranger", device_number=9).log_in()

    order = DebitOrder.objects.get()
    assert problem(stranger.get(f"payments/{order.public_id}")) == (404, "not-found")
    assert stranger.get("payments").json()["results"] == []


def test_the_list_has_the_newest_first(phone, bill, card, channel):
    for amount_fen in (100, 200, 300):
        pay(phone, bill, card, amount_fen)

    found = phone.get("payments?limit=2").json()

    assert [one["amount_fen"] for one in found["results"]] == [300, 200]
    assert found["next"] == "/api/v1/payments?cursor=1&limit=2"


def test_a_refused_payment_has_its_reason(phone, bill, card, channel):
    channel.will_answer("other-77", "NOTENOUGH")
    reply = pay(phone, bill, card).json()
    sent(channel)

    found = phone.get(f"payments/{reply['payment_id']}").json()

    assert (found["state"], found["taken_fen"]) == ("failed", 0)
    assert found["refusal"] == {"code": "NOTENOUGH", "text": "Balance too low"}


def test_the_limit_of_a_class_two_account_is_named(phone, bill, channel):
    card = bind(bill.customer, state=BankCardState.REPAY_ONLY, account_class="II")
    channel.will_answer("other-77", "RULELIMIT")
    reply = pay(phone, bill, card).json()
    sent(channel)

    found = phone.get(f"payments/{reply['payment_id']}").json()

    assert found["refusal"]["text"] == (
        "Limit or risk rule of the bank. This account pays at most 10,000.00 yuan a day, to all "
        "payees together."
    )


def test_a_payment_that_never_left_is_cancelled(phone, bill, card, channel):
    reply = pay(phone, bill, card).json()
    clock.move_to(clock.now() + timedelta(days=1))
    sent(channel)

    found = phone.get(f"payments/{reply['payment_id']}").json()

    assert (found["state"], found["refusal"]["code"]) == ("cancelled", "CANCELLED")
    assert UnappliedFunds.objects.count() == 0


@pytest.fixture
def waits_in_wechat(phone, bill, channel, monkeypatch):
    """The address of a payment that its customer may confirm in WeChat."""
    monkeypatch.setattr("loans.collection.api.debit_channel", lambda: channel)
    payment_id = pay(phone, bill, "wechat").json()["payment_id"]
    sent(channel)
    return f"payments/{payment_id}"


def test_a_payment_in_wechat_is_cancelled(phone, waits_in_wechat):
    answer = phone.delete(waits_in_wechat)

    assert (answer.status_code, answer.json()["state"]) == (200, "failed")
    assert (answer.json()["refusal"]["code"], answer.json()["sheet"]) == ("CLOSED", None)
    assert phone.delete(waits_in_wechat).json() == answer.json()


def test_a_payment_that_was_confirmed_meanwhile_is_returned_as_paid(
    phone, waits_in_wechat, channel
):
    channel.confirm(DebitOrder.objects.get().number, at=clock.now())

    answer = phone.delete(waits_in_wechat)

    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer.json()["settled_fen"] == 400_000


def test_a_payment_from_a_card_is_refused_to_be_cancelled(phone, bill, card, channel, monkeypatch):
    monkeypatch.setattr("loans.collection.api.debit_channel", lambda: channel)
    payment_id = pay(phone, bill, card).json()["payment_id"]

    answer = phone.delete(f"payments/{payment_id}")

    assert problem(answer) == (409, "payment-not-cancellable")
    assert DebitOrder.objects.get().state == "planned"


def test_nobody_cancels_the_payment_of_another(waits_in_wechat):
    other = Phone("other").log_in()

    assert problem(other.delete(waits_in_wechat)) == (404, "not-found")
    assert DebitOrder.objects.get().state == "sent"
