"""Repaying a loan early: the request of a customer, and the money that the channel takes for it.

``request`` commits the order of exactly the amount that the customer authorised; the outbox sends
it and asks about it until the bank has answered. What was taken is applied like every other money:
a day that has passed meanwhile changes what it settles, never that it was taken (REPAY-4, GEN-9).
"""

import hashlib
from collections.abc import Collection
from datetime import date, datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.cards.operations.cards import CardNotBoundError
from accounts.cards.queries import USABLE
from accounts.models import BankCard, Customer, GrantPurpose, WechatAccount
from accounts.passwords.operations import authorisations
from accounts.passwords.operations.authorisations import Movement
from accounts.privacy.rules import masking
from backoffice.core import bulk
from backoffice.core.errors import NextCall, Refused
from backoffice.core.money import yuan
from backoffice.platform import idempotency, outbox
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.queries.positions import position_of, terms_of
from loans.accounting.rules.codes import LoanState
from loans.accounting.rules.position import LoanPosition
from loans.accounting.rules.reasons import LoanActor
from loans.collection.operations import orders, results
from loans.collection.operations.offers import CardDayLimitError
from loans.collection.queries import card_limits
from loans.gateways.channel import Channel
from loans.models import DebitOrder, DebitOrderState, Loan, OrderPurpose, Origin
from loans.models.debit import ASKED_STATES, OPEN_ORDER_STATES
from loans.policy import LoanTerms
from loans.repayment.rules.settlement import (
    OPEN_STATES,
    EarlyQuote,
    prepayment_quote,
    settlement_quote,
)

TOPIC = "loans.early-repayment"
# The channel has prepared the payment, and the customer has not confirmed it yet.
_WAITS = Q(state__in=ASKED_STATES, sheet__isnull=False)
SWEPT_MAX = 500
_KEY_DIGITS = 32


class LoanNotOpenError(Refused):
    """The loan is not paid out yet, or nothing of it can be repaid any more."""

    status = HTTPStatus.CONFLICT
    code = "loan-not-open"
    message = _("This loan cannot be repaid: it is not open.")
    remedy = _("Read the loan to see its state.")


class LoanChargedOffError(Refused):
    """The loan is charged off: it is overdue, and its bills ask for what is owed (OPS-3)."""

    status = HTTPStatus.CONFLICT
    code = "loan-charged-off"
    message = _("This loan is charged off: it is repaid through its bills, not early.")
    remedy = _(
        "Pay the bill that asks for the loan, in part or as a whole; paying it costs no fee."
    )
    calls = (
        NextCall("list-bills", "GET", "/api/v1/bills"),
        NextCall("pay-bill", "POST", "/api/v1/bills/{id}/payments"),
    )


class EarlyRepaymentUnderWayError(Refused):
    """An earlier settlement or prepayment of the loan has no answer of the bank yet."""

    status = HTTPStatus.CONFLICT
    code = "early-repayment-under-way"
    message = _("A repayment of this loan is under way.")
    remedy = _("Wait for its result, which takes a minute as a rule, or confirm it in WeChat.")


class PlanPrepaidError(Refused):
    """A plan is settled whole; only a bullet loan may be prepaid in part (REPAY-4)."""

    status = HTTPStatus.CONFLICT
    code = "plan-not-prepaid"
    message = _("An instalment plan is repaid early as a whole.")
    remedy = _("Settle the whole loan, or pay each bill when it is due.")
    calls = (NextCall("settle", "POST", "/api/v1/loans/{id}/settlement"),)


class BilledLoanPrepaidError(Refused):
    """A bill asks for the loan already: paying the bill is free of charge (REPAY-3)."""

    status = HTTPStatus.CONFLICT
    code = "loan-billed"
    message = _("A bill asks for this loan already; paying it costs no fee.")
    remedy = _("Pay the bill, in part or as a whole.")
    calls = (NextCall("pay-bill", "POST", "/api/v1/bills/{id}/payments"),)


class PrepaymentTooSmallError(Refused):
    """A prepayment is at least 100.00 of principal (REPAY-4)."""

    status = HTTPStatus.CONFLICT
    public_facts = ("least_fen",)
    code = "prepayment-too-small"
    message = _("A prepayment repays at least {least} yuan of principal.")
    remedy = _("Prepay more, or settle the whole loan.")


class PrepaymentWholeError(Refused):
    """A prepayment of all principal or more is a settlement."""

    status = HTTPStatus.CONFLICT
    public_facts = ("principal_fen",)
    code = "prepayment-of-everything"
    message = _("The principal of this loan is {principal} yuan; that much is a settlement.")
    remedy = _("Settle the whole loan.")
    calls = (NextCall("settle", "POST", "/api/v1/loans/{id}/settlement"),)


class StillUnansweredError(Exception):
    """The bank has not reported what became of an order; the outbox comes again."""


class EarlyRequest(NamedTuple):
    """What a customer repays early: a loan, or some principal of a bullet.

    ``payer`` is the bound card that pays, or the WeChat account that confirms the payment; ``key``
    is that of the client, unique for the customer.
    """

    customer: Customer
    loan: Loan
    payer: BankCard | WechatAccount
    authorisation_id: UUID
    key: str
    principal_fen: int | None = None

    @property
    def purpose(self) -> OrderPurpose:
        """Return what the order asks money for."""
        return OrderPurpose.SETTLEMENT if self.principal_fen is None else OrderPurpose.PREPAYMENT

    @property
    def card(self) -> BankCard | None:
        """Return the card that pays, if one does."""
        return self.payer if isinstance(self.payer, BankCard) else None

    @property
    def wechat_account(self) -> WechatAccount | None:
        """Return the account that confirms the payment in WeChat, if one does."""
        return self.payer if isinstance(self.payer, WechatAccount) else None

    @property
    def number(self) -> str:
        """Return the number of the order: the same key is the same order."""
        digest = hashlib.sha256(f"{self.customer.pk}:{self.key}".encode()).hexdigest()
        return f"L{self.loan.pk}-{digest[:_KEY_DIGITS]}"


@transaction.atomic(durable=True)
@idempotency.replies
def request(ask: EarlyRequest, *, by: str, on: date, at: datetime, wall_at: datetime) -> DebitOrder:
    """Order the money that repays a loan early: exactly what it takes on ``on`` (REPAY-3, REPAY-4).

    The same ``key`` is the same order. Nothing is sent before the commit.

    Raises:
        LoanNotOpenError: the loan is not open.
        LoanChargedOffError: the loan is charged off; its bills are paid instead.
        EarlyRepaymentUnderWayError: another order for the loan has no answer yet.
        PlanPrepaidError, BilledLoanPrepaidError, PrepaymentTooSmallError, PrepaymentWholeError:
            the loan cannot be prepaid in part, or not by this amount.
        cards.CardNotBoundError: the bank has not confirmed the card, or it is not bound any more.
        offers.CardDayLimitError: the card's account gives less that day.
        authorisations.AuthorisationUnknownError, AuthorisationSpentError,
        AuthorisationOtherError, AuthorisationExpiredError: no grant of exactly this amount.
        idempotency.KeyReusedError: the key is that of an earlier order with other values.
    """
    batch = LoanBatch.lock_loans({ask.loan.pk})
    made = orders.with_payer(DebitOrder.objects.filter(number=ask.number)).first()
    if made is not None:
        if (made.card, made.wechat_account, made.principal_fen) != (
            ask.card, ask.wechat_account, ask.principal_fen,
        ):  # fmt: skip
            raise idempotency.KeyReusedError
        return made

    amount_fen = _quoted(batch, ask, on=on).total_fen
    if DebitOrder.objects.filter(loan=ask.loan, state__in=OPEN_ORDER_STATES).exists():
        raise EarlyRepaymentUnderWayError
    if ask.card is not None:
        _require_card(ask.card, amount_fen, on=on)
    movement = Movement(ask.customer, GrantPurpose.SETTLEMENT, amount_fen)
    authorisations.use(ask.authorisation_id, movement=movement, by=by, at=at, wall_at=wall_at)

    order = bulk.new(
        DebitOrder,
        number=ask.number,
        purpose=ask.purpose,
        loan_id=ask.loan.pk,
        customer_id=ask.customer.pk,
        card_id=ask.card and ask.card.pk,
        wechat_account_id=ask.wechat_account and ask.wechat_account.pk,
        expires_at=ask.wechat_account and orders.confirmed_until(on=on, at=at),
        state=DebitOrderState.SENT,
        origin=Origin.CUSTOMER,
        cycle=1,
        attempt=1,
        business_date=on,
        amount_fen=amount_fen,
        principal_fen=ask.principal_fen,
        requested_by=by,
        asked_at=at,
    )
    order.save(force_insert=True)
    outbox.post([outbox.Message(TOPIC, order.number, {"id": order.pk})], at=at)
    outbox.deliver_soon()
    return DebitOrder.objects.get(pk=order.pk)


def require_open(state: str) -> None:
    """Refuse a loan in a state in which it is not repaid early.

    Raises:
        LoanNotOpenError: the loan is not open.
        LoanChargedOffError: the loan is charged off; its bills are paid instead.
    """
    if state == LoanState.CHARGED_OFF:
        raise LoanChargedOffError
    if state not in OPEN_STATES:
        raise LoanNotOpenError


def _quoted(batch: LoanBatch, ask: EarlyRequest, *, on: date) -> EarlyQuote:
    """Return what the request takes on a day, or refuse it."""
    loan = batch.position.loans[ask.loan.pk]
    require_open(loan.state)
    on = max(on, loan.accrued_on)
    if ask.principal_fen is None:
        return settlement_quote(batch.position, ask.loan.pk, on=on, terms=batch.terms)
    return _prepaid(loan, ask.principal_fen, on=on, terms=batch.terms[ask.loan.pk])


def quote_prepayment(loan: Loan, *, principal_fen: int, on: date) -> EarlyQuote:
    """Return what prepaying some principal of a loan takes on a day; nothing is ordered (REPAY-4).

    A day before the last posting shows that posting's.

    Raises:
        LoanNotOpenError: the loan is not open.
        LoanChargedOffError: the loan is charged off; its bills are paid instead.
        PlanPrepaidError, BilledLoanPrepaidError, PrepaymentTooSmallError, PrepaymentWholeError:
            the loan cannot be prepaid in part, or not by this amount.
    """
    require_open(loan.state)
    position = position_of(loan, loan.instalments.order_by("number"))
    on = max(on, position.accrued_on)
    return _prepaid(position, principal_fen, on=on, terms=terms_of(loan.terms_id))


def _prepaid(loan: LoanPosition, principal_fen: int, *, on: date, terms: LoanTerms) -> EarlyQuote:
    _require_prepayable(loan, principal_fen, terms)
    return prepayment_quote(loan, principal_fen, on=on, terms=terms)


def _require_prepayable(loan: LoanPosition, principal_fen: int, terms: LoanTerms) -> None:
    if not loan.is_bullet:
        raise PlanPrepaidError
    if any(part.bill_id is not None for part in loan.parts):
        raise BilledLoanPrepaidError
    if principal_fen < terms.prepayment_min_fen:
        least_fen = terms.prepayment_min_fen
        raise PrepaymentTooSmallError(least=yuan(least_fen), least_fen=least_fen)
    if principal_fen >= loan.principal_fen:
        owed_fen = loan.principal_fen
        raise PrepaymentWholeError(principal=yuan(owed_fen), principal_fen=owed_fen)


def _require_card(card: BankCard, amount_fen: int, *, on: date) -> None:
    """Hold the card, so that two payments at once share what its day limit gives."""
    cards = BankCard.objects.select_for_update(no_key=True).filter(pk=card.pk)
    if not cards.filter(state__in=USABLE).exists():
        raise CardNotBoundError(card=masking.card(card.last_four))
    limit = card_limits.of_day(card.pk, customer_id=card.customer_id, on=on)
    if limit is not None and amount_fen > limit.left_fen:
        raise CardDayLimitError(
            account_class=limit.account_class,
            limit=yuan(limit.limit_fen),
            limit_fen=limit.limit_fen,
            left=yuan(limit.left_fen),
            left_fen=limit.left_fen,
        )


def send(
    order_ids: Collection[int], *, by: str, channel: Channel, at: datetime
) -> results.Recorded:
    """Send orders for loans, or ask about those that were sent, and record the answers."""
    waiting = DebitOrder.objects.filter(
        pk__in=order_ids, loan__isnull=False, state__in=OPEN_ORDER_STATES
    )
    rows = orders.with_payer(waiting).order_by("pk")
    # The channel is asked by number first: a repeated message sends nothing twice.
    prepared = [orders.prepared_of(one, is_new=False) for one in rows]
    if not prepared:
        return results.Recorded()
    return results.record(orders.ask(prepared, channel=channel, at=at), by=by, at=at)


def deliver(order_id: int, *, channel: Channel, at: datetime) -> None:
    """Send an order for the outbox, which comes again as long as this raises.

    One that waits for its customer in WeChat is delivered: ``sweep`` asks what becomes of it.

    Raises:
        StillUnansweredError: the bank has not reported what became of it.
    """
    send([order_id], by=LoanActor.CHANNEL, channel=channel, at=at)
    mine = DebitOrder.objects.filter(pk=order_id, state__in=OPEN_ORDER_STATES)
    if mine.exclude(_WAITS).exists():
        raise StillUnansweredError(f"order {order_id} has no final answer")


def sweep(*, by: str, channel: Channel, at: datetime) -> results.Recorded:
    """Ask about the orders that customers confirm in WeChat, and close those whose time is over."""
    waiting = DebitOrder.objects.filter(_WAITS, loan__isnull=False).order_by("expires_at", "pk")
    order_ids = list(waiting.values_list("pk", flat=True)[:SWEPT_MAX])
    return send(order_ids, by=by, channel=channel, at=at)
