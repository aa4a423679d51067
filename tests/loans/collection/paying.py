"""What the tests of payments by hand share: cards, requests, and reading again."""

from django.db import transaction

from accounts.models import BankCard, BankCardState, Staff, WechatAccount
from backoffice.core import clock, workflow
from backoffice.core.crypto import blind
from backoffice.platform import approvals
from loans.collection.operations import payments, transfers
from loans.collection.operations.transfers import ArrivedTransfer
from loans.models import DebitOrder, ReversalCause
from loans.repayment.operations import reversals
from loans.repayment.operations.reversals import ReversalRequest
from tests.loans.conftest import moment


def bind(customer, n=77, *, state=BankCardState.ACTIVE, account_class="I"):
    """Bind another card, which no mandate names."""
    with transaction.atomic(), workflow.importing():
        return BankCard.objects.create(
            customer=customer,
            state=state,
            number=f"621700002000{n:07}",
            number_blind=(1_000 + n).to_bytes(16, "big"),
            last_four=f"{n:04}",
            bank="工商银行",
            account=f"other-{n}",
            account_class=account_class,
            is_default=False,
            bound_at=moment(clock.day_of(customer.registered_at)),
        )


def wechat_account(customer, openid="openid-1"):
    """Bind a WeChat account with which the customer confirms payments."""
    return WechatAccount.objects.create(
        customer=customer, openid=openid, openid_blind=blind(openid, "openid"), seat=1,
        bound_at=moment(clock.day_of(customer.registered_at)),
    )  # fmt: skip


def request(bill, amount_fen, *, card, at, key="key"):
    return payments.request(
        bill, amount_fen=amount_fen, payer=card, key=key, by="customer:1",
        on=clock.day_of(at), at=at,
    )  # fmt: skip


def send(channel, *orders, at):
    return payments.send(
        [one.pk for one in orders], by="system:debit-channel", channel=channel, at=at
    )


def state_of(order):
    return DebitOrder.objects.get(pk=order.pk).state


def approved(propose):
    """Let one person propose and another approve; return the requests."""
    maker, checker = (
        Staff.objects.filter(username=name).first() or Staff.objects.create_superuser(name)
        for name in ("maker", "checker")
    )
    made = propose(maker)
    ids = [one.pk for one in made]
    approvals.approve(ids, by=checker, reason="seen in the list", at=made[0].proposed_at)
    return made


def transfer(bill, amount_fen, *, at, value_on=None, reference="BANK-2026-0001"):
    """Book a bank transfer, as two people do."""
    on = clock.day_of(at)
    arrived = ArrivedTransfer(bill.pk, reference, amount_fen, value_on or on)
    return approved(
        lambda maker: transfers.propose([arrived], by=maker, reason="arrived", on=on, at=at)
    )


def reverse(repayment, *, at, cause=ReversalCause.TAKEN_BACK):
    """Reverse a repayment, as two people do."""
    asked = ReversalRequest(repayment.pk, cause)
    return approved(lambda maker: reversals.propose([asked], by=maker, reason="gone", at=at))
