"""Finance proposes the reversal of a repayment on its page; a manager sees where it leads."""

from datetime import time

import pytest
from django.urls import reverse

from backoffice.core.models import Approval
from loans.models import Repayment, RepaymentReversal, UnappliedFunds
from tests.loans.collection.admin.test_run import person
from tests.loans.collection.admin.test_transfers import decide
from tests.loans.collection.paying import transfer
from tests.loans.conftest import day, moment
from tests.loans.days import set_clock
from tests.loans.delinquency.test_overdue_life import debit, reread

pytestmark = pytest.mark.usefixtures("committed_db")

WHOLE_FEN = 1_015_000
GIVEN = {"cause": "taken_back", "reason": "the bank has written"}


@pytest.fixture
def bill(make_bill, channel):
    made = make_bill()
    debit(made, channel, on=day(0))
    set_clock(day(0), "15:00")
    return made


def page_of(client):
    repayment = Repayment.objects.get()
    return client.get(reverse("admin:loans_repayment_change", args=[repayment.pk]))


def propose(client, **given):
    repayment = Repayment.objects.get()
    address = reverse("admin:loans_repayment_action", args=[repayment.pk, "reverse"])
    return client.post(address, GIVEN | given, follow=True)


def test_the_dialog_names_amount_and_effect(bill):
    page = page_of(person("finance")).content.decode()

    assert "10,150.00 yuan would not count any more." in page
    assert f"bill B{bill.pk}, due on {day(0)}: paid, 10,150.00 paid → billed, 0.00 paid" in page


def test_two_people_reverse_a_repayment(bill):
    propose(person("finance"))
    assert reread(bill).state == "paid"

    page = decide(person("manager"), Approval.objects.get())

    assert "paid, 10,150.00 paid" in page and "billed, 0.00 paid" in page
    assert (reread(bill).state, RepaymentReversal.objects.count()) == ("billed", 1)


def test_a_reversed_repayment_offers_no_further_reversal(bill):
    propose(person("finance"))
    decide(person("manager"), Approval.objects.get())

    assert "/action/reverse/" not in page_of(person("finance")).content.decode()
    found = RepaymentReversal.objects.get()
    address = reverse("admin:loans_repaymentreversal_change", args=[found.pk])
    assert "the bank took the money back" in person("auditor").get(address).content.decode()


def test_a_repayment_whose_surplus_went_back_offers_no_reversal(make_bill):
    transfer(make_bill(), WHOLE_FEN + 700, at=moment(day(0), time(15)))
    set_clock(day(0), "16:00")
    assert "/action/reverse/" in page_of(person("finance")).content.decode()

    UnappliedFunds.objects.update(refunded_at=moment(day(0), time(15, 30)))

    assert "/action/reverse/" not in page_of(person("finance")).content.decode()


@pytest.mark.parametrize("group", ["support", "collections", "manager"])
def test_others_propose_no_reversal(bill, group):
    assert propose(person(group)).status_code == 403
    assert Approval.objects.count() == 0


def test_a_mistake_is_offered_only_for_what_staff_entered(make_bill):
    transfer(make_bill(), 100, at=moment(day(0), time(15)))
    set_clock(day(0), "16:00")

    assert 'value="mistake"' in page_of(person("finance")).content.decode()


def test_a_mistake_is_not_offered_for_money_of_the_channel(bill):
    shown = page_of(person("finance")).content.decode()

    assert 'value="taken_back"' in shown
    assert 'value="mistake"' not in shown


def test_a_cause_that_cannot_be_is_refused_on_the_page(bill):
    answer = propose(person("finance"), cause="mistake")

    assert "nobody entered it" in answer.content.decode()
    assert Approval.objects.count() == 0
