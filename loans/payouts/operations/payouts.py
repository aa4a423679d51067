"""Payouts: planned with their fact, sent after it has committed, asked about until it is final.

``plan`` writes a payout in the transaction of what it follows from. ``prepare`` commits that it
may leave, ``ask`` talks to the channel outside any transaction, and ``store`` keeps the answer in
the transaction of its effects, which the package that owns the fact decides: a disbursement in
``loans.contracts``, a refund in ``loans.repayment``. A payout that was sent is asked about by its
number; only where the channel never saw it is it sent again, under the same number. Money is never
sent twice for one fact, because no second number is made while one is open (REPAY-2, REPAY-8).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction

from backoffice.core import bulk, clock, workflow
from loans.accounting.rules.reasons import LoanReason
from loans.gateways.channel import (
    Answer,
    Channel,
    ChannelFault,
    Outcome,
    PayoutRequest,
    RefundRequest,
    unanswered,
)
from loans.models import Payout, PayoutState
from loans.models.payout import OPEN_PAYOUT_STATES
from loans.payouts.rules.payout_codes import NEVER_SENT
from loans.payouts.rules.resending import ON_ITS_WAY, is_given_up


class PayoutPlan(NamedTuple):
    """A payout to be: for a loan or for unapplied funds, to which card, how many fen.

    Without a card it is the refund of a payment inside WeChat, and goes the way it came.
    """

    kind: str
    number: str
    customer_id: int
    card_id: int | None
    amount_fen: int
    loan_id: int | None = None
    unapplied_id: int | None = None


class PreparedPayout(NamedTuple):
    """A payout and the account it goes to, or the number of the payment that it returns.

    One that is not new was perhaps sent before.
    """

    payout: Payout
    target: str
    is_new: bool

    @property
    def is_to_wechat(self) -> bool:
        """Return whether the money goes back the way it came: no card is involved."""
        return self.payout.card_id is None


class PaidOut(NamedTuple):
    """The payouts whose state an answer changed; not those that were in it before."""

    succeeded: list[Payout]
    failed: list[Payout]
    unknown: list[Payout]


Recorder = Callable[[Sequence[Answer]], None]


def plan(plans: Sequence[PayoutPlan], *, by: str, on: date, at: datetime) -> list[Payout]:
    """Write payouts down in the caller's transaction; nothing is sent before it has committed."""
    assert connection.in_atomic_block, "a payout is planned in the transaction of its fact"
    return Payout.objects.bulk_create(planned(one, by=by, on=on, at=at) for one in plans)


def planned(plan: PayoutPlan, *, by: str, on: date, at: datetime) -> Payout:
    """Return a planned payout for the caller to insert with the fact that it follows from."""
    return Payout(**plan._asdict(), business_date=on, requested_by=by, planned_at=at)


def pay(
    payout_ids: Collection[int], *, record: Recorder, channel: Channel, by: str, at: datetime
) -> None:
    """Send what is planned, ask about what was sent, and let ``record`` keep the answers."""
    answers = ask(prepare(payout_ids, by=by, at=at), channel=channel, at=at)
    if answers:
        record(answers)


@transaction.atomic(durable=True)
def prepare(payout_ids: Collection[int], *, by: str, at: datetime) -> list[PreparedPayout]:
    """Commit that the planned ones may leave; return every one of them that is open."""
    found = Payout.objects.filter(pk__any=bulk.Of(payout_ids), state__in=OPEN_PAYOUT_STATES)
    locked = list(
        found.select_for_update(of=("self",))
        .select_related("card", "unapplied__repayment__order")
        .defer("card__number", "card__phone")
        .order_by("pk")
    )
    planned = [one for one in locked if one.state == PayoutState.PLANNED]
    workflow.move(planned, "send", by=by, reason=LoanReason.MONEY_SENT, at=at)
    workflow.save(planned, "asked_at")
    new = {one.pk for one in planned}
    return [PreparedPayout(one, _target(one), one.pk in new) for one in locked]


def _target(payout: Payout) -> str:
    """Return the account of the card, or the number of the payment inside WeChat."""
    if payout.card is not None:
        return payout.card.account
    assert payout.unapplied is not None, "without a card only money that waited goes back"
    return payout.unapplied.repayment.order.number


def ask(prepared: Sequence[PreparedPayout], *, channel: Channel, at: datetime) -> list[Answer]:
    """Let the channel pay; a time-out answers ``unknown``, never raises for the others.

    Payouts that are not new are asked about by their number first. One that the channel never saw
    is sent again under that number, or given up as ``NEVER_SENT`` where it is not wanted any more.
    """
    assert not connection.in_atomic_block, "the channel is never asked inside a transaction"
    sent = [one for one in prepared if not one.is_new]
    found = channel.query_payouts([one.payout.number for one in sent]) if sent else []
    answers = [answer for answer in found if answer is not None]
    unseen = [one for one, answer in zip(sent, found, strict=True) if answer is None]
    given_up = [one for one in unseen if is_given_up(one.payout.kind, one.payout.planned_at, at=at)]
    answers += [_given_up(one.payout, at=at) for one in given_up]
    to_send = [one for one in prepared if one.is_new]
    to_send += [one for one in unseen if one not in given_up]
    payouts = [
        PayoutRequest(one.payout.number, one.target, one.payout.amount_fen, at)
        for one in to_send if not one.is_to_wechat
    ]  # fmt: skip
    refunds = [
        RefundRequest(one.payout.number, one.target, one.payout.amount_fen, at)
        for one in to_send if one.is_to_wechat
    ]  # fmt: skip
    answers += channel.pay_out(payouts) if payouts else []
    return answers + (channel.refund(refunds) if refunds else [])


def _given_up(payout: Payout, *, at: datetime) -> Answer:
    """Return our own answer for a payout that never left and shall not any more."""
    if payout.asked_at is not None and at - payout.asked_at < ON_ITS_WAY:
        return unanswered(payout.number, ChannelFault.NO_ANSWER)
    return Answer(payout.number, Outcome.FAILED, NEVER_SENT, amount_fen=0, reference="", at=at)


def store(answers: Mapping[str, Answer], *, by: str, at: datetime) -> PaidOut:
    """Lock the payouts, move each once, and keep what the channel reported of it.

    The caller has locked what the payouts are for. A success is final; a refusal may still become
    one; a repeated answer changes nothing.
    """
    asked = Payout.objects.select_for_update().filter(number__any=bulk.Of(answers.keys()))
    changed = PaidOut([], [], [])
    for payout in asked.order_by("pk"):
        answer = answers[payout.number]
        if answer.outcome == Outcome.SUCCEEDED and payout.state != PayoutState.SUCCEEDED:
            payout.paid_fen, payout.paid_on = answer.amount_fen, _paid_on(payout, answer, at=at)
            changed.succeeded.append(payout)
        elif answer.outcome == Outcome.FAILED and payout.state in _MAY_FAIL:
            changed.failed.append(payout)
        elif answer.outcome == Outcome.UNKNOWN and payout.state == PayoutState.SENT:
            changed.unknown.append(payout)
        else:
            continue
        payout.code, payout.reference = answer.code, answer.reference
    workflow.move(changed.succeeded, "succeed", by=by, reason=LoanReason.MONEY_PAID_OUT, at=at)
    workflow.move(changed.failed, "fail", by=by, reason=LoanReason.PAYOUT_REFUSED, at=at)
    workflow.move(changed.unknown, "mark_unknown", by=by, reason=LoanReason.NO_CLEAR_ANSWER, at=at)
    moved = [*changed.succeeded, *changed.failed, *changed.unknown]
    workflow.save(moved, "code", "reference", "paid_fen", "paid_on", "answered_at")
    return changed


_MAY_FAIL = (PayoutState.SENT, PayoutState.UNKNOWN)


def _paid_on(payout: Payout, answer: Answer, *, at: datetime) -> date:
    """Return the day on which the bank paid: not after we learn of it, not before we asked.

    A channel's clock opens no day that has not come, and pays nothing before it was asked.
    """
    paid_at = min(answer.at or at, at)
    return clock.day_of(max(paid_at, payout.asked_at) if payout.asked_at else paid_at)
