"""Reversal of a repayment: everything it led to is undone, and nothing else."""

from datetime import time

import pytest
from django.db import IntegrityError

from accounts.models import BankCard, Staff
from backoffice.core.models import Approval, StateChange
from backoffice.platform import approvals
from backoffice.platform.approvals import NotPermittedError, SamePersonError
from loans.collection.operations import results
from loans.delinquency.operations import end_of_day
from loans.models import (
    DebitOrder,
    Loan,
    Payout,
    Repayment,
    RepaymentReversal,
    ReversalCause,
    Transfer,
    UnappliedFunds,
)
from loans.reconciliation import queries as reconciliation
from loans.repayment.operations import refunds, reversals
from loans.repayment.operations.reversals import (
    NotEnteredError,
    RepaymentRefundedError,
    ReversalRequest,
    ReversedAlreadyError,
)
from risk.models import Conduct, CreditLine
from tests.loans.collection.paying import reverse, transfer
from tests.loans.conftest import day, moment
from tests.loans.delinquency.test_overdue_life import debit, live, pay, payoff_fen, reread
from tests.loans.repayment.issuing import issue_next
from tests.loans.repayment.operations.test_reprocess import differences
from tests.raw import contents

pytestmark = pytest.mark.usefixtures("committed_db")

WHOLE_FEN = 1_015_000
AT = moment(day(0), time(15))
TABLES = ("loans_repayment", "loans_repaymentreversal", "loans_bill", "loans_loan",
          "loans_transfer", "risk_creditline", "risk_conduct")  # fmt: skip


@pytest.fixture
def bill(make_bill):
    return make_bill()


def balances():
    return {account: fen for account, fen in reconciliation.balances().items() if fen}


def test_a_paid_bill_asks_everything_again(bill, channel):
    before = balances()
    debit(bill, channel, on=day(0))
    assert (reread(bill).state, CreditLine.objects.get().drawn_fen) == ("paid", 0)

    reverse(Repayment.objects.get(), at=AT)

    assert (reread(bill).state, reread(bill).paid_fen, reread(bill).paid_on) == ("billed", 0, None)
    loan = Loan.objects.get()
    assert (loan.state, loan.unpaid_principal_fen, loan.ended_on) == ("active", 1_000_000, None)
    assert CreditLine.objects.get().drawn_fen == 1_000_000
    assert payoff_fen(bill, day(0)) == WHOLE_FEN
    assert balances() == before
    assert differences() == []


def test_the_facts_stay_and_name_who_reversed_them(bill, channel):
    debit(bill, channel, on=day(0))

    [request] = reverse(Repayment.objects.get(), at=AT)

    found = RepaymentReversal.objects.get()
    assert (found.approval, found.cause, found.reason) == (request, "taken_back", "gone")
    assert (found.reversed_by, found.reversed_on, found.reversed_at) == ("checker", day(0), AT)
    assert DebitOrder.objects.get().state == "succeeded"
    assert Transfer.objects.filter(kind="reversal", reverses="repayment").count() == 2
    last = Repayment.objects.get().allocations.get(revision=2)
    assert (last.principal_fen, last.interest_fen) == (0, 0)


def test_a_reversal_after_days_leads_where_the_bill_would_be_without_the_money(bill, channel):
    """Paid by hand on D, taken back on D+10: with mode full and three refusals never asked."""
    pay(bill, channel, WHOLE_FEN, at=moment(day(0), time(8)))
    assert reread(bill).state == "paid"

    reverse(Repayment.objects.get(), at=moment(day(10), time(15)))

    # Nobody was debited meanwhile: the record comes with the last day that it can be put off to.
    assert (reread(bill).state, reread(bill).overdue_on) == ("overdue", day(7))
    assert Loan.objects.get().state == "overdue"
    assert CreditLine.objects.get().state == "suspended"
    assert [one.outcome for one in Conduct.objects.order_by("pk")] == ["paid", "overdue"]
    assert differences() == []


def test_the_history_of_a_bill_names_the_reversal_that_opened_it_again(bill, channel):
    debit(bill, channel, on=day(0))
    repayment = Repayment.objects.get()

    reverse(repayment, at=AT)

    moves = StateChange.objects.filter(reason="reversal-of-a-repayment").order_by("pk")
    assert [(one.target, one.actor, one.facts) for one in moves] == [
        ("billed", "checker", {"repayment": f"R{repayment.pk}"}),
        ("active", "checker", {"repayment": f"R{repayment.pk}"}),
    ]


def test_a_part_is_taken_off_and_the_rest_stays(bill, channel):
    pay(bill, channel, 300_000, at=moment(day(-2), time(8)), key="first")
    pay(bill, channel, 200_000, at=moment(day(-1), time(8)), key="second")
    first = Repayment.objects.get(amount_fen=300_000)

    reverse(first, at=AT)

    assert reread(bill).paid_fen == 200_000
    # 28 nights by D-1 were 14.50 on 10,000.00: all of it is interest and principal of the second.
    assert payoff_fen(bill, day(0)) == 1_000_000 + 14_500 - 200_000 + 407
    assert differences() == []


def test_the_other_money_goes_where_it_would_have_gone_alone(make_bill, channel):
    def life(*, is_reversed):
        bill = make_bill()
        if is_reversed:
            pay(bill, channel, 300_000, at=moment(day(-2), time(8)), key=f"first{bill.pk}")
        pay(bill, channel, 200_000, at=moment(day(-1), time(8)), key=f"second{bill.pk}")
        if is_reversed:
            reverse(Repayment.objects.get(bill=bill, amount_fen=300_000), at=AT)
        found = reread(bill)
        return (found.state, found.paid_fen, found.shortfall_fen, payoff_fen(bill, day(0)))

    assert life(is_reversed=True) == life(is_reversed=False)
    assert differences() == []


def test_money_that_waited_is_not_there_any_more(bill):
    transfer(bill, WHOLE_FEN + 700, at=AT)
    assert UnappliedFunds.objects.get().amount_fen == 700

    reverse(Repayment.objects.get(), at=AT, cause=ReversalCause.MISTAKE)

    assert (UnappliedFunds.objects.count(), reread(bill).state) == (0, "billed")
    assert differences() == []


def test_money_that_waited_pays_what_the_reversed_one_had_paid(bill, channel):
    debit(bill, channel, on=day(0))
    transfer(bill, WHOLE_FEN, at=AT)
    assert UnappliedFunds.objects.get().amount_fen == WHOLE_FEN

    reverse(Repayment.objects.get(order__origin="auto"), at=AT)

    assert (reread(bill).state, UnappliedFunds.objects.count()) == ("paid", 0)
    assert differences() == []


def refund(at):
    funds = UnappliedFunds.objects.get()
    UnappliedFunds.objects.filter(pk=funds.pk).update(refunded_at=at)


def test_refunded_money_of_the_repayment_is_not_reversed(bill):
    transfer(bill, WHOLE_FEN + 700, at=AT)
    refund(AT)
    before = contents(TABLES)

    with pytest.raises(RepaymentRefundedError):
        reverse(Repayment.objects.get(), at=AT)

    assert contents(TABLES) == before
    assert Approval.objects.filter(kind=reversals.KIND).count() == 0


def test_refunded_money_that_the_bill_would_need_is_not_spent_twice(bill, channel):
    debit(bill, channel, on=day(0))
    transfer(bill, WHOLE_FEN, at=AT)
    refund(AT)
    before = contents(TABLES)

    with pytest.raises(RepaymentRefundedError) as refused:
        reverse(Repayment.objects.get(order__origin="auto"), at=AT)

    assert refused.value.facts["amount"] == "10,150.00"
    assert contents(TABLES) == before


def test_money_whose_refund_is_on_its_way_is_not_taken_back(bill):
    transfer(bill, WHOLE_FEN + 700, at=AT)
    card = BankCard.objects.get()
    funds = UnappliedFunds.objects.get()
    refunds.plan([funds.pk], by="system:payouts", on=day(1), at=moment(day(1)))
    assert Payout.objects.get().card == card
    before = contents(TABLES)

    with pytest.raises(RepaymentRefundedError) as refused:
        reverse(Repayment.objects.get(), at=moment(day(1)))

    assert refused.value.facts["amount"] == "7.00"
    assert contents(TABLES) == before


def test_a_repayment_is_reversed_once(bill, channel):
    debit(bill, channel, on=day(0))
    reverse(Repayment.objects.get(), at=AT)
    before = contents(TABLES)

    with pytest.raises(ReversedAlreadyError):
        reverse(Repayment.objects.get(), at=AT)

    assert contents(TABLES) == before


def test_what_the_channel_reported_was_not_entered_by_mistake(bill, channel):
    debit(bill, channel, on=day(0))

    with pytest.raises(NotEnteredError):
        reverse(Repayment.objects.get(), at=AT, cause=ReversalCause.MISTAKE)

    assert Approval.objects.count() == 0


def test_whoever_proposed_it_does_not_decide(bill, channel):
    debit(bill, channel, on=day(0))
    maker = Staff.objects.create_superuser("maker")
    asked = ReversalRequest(Repayment.objects.get().pk, ReversalCause.TAKEN_BACK)
    [request] = reversals.propose([asked], by=maker, reason="gone", at=AT)

    with pytest.raises(SamePersonError):
        approvals.approve([request.pk], by=maker, reason="sure", at=AT)
    with pytest.raises(NotPermittedError):
        approvals.approve([request.pk], by=Staff.objects.create_user("other"), reason="sure", at=AT)

    assert reread(bill).state == "paid"


def test_the_database_takes_no_reversal_that_two_people_have_not_approved(bill, channel):
    debit(bill, channel, on=day(0))
    maker = Staff.objects.create_superuser("maker")
    repayment = Repayment.objects.get()
    asked = ReversalRequest(repayment.pk, ReversalCause.TAKEN_BACK)
    [request] = reversals.propose([asked], by=maker, reason="gone", at=AT)

    with pytest.raises(IntegrityError, match="no approved request"):
        RepaymentReversal.objects.create(
            repayment=repayment, customer=bill.customer, approval=request, cause="taken_back",
            reason="gone", reversed_by="maker", reversed_on=day(0), reversed_at=AT,
        )  # fmt: skip


def test_a_repeated_answer_of_the_channel_changes_nothing(bill, channel):
    debit(bill, channel, on=day(0))
    reverse(Repayment.objects.get(), at=AT)
    before = contents(TABLES)

    results.record(channel.query([DebitOrder.objects.get().number]), by="test", at=AT)

    assert contents(TABLES) == before


def test_the_bill_is_debited_again_under_a_number_of_its_own(bill, channel):
    debit(bill, channel, on=day(0))
    reverse(Repayment.objects.get(), at=AT)
    end_of_day.close([bill.pk], by="test", on=day(1), at=moment(day(1), time(0, 5)))

    debit(bill, channel, on=day(1))

    numbers = [one.number for one in DebitOrder.objects.order_by("pk")]
    assert numbers == [f"{bill.pk}-1-1-1", f"{bill.pk}-1-1-2"]
    assert reread(bill).state == "paid"
    assert differences() == []


def test_a_bill_that_was_reported_paid_is_reported_again_when_it_ends_otherwise(bill, channel):
    debit(bill, channel, on=day(0))
    reverse(Repayment.objects.get(), at=AT)
    channel.will_answer("acct-1", "NOTENOUGH")
    live(bill, channel, first=1, until=8)

    assert reread(bill).state == "overdue"
    assert [one.outcome for one in Conduct.objects.order_by("pk")] == ["paid", "overdue"]


def test_a_later_bill_takes_over_more(make_bill, channel):
    """The minimum of 1,015.00 paid on D and 1,000.00 on 10-10, of which the bank takes 1,000 back:
    the later bill asks what it would have asked without them."""
    bill = make_bill(mode="off")
    pay(bill, channel, 101_500, at=moment(day(0), time(10)), key="minimum")
    end_of_day.close([bill.pk], by="test", on=day(1), at=moment(day(1), time(0, 5)))
    pay(bill, channel, 100_000, at=moment(day(9), time(8)), key="more")
    later = issue_next(bill)
    assert later.total_fen == 819_666 + 13_524

    reverse(Repayment.objects.get(amount_fen=100_000), at=moment(day(24), time(15)))

    assert reread(later).total_fen == 913_500 + 21_239
    assert (reread(bill).state, reread(bill).paid_fen) == ("min_paid", 101_500)
    assert differences() == []


def test_a_reversed_payment_of_the_oldest_bill_takes_money_of_a_younger_one(make_bill, channel):
    older = make_bill(principal_fen=100_000)
    younger = make_bill(principal_fen=200_000, due_on=day(6), customer=older.customer)
    pay(older, channel, 101_350, at=moment(day(-3)), key="older")
    pay(younger, channel, 150_000, at=moment(day(-2)), key="younger")
    assert reread(older).state == "paid"

    reverse(Repayment.objects.get(amount_fen=101_350), at=AT)

    # As if 1,500.00 had come alone on D-2: the older bill first, 1,014.00 with 28 nights.
    assert (reread(older).state, reread(older).paid_fen) == ("paid", 101_400)
    assert reread(younger).paid_fen == 48_600
    assert differences() == []


def test_the_preview_is_what_the_reversal_leads_to(bill, channel):
    debit(bill, channel, on=day(0))
    before = contents(TABLES)

    [(now, then)] = reversals.effect(Repayment.objects.get(), on=day(5)).bills

    assert contents(TABLES) == before
    assert (now.state, now.paid_fen) == ("paid", WHOLE_FEN)
    assert (then.state, then.paid_fen) == ("grace", 0)


def test_the_bank_still_states_a_success_that_it_took_back_later(bill, channel):
    debit(bill, channel, on=day(0))
    number = DebitOrder.objects.get().number
    reverse(Repayment.objects.get(), at=AT)

    assert list(reconciliation.bank({number: WHOLE_FEN}, on=day(0))) == []
