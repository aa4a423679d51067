"""A customer's payment from an account with a day limit, and the card of a mandate that ends."""

from datetime import time

import pytest
from django.utils.translation import override

from accounts.cards.operations import cards
from accounts.cards.operations.cards import ClassChange
from accounts.models import BankCard, CardHold
from loans.collection.operations import collection, orders
from loans.collection.operations.orders import CardDayLimitError, CollectionRequest
from loans.models import DebitOrder, Mandate
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, pay, reread

pytestmark = pytest.mark.usefixtures("committed_db")

LIMIT_FEN = 1_000_000


@pytest.fixture
def bill(make_bill):
    """A bill of 20,300 yuan whose card has come down to class II."""
    made = make_bill(principal_fen=2_000_000)
    change = ClassChange(BankCard.objects.get().pk, "II")
    cards.reclassify([change], by="bank", reason="classed again", at=moment(day(-5)))
    return made


def test_the_limit_itself_can_be_paid_and_nothing_more(bill, channel):
    pay(bill, channel, LIMIT_FEN - 1, at=moment(day(-3)))
    pay(bill, channel, 1, at=moment(day(-3), time(10)), key="second")

    with pytest.raises(CardDayLimitError):
        pay(bill, channel, 1, at=moment(day(-3), time(11)), key="third")

    assert reread(bill).paid_fen == LIMIT_FEN
    assert DebitOrder.objects.count() == 2


def test_the_refusal_says_what_is_left(bill, channel):
    pay(bill, channel, 400_000, at=moment(day(-3)))

    with pytest.raises(CardDayLimitError) as refused:
        pay(bill, channel, 600_001, at=moment(day(-3), time(10)), key="second")

    assert refused.value.facts["left_fen"] == 600_000
    assert refused.value.facts["limit_fen"] == LIMIT_FEN
    with override("en"):
        words = str(refused.value)
    assert "class II pays at most 10,000.00 yuan a day; 6,000.00 are left" in words
    assert reread(bill).paid_fen == 400_000


def test_the_next_day_gives_as_much_again(bill, channel):
    pay(bill, channel, LIMIT_FEN, at=moment(day(-3)))

    pay(bill, channel, LIMIT_FEN, at=moment(day(-2)), key="second")

    assert reread(bill).paid_fen == 2 * LIMIT_FEN


def test_what_the_bank_refused_does_not_count(bill, channel):
    channel.will_answer("acct-1", "NOTENOUGH")
    asks = [CollectionRequest(bill.pk, LIMIT_FEN, "customer", "first")]
    collection.collect(asks, by="test", channel=channel, on=day(-3), at=moment(day(-3)))
    assert DebitOrder.objects.get().state == "failed"

    pay(bill, channel, LIMIT_FEN, at=moment(day(-3), time(10)), key="second")

    assert reread(bill).paid_fen == LIMIT_FEN


def test_a_payment_asked_for_again_is_not_counted_twice(bill):
    ask = CollectionRequest(bill.pk, LIMIT_FEN, "customer", "request")
    [first] = orders.prepare([ask], by="test", on=day(-3), at=moment(day(-3)))

    [again] = orders.prepare([ask], by="test", on=day(-3), at=moment(day(-3)))

    assert again.order.pk == first.order.pk


def test_a_class_one_account_has_no_limit(make_bill, channel):
    bill = make_bill(principal_fen=2_000_000)

    pay(bill, channel, 2_000_000, at=moment(day(-3)))

    assert reread(bill).paid_fen == 2_000_000


def test_a_mandate_that_ends_lets_its_card_go(make_bill, channel):
    bill = make_bill()
    card = BankCard.objects.get()
    cards.hold(card.pk, holder="auto-debit", by="test", at=moment(day(-5)))
    cards.hold(card.pk, holder="loan:1", by="test", at=moment(day(-5)))
    channel.will_answer("acct-1", "CONTRACT_NOT_EXIST")

    debit(bill, channel, on=day(0))

    assert Mandate.objects.get().state == "terminated"
    assert list(CardHold.objects.values_list("holder", flat=True)) == ["loan:1"]
