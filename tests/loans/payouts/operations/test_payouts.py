"""Planned, committed, asked: a payout leaves once, whoever sends it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from loans.gateways.channel import Answer, Outcome
from loans.models import Payout, PayoutKind
from loans.payouts.operations import payouts
from loans.payouts.operations.payouts import PayoutPlan
from tests.loans.drawn import DRAWN_AT, DRAWN_ON, make_customer, make_disbursing

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def payout():
    return make_disbursing(*make_customer())


def prepare(payout, at=DRAWN_AT):
    return payouts.prepare([payout.pk], by="system:payouts", at=at)


def state():
    return Payout.objects.values_list("state", "asked_at").get()


def test_a_payout_is_sent_before_anything_leaves(payout):
    [prepared] = prepare(payout)

    assert (prepared.target, prepared.is_new) == ("acct-1", True)
    assert state() == ("sent", DRAWN_AT)


def test_one_that_was_sent_is_asked_about_and_keeps_its_moment(payout):
    prepare(payout)

    [prepared] = prepare(payout, at=DRAWN_AT + timedelta(hours=1))

    assert not prepared.is_new
    assert state() == ("sent", DRAWN_AT)


def test_one_with_a_final_answer_is_not_prepared(payout, channel):
    payouts.ask(prepare(payout), channel=channel, at=DRAWN_AT)
    answer = Answer(payout.number, Outcome.FAILED, "BANKERROR", 0, "", DRAWN_AT)
    with transaction.atomic():
        payouts.store({payout.number: answer}, by="system:payouts", at=DRAWN_AT)

    assert prepare(payout) == []


def test_a_worker_that_died_before_asking_leaves_one_that_is_sent_under_its_number(payout, channel):
    prepare(payout)

    [answer] = payouts.ask(prepare(payout), channel=channel, at=DRAWN_AT)

    assert (answer.number, answer.outcome) == (payout.number, "succeeded")
    assert [one.number for one in channel.sent_out] == [payout.number]


def test_the_database_refuses_a_second_payout_of_a_loan(payout):
    again = PayoutPlan(
        PayoutKind.DISBURSEMENT, "D1-2", payout.customer_id, payout.card_id, 1,
        loan_id=payout.loan_id,
    )  # fmt: skip

    with pytest.raises(IntegrityError, match="payout_one_disbursement"), transaction.atomic():
        payouts.plan([again], by="t", on=DRAWN_ON, at=DRAWN_AT)
    assert Payout.objects.count() == 1


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("amount_fen", 0, "payout_signs"),
        ("kind", "refund", "payout_is_for_one_thing"),
        ("paid_fen", 5, "payout_success_has_money"),
        ("customer_id", 0, "loan_of_customer|customer_id"),
    ],
)
def test_the_database_refuses_a_payout_that_cannot_be(payout, column, value, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Payout.objects.update(**{column: value})
    assert Payout.objects.get().amount_fen == 1_000_000
