"""A customer repays a loan early: what is ordered, refused, sent and taken (REPAY-3, REPAY-4)."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.cards.operations.cards import CardNotBoundError
from accounts.models import Authorisation, BankCard
from accounts.passwords.operations.authorisations import (
    AuthorisationOtherError,
    AuthorisationSpentError,
)
from backoffice.core import clock, workflow
from backoffice.core.models import OutboxMessage
from backoffice.platform.idempotency import KeyReusedError
from loans.collection.operations.offers import CardDayLimitError
from loans.models import Bill, DebitOrder, Loan, Plan, UnappliedFunds
from loans.settlement import operations
from loans.settlement.operations import EarlyRequest
from tests.loans.collection.operations.test_arrivals import unequal
from tests.loans.collection.paying import wechat_account
from tests.loans.conftest import day, moment
from tests.loans.early import grant

pytestmark = pytest.mark.usefixtures("committed_db")
ON = date(2026, 9, 11)
NOON = time(12)


def request(
    loan, amount_fen, *, principal_fen=None, on=ON, key="a", authorisation=None, payer=None
):
    authorisation = authorisation or grant(loan, amount_fen)
    ask = EarlyRequest(
        loan.customer, loan, payer or BankCard.objects.get(customer=loan.customer),
        authorisation.public_id, key, principal_fen,
    )  # fmt: skip
    return operations.request(ask, by="customer", on=on, at=moment(on, NOON), wall_at=clock.wall())


def send(order, channel, *, on=ON, at=NOON):
    operations.send([order.pk], by="system:debit-channel", channel=channel, at=moment(on, at))


def nothing_is_ordered(loan):
    assert DebitOrder.objects.count() == 0
    assert Authorisation.objects.filter(used_at__isnull=False).count() == 0
    assert Loan.objects.get(pk=loan.pk).state == "active"


def test_a_settlement_is_ordered_sent_and_taken(make_loan, channel):
    loan = make_loan()

    order = request(loan, 1_010_000)
    assert (order.state, order.purpose, order.amount_fen) == ("sent", "settlement", 1_010_000)
    assert OutboxMessage.objects.get().topic == operations.TOPIC
    send(order, channel)

    assert DebitOrder.objects.get().state == "succeeded"
    assert Loan.objects.get().state == "settled"
    assert [one.amount_fen for one in channel.submitted] == [1_010_000]
    assert unequal() == []


def test_a_message_that_comes_twice_sends_nothing_twice(make_loan, channel):
    order = request(make_loan(), 1_010_000)

    operations.deliver(order.pk, channel=channel, at=moment(ON, NOON))
    operations.deliver(order.pk, channel=channel, at=moment(ON, NOON))

    assert len(channel.submitted) == 1
    assert UnappliedFunds.objects.count() == 0


def test_an_order_without_an_answer_is_asked_about_and_never_sent_again(make_loan, channel):
    order = request(make_loan(), 1_010_000)
    channel.will_answer("acct-901", "LOST")

    with pytest.raises(operations.StillUnansweredError):
        operations.deliver(order.pk, channel=channel, at=moment(ON, NOON))
    assert DebitOrder.objects.get().state == "unknown"
    operations.deliver(order.pk, channel=channel, at=moment(ON, time(12, 5)))

    assert len(channel.submitted) == 1
    assert Loan.objects.get().state == "settled"


def test_a_refused_settlement_leaves_the_loan_as_it_was(make_loan, channel):
    loan = make_loan()
    channel.will_answer("acct-901", "NOTENOUGH")

    order = request(loan, 1_010_000)
    send(order, channel)

    assert DebitOrder.objects.get().state == "failed"
    assert Loan.objects.get().accrued_on == loan.drawn_on
    assert request(loan, 1_010_000, key="b").state == "sent"  # and may be tried again


def test_the_same_key_is_the_same_order(make_loan):
    loan = make_loan()
    first = request(loan, 1_010_000)

    assert request(loan, 1_010_000).pk == first.pk
    assert DebitOrder.objects.count() == 1
    with pytest.raises(KeyReusedError):
        request(loan, 206_000, principal_fen=200_000)


def test_a_second_repayment_waits_for_the_answer_to_the_first(make_loan):
    loan = make_loan()
    request(loan, 1_010_000)

    with pytest.raises(operations.EarlyRepaymentUnderWayError):
        request(loan, 206_000, principal_fen=200_000, key="b")

    assert DebitOrder.objects.count() == 1
    assert Authorisation.objects.filter(used_at__isnull=False).count() == 1


def test_two_settlements_at_once_make_one_order(make_loan, together):
    loan = make_loan()
    grants = [grant(loan, 1_010_000), grant(loan, 1_010_000)]

    def settle(n):
        try:
            return request(loan, 1_010_000, key=str(n), authorisation=grants[n]).state
        except operations.EarlyRepaymentUnderWayError:
            return "refused"

    assert sorted(together(2, settle)) == ["refused", "sent"]
    assert DebitOrder.objects.count() == 1


def test_the_grant_is_for_exactly_the_amount(make_loan):
    loan = make_loan()

    with pytest.raises(AuthorisationOtherError):
        request(loan, 1_010_001)

    nothing_is_ordered(loan)


def test_a_grant_serves_once(make_loan, channel):
    loan = make_loan()
    used = grant(loan, 206_000)
    order = request(loan, 206_000, principal_fen=200_000, authorisation=used)
    send(order, channel)

    with pytest.raises(AuthorisationSpentError):
        request(loan, 804_000, key="b", authorisation=used)


@pytest.mark.parametrize(
    ("principal_fen", "refusal"),
    [
        (9_999, operations.PrepaymentTooSmallError),
        (1_000_000, operations.PrepaymentWholeError),
        (1_000_001, operations.PrepaymentWholeError),
    ],
)
def test_a_prepayment_is_at_least_a_hundred_yuan_and_less_than_everything(
    make_loan, principal_fen, refusal
):
    loan = make_loan()

    with pytest.raises(refusal):
        request(loan, 1, principal_fen=principal_fen)

    nothing_is_ordered(loan)


def test_a_plan_is_not_prepaid_in_part(make_loan):
    loan = make_loan(principal_fen=1_200_000, plan=Plan.PLAN_12)

    with pytest.raises(operations.PlanPrepaidError):
        request(loan, 106_000, principal_fen=100_000)

    nothing_is_ordered(loan)


def test_what_a_bill_asks_already_is_paid_there(make_bill):
    bill = make_bill()
    [loan] = Loan.objects.all()

    with pytest.raises(operations.BilledLoanPrepaidError):
        request(loan, 113_000, principal_fen=100_000, on=day(-5))

    nothing_is_ordered(loan)
    assert Bill.objects.get(pk=bill.pk).paid_fen == 0


def test_a_settled_loan_is_not_settled_again(make_loan, channel):
    loan = make_loan()
    send(request(loan, 1_010_000), channel)

    with pytest.raises(operations.LoanNotOpenError):
        request(loan, 1_010_000, key="b")

    assert DebitOrder.objects.count() == 1


def test_a_card_that_is_not_bound_pays_nothing(make_loan):
    loan = make_loan()
    with transaction.atomic(), workflow.importing():
        BankCard.objects.update(state="unbound", is_default=False)

    with pytest.raises(CardNotBoundError):
        request(loan, 1_010_000)

    nothing_is_ordered(loan)


def test_an_account_of_class_two_gives_no_more_than_its_day_limit(make_loan):
    loan = make_loan(principal_fen=2_000_000)
    with transaction.atomic(), workflow.importing():
        BankCard.objects.update(account_class="II", state="repay_only", is_default=False)

    with pytest.raises(CardDayLimitError):
        request(loan, 2_020_000)
    request(loan, 913_495, principal_fen=899_000, key="b")

    assert DebitOrder.objects.get().amount_fen == 913_495


def test_an_order_of_another_day_never_leaves_late(make_loan, channel):
    order = request(make_loan(), 1_010_000)

    send(order, channel, on=ON + timedelta(days=1))

    assert channel.submitted == []
    order = DebitOrder.objects.get()
    assert (order.state, order.code) == ("failed", "NEVER_SENT")


def test_another_grant_of_nobody_is_unknown(make_loan):
    loan = make_loan()
    unknown = grant(loan, 1_010_000)
    unknown.public_id = uuid4()

    with pytest.raises(operations.authorisations.AuthorisationUnknownError):
        request(loan, 1_010_000, authorisation=unknown)

    nothing_is_ordered(loan)


def test_a_settlement_is_confirmed_in_wechat(make_loan, channel):
    loan = make_loan()
    order = request(loan, 1_010_000, payer=wechat_account(loan.customer))
    assert (order.state, order.card, order.expires_at) == (
        "sent", None, moment(ON, time(12, 30)),
    )  # fmt: skip

    operations.deliver(order.pk, channel=channel, at=moment(ON, NOON))
    channel.confirm(order.number, at=moment(ON, time(12, 1)))
    operations.sweep(by="system:debit-channel", channel=channel, at=moment(ON, time(12, 2)))

    assert [(one.openid, one.amount_fen) for one in channel.prepaid] == [("openid-1", 1_010_000)]
    assert (Loan.objects.get().state, DebitOrder.objects.get().state) == ("settled", "succeeded")
    assert unequal() == []


def test_a_prepayment_that_is_not_confirmed_leaves_the_loan_open_for_another(make_loan, channel):
    loan = make_loan()
    account = wechat_account(loan.customer)
    order = request(loan, 206_000, principal_fen=200_000, payer=account)
    operations.deliver(order.pk, channel=channel, at=moment(ON, NOON))
    with pytest.raises(operations.EarlyRepaymentUnderWayError):
        request(loan, 1_010_000, key="b")

    operations.sweep(by="system:debit-channel", channel=channel, at=moment(ON, time(12, 30)))

    closed = DebitOrder.objects.get()
    assert (channel.closed, closed.state, closed.code) == ([order.number], "failed", "CLOSED")
    assert Loan.objects.get().unpaid_principal_fen == 1_000_000
    assert request(loan, 1_010_000, key="b").state == "sent"


def test_a_payment_in_wechat_without_answer_is_delivered_again(make_loan, channel):
    loan = make_loan()
    channel.will_answer("openid-1", "TIMEOUT")
    order = request(loan, 1_010_000, payer=wechat_account(loan.customer))

    with pytest.raises(operations.StillUnansweredError):
        operations.deliver(order.pk, channel=channel, at=moment(ON, NOON))
    operations.sweep(by="system:debit-channel", channel=channel, at=moment(ON, NOON))

    assert (len(channel.prepaid), DebitOrder.objects.get().state) == (1, "unknown")


def test_the_key_of_a_settlement_from_a_card_is_not_one_in_wechat(make_loan):
    loan = make_loan()
    request(loan, 1_010_000)

    with pytest.raises(KeyReusedError):
        request(loan, 1_010_000, payer=wechat_account(loan.customer))

    assert DebitOrder.objects.get().card is not None
