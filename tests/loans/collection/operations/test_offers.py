"""What may be offered: older bills count, other customers do not, silence does not last."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.translation import override

from accounts.cards.operations.cards import CardNotBoundError
from accounts.models import BankCardState
from loans.accounting.operations.batch import LoanBatch
from loans.billing.queries.customers import of_the_same_customers
from loans.collection.operations import offers
from loans.collection.operations.offers import (
    NothingOwedError,
    OverpaidError,
    Payer,
    PaymentUnderWayError,
)
from tests.loans.collection.paying import bind, request, send
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import reread

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0))
WHOLE_FEN = 1_015_000


def accepted(bill, amount_fen=None, *, at=AT):
    with transaction.atomic():
        batch = LoanBatch.lock_bills(of_the_same_customers({bill.pk}))
        record = batch.bills[bill.pk]
        return offers.accepted_fen(batch, bill=record, amount_fen=amount_fen, on=day(0), at=at)


def test_without_an_amount_everything_unpaid_is_offered(make_bill):
    older = make_bill(principal_fen=100_000)
    younger = make_bill(due_on=day(6), customer=older.customer)
    make_bill()

    assert (accepted(older), accepted(younger)) == (101_500, 101_500 + WHOLE_FEN)


@pytest.mark.parametrize("amount_fen", [-1, 0, WHOLE_FEN + 1])
def test_nothing_and_too_much_are_refused(make_bill, amount_fen):
    with pytest.raises(OverpaidError):
        accepted(make_bill(), amount_fen)


def test_a_bill_that_asks_for_nothing_is_named_so(make_bill, channel):
    bill = make_bill()
    send(channel, request(bill, WHOLE_FEN, card=bind(bill.customer), at=AT), at=AT)

    with pytest.raises(NothingOwedError) as refused, override("en"):
        accepted(bill, 1)

    assert (refused.value.code, refused.value.facts) == ("nothing-owed", {"unpaid_fen": 0})
    assert refused.value.title() == "Nothing is owed on this bill any more."


def test_silence_keeps_nobody_from_paying(make_bill, channel):
    bill = make_bill()
    card = bind(bill.customer)
    channel.will_answer(card.account, "TIMEOUT")
    send(channel, request(bill, WHOLE_FEN, card=card, at=AT), at=AT)

    with pytest.raises(PaymentUnderWayError) as refused:
        accepted(bill, 1, at=AT + timedelta(minutes=9))

    assert refused.value.facts["unpaid_fen"] == 0
    assert accepted(bill, at=AT + timedelta(minutes=10)) == WHOLE_FEN


def test_chosen_cards_are_those_that_are_bound(make_bill):
    card = bind(make_bill().customer)

    with transaction.atomic():
        assert offers.chosen_cards([card.pk]) == {card.pk: Payer(card.pk, "other-77")}
        assert offers.chosen_cards([]) == {}


def test_one_card_that_is_not_bound_refuses_them_all(make_bill):
    customer = make_bill().customer
    cards = [bind(customer), bind(customer, 78, state=BankCardState.PENDING)]

    with transaction.atomic(), pytest.raises(CardNotBoundError):
        offers.chosen_cards([one.pk for one in cards])

    assert reread(cards[0]).state == "active"
