"""Refunds: money that was not owed goes back to the customer, the way it came (REPAY-8).

That is the card that paid, or WeChat, else another card of the customer. A job plans refunds of
what has waited since before its day, so that money a later bill or a correction needs is not sent
away within the hour. A refund that failed for a passing cause is planned again by the next day's
job under its next number; one that cannot be received waits for a person, who sends it again once
the customer has another card, or to a card what WeChat could not return.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.cards import queries as card_queries
from accounts.models import BankCard
from backoffice.core import bulk, clock
from backoffice.core.errors import Refused
from backoffice.platform import outbox, work_queue
from backoffice.platform.work_queue import Queue
from loans.accounting.operations import ledger, postings
from loans.accounting.rules.reasons import LoanActor
from loans.gateways.channel import Answer, Channel
from loans.models import Payout, PayoutKind, PayoutState, UnappliedFunds
from loans.models.payout import OPEN_PAYOUT_STATES
from loans.payouts.operations import payouts
from loans.payouts.operations.payouts import PayoutPlan
from loans.payouts.queries import number_of
from loans.payouts.rules import payout_codes
from loans.payouts.rules.payout_codes import Fault

TOPIC = "loans.refund"
WORK_QUEUE = Queue(
    name="refunds",
    title=_("refunds that could not be paid out"),
    sla=timedelta(days=1),
    permission="loans.retry_refund",
)


class RefundedError(Refused):
    """The money was refunded before."""

    code = "already-refunded"
    message = _("{funds} was refunded already.")
    remedy = _("Reload the page: somebody else may have decided.")


class RefundOpenError(Refused):
    """A refund of the money is on its way."""

    code = "refund-under-way"
    message = _("The refund {number} of this money has no final answer yet.")
    remedy = _("Wait for the answer of the bank: it is asked by the number of the refund.")


class NoCardForRefundError(Refused):
    """The customer has no card to which money can be paid."""

    code = "no-card-for-refund"
    message = _("The customer has no bound card to which money can be paid.")
    remedy = _("Ask the customer to bind a card, then try again.")


class StillUnrefundedError(Exception):
    """The bank has not reported what became of a refund; the outbox comes again."""


def due(*, on: date) -> list[int]:
    """Return the unapplied funds that the job of a day refunds: waiting since an earlier day.

    None of those whose refund is on its way, or failed for a cause that a person must remove.
    """
    mine = Payout.objects.filter(unapplied=OuterRef("pk"))
    waiting = (
        UnappliedFunds.objects.filter(
            refunded_at=None, waiting_since__lt=clock.moment_of(on, time())
        )
        .exclude(Exists(mine.filter(state__in=OPEN_PAYOUT_STATES)))
        .exclude(Exists(mine.filter(state=PayoutState.FAILED, code__in=_NEEDS_A_PERSON)))
    )
    return list(waiting.order_by("pk").values_list("pk", flat=True))


_NEEDS_A_PERSON = tuple(
    code for code in payout_codes.REFUSALS if not payout_codes.passes_by_itself(code)
)
_CANNOT_RECEIVE = tuple(
    code for code, refusal in payout_codes.REFUSALS.items() if refusal.fault is Fault.CARD
)


@transaction.atomic(durable=True)
def plan(unapplied_ids: Collection[int], *, by: str, on: date, at: datetime) -> list[int]:
    """Plan the refund of each of the funds that still waits; return the payouts.

    Funds whose customer has no card for it go to the work queue of refunds.
    """
    waiting = _waiting(unapplied_ids)
    cards = _destinations(waiting)
    work_queue.add([one for one in waiting if one.pk not in cards], queue=WORK_QUEUE.name, at=at)
    planned = _plan([one for one in waiting if one.pk in cards], cards, by=by, on=on, at=at)
    return [payout.pk for payout in planned]


@transaction.atomic(durable=True)
def retry(unapplied_id: int, *, by: str, reason: str, on: date, at: datetime) -> Payout:
    """Plan another refund of funds whose last one failed, as a person decided.

    Raises:
        RefundedError: the money is out already.
        RefundOpenError: a refund of it has no final answer.
        NoCardForRefundError: there is no card to pay it to.
    """
    funds = UnappliedFunds.objects.select_for_update().get(pk=unapplied_id)
    if funds.refunded_at is not None:
        raise RefundedError(funds=funds)
    under_way = funds.payouts.filter(state__in=OPEN_PAYOUT_STATES).first()
    if under_way is not None:
        raise RefundOpenError(number=under_way.number)
    cards = _destinations([funds])
    if funds.pk not in cards:
        raise NoCardForRefundError
    [payout] = _plan([funds], cards, by=by, on=on, at=at)
    work_queue.finish([funds], queue=WORK_QUEUE.name, by=by, reason=reason, at=at)
    return payout


def send(payout_ids: Collection[int], *, channel: Channel, at: datetime) -> None:
    """Send or ask about refunds, and record what the bank answers."""
    by = LoanActor.PAYOUTS
    payouts.pay(payout_ids, record=partial(record, by=by, at=at), channel=channel, by=by, at=at)


def deliver(payout_id: int, *, channel: Channel, at: datetime) -> None:
    """Send a refund for the outbox, which comes again as long as this raises.

    Raises:
        StillUnrefundedError: the bank has not reported what became of it.
    """
    send([payout_id], channel=channel, at=at)
    if Payout.objects.filter(pk=payout_id, answered_at=None).exists():
        raise StillUnrefundedError(f"payout {payout_id} has no final answer")


@transaction.atomic(durable=True)
def record(answers: Sequence[Answer], *, by: str, at: datetime) -> None:
    """Store each answer once; funds whose refund succeeded wait no longer.

    Money that is out is posted whatever we had thought of it: funds refunded twice, because a bank
    takes a refusal back, show as a difference of the reconciliation.
    """
    by_number = {answer.number: answer for answer in answers}
    asked = Payout.objects.filter(number__any=bulk.Of(by_number.keys()), kind=PayoutKind.REFUND)
    rows = bulk.rows(asked, "unapplied_id", "number")
    wanted = UnappliedFunds.objects.filter(pk__any=bulk.Of({row[0] for row in rows}))
    funds = {one.pk: one for one in wanted.select_for_update().order_by("pk")}

    changed = payouts.store({number: by_number[number] for _, number in rows}, by=by, at=at)

    refunded = [funds[one.unapplied_id] for one in changed.succeeded if one.unapplied_id]
    for one in refunded:
        one.refunded_at = one.refunded_at or at
    bulk.update(refunded, ("refunded_at",))
    ledger.post(
        [
            postings.refunded(
                one.paid_fen, on=one.paid_on, payout_id=one.pk, customer_id=one.customer_id
            )
            for one in changed.succeeded if one.paid_on is not None
        ],
        at=at,
    )  # fmt: skip
    stuck = [one for one in changed.failed if not payout_codes.passes_by_itself(one.code)]
    work_queue.add(
        [funds[one.unapplied_id] for one in stuck if one.unapplied_id],
        queue=WORK_QUEUE.name, at=at,
    )  # fmt: skip


def _waiting(unapplied_ids: Collection[int]) -> list[UnappliedFunds]:
    """Lock those of the funds that wait and whose refund is not on its way."""
    found = UnappliedFunds.objects.filter(pk__any=bulk.Of(unapplied_ids), refunded_at=None)
    locked = list(found.select_for_update().order_by("pk"))
    under_way = Payout.objects.filter(
        unapplied__any=bulk.Of(one.pk for one in locked), state__in=OPEN_PAYOUT_STATES
    )
    taken = {unapplied_id for (unapplied_id,) in bulk.rows(under_way, "unapplied_id")}
    return [one for one in locked if one.pk not in taken]


def _destinations(waiting: Sequence[UnappliedFunds]) -> dict[int, int | None]:
    """Return where each of the funds goes: to a card, or to WeChat, which is None.

    It is the card that paid, or WeChat, else the customer's default card. Any bound account can
    receive money of its holder; the class only matters for loans (ELIG-7). What WeChat could not
    return once goes to a card.
    """
    mine = UnappliedFunds.objects.filter(pk__any=bulk.Of(one.pk for one in waiting))
    paid_with = mine.filter(repayment__order__card__state__in=card_queries.USABLE)
    found: dict[int, int | None] = dict(bulk.rows(paid_with, "pk", "repayment__order__card_id"))
    refused = Payout.objects.filter(unapplied=OuterRef("pk"), card=None, code__in=_CANNOT_RECEIVE)
    in_wechat = mine.filter(repayment__order__wechat_account__isnull=False).exclude(Exists(refused))
    found |= {pk: None for (pk,) in bulk.rows(in_wechat, "pk")}
    others = [one for one in waiting if one.pk not in found]
    if others:
        usable = BankCard.objects.filter(
            customer__any=bulk.Of(one.customer_id for one in others),
            state__in=card_queries.USABLE,
        )
        of_customer: dict[int, int] = dict(
            bulk.rows(usable.order_by("is_default", "-pk"), "customer_id", "pk")
        )  # the last row of a customer holds: the default card, else the oldest
        found |= {
            one.pk: of_customer[one.customer_id] for one in others if one.customer_id in of_customer
        }
    return found


def _plan(
    waiting: Sequence[UnappliedFunds],
    cards: dict[int, int | None],
    *,
    by: str,
    on: date,
    at: datetime,
) -> list[Payout]:
    """Write the payouts down under the next number of each of the funds, and announce them."""
    earlier = Payout.objects.filter(unapplied__any=bulk.Of(one.pk for one in waiting))
    made = Counter(unapplied_id for (unapplied_id,) in bulk.rows(earlier, "unapplied_id"))
    planned = payouts.plan(
        [
            PayoutPlan(
                PayoutKind.REFUND, number_of(PayoutKind.REFUND, one.pk, made[one.pk] + 1),
                one.customer_id, cards[one.pk], one.amount_fen, unapplied_id=one.pk,
            )
            for one in waiting
        ],
        by=by, on=on, at=at,
    )  # fmt: skip
    outbox.post(
        [outbox.Message(TOPIC, payout.number, {"id": payout.pk}) for payout in planned], at=at
    )
    return planned
