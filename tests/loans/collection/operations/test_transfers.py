"""Bank transfers: two people book them, and their money goes the way of all money."""

from datetime import time, timedelta

import pytest
from django.db import IntegrityError

from accounts.models import Staff
from backoffice.core.models import Approval
from backoffice.platform import approvals
from backoffice.platform.approvals import NotPermittedError, SamePersonError
from loans.collection.operations import transfers
from loans.collection.operations.transfers import (
    ArrivedTransfer,
    BillNotIssuedError,
    TransferAmountError,
    TransferDayError,
    TransferKnownError,
    TransferReferenceError,
)
from loans.models import DebitOrder, Repayment, RepaymentAllocation, UnappliedFunds
from loans.reconciliation import queries as reconciliation
from tests import migrated
from tests.loans.collection.paying import transfer
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import live, payoff_fen, reread
from tests.loans.repayment.operations.test_reprocess import differences
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

AT = moment(day(0), time(15))
TABLES = ("loans_debitorder", "loans_repayment", "loans_bill", "loans_transfer")


@pytest.fixture
def bill(make_bill):
    return make_bill()


def propose(bill, amount_fen=400_000, *, by, reference="BANK-1", value_on=None):
    arrived = ArrivedTransfer(bill.pk, reference, amount_fen, value_on or day(0))
    return transfers.propose([arrived], by=by, reason="arrived", on=day(0), at=AT)


@pytest.fixture
def maker():
    return Staff.objects.create_superuser("maker")


def test_an_approved_transfer_is_an_order_without_a_card_and_settles_the_bill(bill):
    [request] = transfer(bill, 400_000, at=AT)

    order = DebitOrder.objects.get()
    assert (order.number, order.origin, order.state) == (
        f"{bill.pk}-t-{request.pk}", "transfer", "succeeded",
    )  # fmt: skip
    assert (order.card, order.run, order.reference) == (None, None, "BANK-2026-0001")
    assert (order.amount_fen, order.taken_fen, order.requested_by) == (400_000, 400_000, "maker")
    assert (Repayment.objects.get().value_on, reread(bill).paid_fen) == (day(0), 400_000)
    assert differences() == []


def test_a_proposal_books_nothing(bill, maker):
    before = contents(TABLES)

    propose(bill, by=maker)

    assert contents(TABLES) == before


def test_whoever_entered_it_does_not_approve_it(bill, maker):
    [request] = propose(bill, by=maker)

    with pytest.raises(SamePersonError):
        approvals.approve([request.pk], by=maker, reason="sure", at=AT)

    assert DebitOrder.objects.count() == 0


def test_not_everybody_enters_transfers(bill):
    with pytest.raises(NotPermittedError):
        propose(bill, by=Staff.objects.create_user("support"))

    assert Approval.objects.count() == 0


def test_a_transfer_of_a_past_day_counts_from_that_day(bill, channel):
    """Booked on D+6 with the value date D: no late fee, no penalty, no overdue record."""
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=6)
    assert reread(bill).state == "overdue"

    transfer(bill, 1_015_000, at=moment(day(6), time(15)), value_on=day(0))

    assert (reread(bill).state, reread(bill).paid_on, reread(bill).late_fee_fen) == (
        "paid", day(0), 0,
    )  # fmt: skip
    assert UnappliedFunds.objects.count() == 0
    assert differences() == []


def test_the_oldest_bill_is_settled_first(make_bill):
    older = make_bill(principal_fen=100_000)
    younger = make_bill(principal_fen=200_000, due_on=day(6), customer=older.customer)

    transfer(younger, 150_000, at=AT)

    assert (reread(older).state, reread(older).paid_fen) == ("paid", 101_500)
    assert reread(younger).paid_fen == 48_500
    assert differences() == []


def test_what_is_not_owed_waits_for_its_refund(bill):
    transfer(bill, 1_020_000, at=AT)

    assert (reread(bill).state, UnappliedFunds.objects.get().amount_fen) == ("paid", 5_000)
    assert differences() == []


def test_money_for_a_paid_bill_is_booked_too(bill):
    transfer(bill, 1_015_000, at=AT)

    transfer(bill, 700, at=AT, reference="BANK-2026-0002")

    assert UnappliedFunds.objects.get().amount_fen == 700
    assert differences() == []


@pytest.mark.parametrize("reference", ["", "123", "a b c d", "-12345", "x" * 81, "转账12345"])
def test_a_reference_is_one_that_banks_give(bill, maker, reference):
    with pytest.raises(TransferReferenceError):
        propose(bill, by=maker, reference=reference)

    assert Approval.objects.count() == 0


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_a_transfer_brings_money(bill, maker, amount_fen):
    with pytest.raises(TransferAmountError):
        propose(bill, amount_fen, by=maker)

    assert Approval.objects.count() == 0


@pytest.mark.parametrize("value_on", [day(1), day(-11)])
def test_a_value_date_is_not_ahead_nor_before_the_bill(bill, maker, value_on):
    with pytest.raises(TransferDayError):
        propose(bill, by=maker, value_on=value_on)

    assert Approval.objects.count() == 0


def test_the_day_of_the_issue_is_a_value_date(bill):
    transfer(bill, 100, at=AT, value_on=day(-10))

    assert reread(bill).last_paid_on == day(-10)
    assert differences() == []


def test_a_bill_that_is_not_there_takes_nothing(bill, maker):
    bill.pk += 1

    with pytest.raises(BillNotIssuedError):
        propose(bill, by=maker)


def test_a_reference_is_entered_once(bill, maker):
    propose(bill, by=maker)

    with pytest.raises(TransferKnownError):
        propose(bill, 300_000, by=maker)

    assert Approval.objects.count() == 1


def test_a_booked_reference_is_not_booked_again(bill, maker):
    transfer(bill, 100, at=AT, reference="BANK-1")
    before = contents(TABLES)

    with pytest.raises(TransferKnownError):
        propose(bill, by=maker)

    assert contents(TABLES) == before


def test_two_approvals_of_one_reference_book_one_transfer(bill, maker, together):
    """Two requests of one reference, as two people enter it at the same moment."""
    first = propose(bill, by=maker)[0]
    payload = {**first.payload, "amount_fen": 300_000}
    second = Approval.objects.create(
        kind=transfers.KIND, payload=payload, reason="arrived", proposed_by_id=maker.pk,
        proposed_at=AT, expires_at=AT + timedelta(days=30),
    )  # fmt: skip
    checker = Staff.objects.create_superuser("checker")

    def approve(n):
        try:
            approvals.approve([(first, second)[n].pk], by=checker, reason="seen", at=AT)
        except TransferKnownError:
            return "known"
        return "booked"

    assert sorted(together(2, approve)) == ["booked", "known"]
    assert Repayment.objects.count() == 1


def test_the_database_takes_no_transfer_that_two_people_have_not_approved(bill):
    with pytest.raises(IntegrityError, match="bank-transfer of FORGED-1: no approved request"):
        DebitOrder.objects.create(
            number="forged", bill=bill, customer=bill.customer, state="sent", origin="transfer",
            cycle=1, attempt=1, business_date=day(0), amount_fen=1, reference="FORGED-1",
            requested_by="nobody", asked_at=AT,
        )  # fmt: skip


def test_the_preview_of_a_transfer_is_what_it_leads_to(make_bill, channel):
    bill = make_bill()
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, until=6)
    arrived = ArrivedTransfer(bill.pk, "BANK-1", 1_015_100, day(0))
    before = contents(TABLES)

    found = transfers.effect(arrived, on=day(6))

    assert contents(TABLES) == before
    [(now, then)] = found.bills
    assert (now.state, then.state, then.paid_fen) == ("overdue", "paid", 1_015_000)
    assert [one.amount_fen for one in found.surpluses] == [100]


def test_reconciliation_finds_a_transfer_that_differs_from_its_approval(bill, database_name):
    transfer(bill, 400_000, at=AT)
    with migrated.owner(
        database_name
    ) as owner:  # the triggers of approvals and repayments refuse it
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE loans_repayment SET value_on = '2026-09-30'")

    found = [one for one in reconciliation.orders() if one.check == "approved = transfer"]

    assert [(one.expected_fen, one.found_fen) for one in found] == [(0, 400_000)]


def test_the_channel_states_no_transfer(bill, channel):
    transfer(bill, 400_000, at=AT)

    assert list(reconciliation.bank({}, on=day(0))) == []
    assert RepaymentAllocation.objects.count() == 1
    assert payoff_fen(bill, day(0)) == 615_000
