"""A drawdown: a confirmed cost sheet becomes a loan whose money is ordered to be paid out.

Everything that the customer gave is used up in one transaction: the cost sheet, the one-time
authorisation, the available amount of the line. The loan waits for its money (``disbursing``), and
the payout leaves after the commit (``loans.contracts.operations.disbursement``). Two drawdowns at
once meet at the line: one conditional statement reserves what is usable, so that the last fen is
drawn once.

A customer waits for it, so what it makes is written by few statements: ids are taken first, one
statement inserts every new row, and one COPY writes every change of a state.
"""

from datetime import date
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.cards.operations import cards
from accounts.models import Authorisation, BankCard, BankCardState, GrantPurpose
from accounts.onboarding.context import RequestContext
from accounts.passwords.operations import authorisations
from accounts.passwords.operations.authorisations import Movement
from accounts.privacy.rules import masking
from backoffice.core import bulk, workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.core.policy import current
from backoffice.platform import idempotency, outbox
from loans.accounting.queries.positions import terms_of
from loans.accounting.rules.codes import Accrual, Plan
from loans.accounting.rules.reasons import LoanReason
from loans.contracts.operations import disbursement, offers, quotes
from loans.contracts.operations.quotes import QuoteUse
from loans.contracts.rules import agreement, plans, purposes, scenarios
from loans.contracts.rules.agreement import AgreedLoan
from loans.contracts.rules.purposes import LoanPurpose
from loans.models import (
    Instalment,
    Loan,
    LoanAgreement,
    Payout,
    PayoutKind,
    Quote,
    QuotePurpose,
)
from loans.models.loan import PLANS, PURPOSES
from loans.payouts.operations import payouts
from loans.payouts.operations.payouts import PayoutPlan
from loans.payouts.queries import number_of
from loans.policy import QuotePolicy
from risk.lines.operations import counters as lines
from risk.lines.operations.counters import LineExhaustedError


class PurposeForbiddenError(Refused):
    """A loan may not be used for property, stocks, investment or other loans (LAW-22)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("purpose",)
    code = "purpose-forbidden"
    message = _("A loan may not be used for this purpose.")
    remedy = _("Draw only for consumption, and state what it is for.")


class PurposeOtherError(Refused):
    """The cost sheet has the preferred rate of another purpose (RATE-10)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("scenario",)
    code = "purpose-not-of-quote"
    message = _("This cost sheet has the preferred rate of another purpose.")
    remedy = _("State the purpose of the cost sheet, or ask for a new one.")
    calls = (NextCall("ask-quote", "POST", "/api/v1/quotes"),)


REFUSALS = (
    *quotes.USE_REFUSALS,
    *offers.DRAW_REFUSALS,
    PurposeForbiddenError,
    PurposeOtherError,
    cards.CardUnknownError,
    cards.CardNotActiveError,
    LineExhaustedError,
    authorisations.AuthorisationUnknownError,
    authorisations.AuthorisationSpentError,
    authorisations.AuthorisationOtherError,
    authorisations.AuthorisationExpiredError,
)


class Drawdown(NamedTuple):
    """What a customer sends to draw: public ids of what was given before, and the purpose."""

    quote_id: UUID
    card_id: UUID
    authorisation_id: UUID
    purpose: LoanPurpose


@transaction.atomic(durable=True)
@idempotency.replies
@workflow.in_one_copy()
def draw(request: Drawdown, *, context: RequestContext) -> Loan:
    """Make a loan under a confirmed cost sheet and order its money (REPAY-1, REPAY-2).

    The same request again finds its cost sheet and its authorisation used: nothing is drawn twice.

    Raises:
        PurposeForbiddenError: property, stocks, investment, other loans (LAW-22).
        quotes.QuoteUnknownError, quotes.QuoteOtherError, quotes.QuoteNotConfirmedError,
        quotes.QuoteUsedError, quotes.QuoteExpiredError: the cost sheet cannot be used.
        PurposeOtherError: it has the preferred rate of another purpose (RATE-10).
        cards.CardUnknownError: the customer has no such card.
        cards.CardNotActiveError: it cannot receive loans (ELIG-7).
        offers.NoLineError, offers.LineStoppedError, offers.BillUnpaidError,
        offers.DebitPendingError: nothing can be drawn now (REPAY-18).
        LineExhaustedError: the line has less left (LIMIT-9).
        authorisations.AuthorisationUnknownError, authorisations.AuthorisationSpentError,
        authorisations.AuthorisationOtherError, authorisations.AuthorisationExpiredError:
            the grant is not one for exactly this amount.
    """
    if not purposes.is_allowed(request.purpose):
        raise PurposeForbiddenError(purpose=request.purpose)
    by, at, customer = context.by, context.at, context.customer
    [quote] = quotes.lock([QuoteUse(request.quote_id, customer.pk, QuotePurpose.DRAWDOWN)], at=at)
    if quote.scenario not in ("", request.purpose):
        raise PurposeOtherError(scenario=quote.scenario)
    card = _card(request.card_id, context=context)
    line = offers.require_drawable(context)

    lines.reserve(line.pk, amount_fen=quote.amount_fen)
    movement = Movement(customer, GrantPurpose.DRAWDOWN, quote.amount_fen)
    grant = authorisations.use(
        request.authorisation_id, movement=movement, by=by, at=at, wall_at=context.wall_at
    )

    drawn = _Drawn(quote, card, line.pk, grant, request.purpose)
    loan = _store(drawn, context=context)
    quotes.spend([(quote, loan)], by=by, at=at)
    return loan


class _Drawn(NamedTuple):
    """What a loan is made of: everything is locked, reserved and used up."""

    quote: Quote
    card: BankCard
    line_id: int
    grant: Authorisation
    purpose: LoanPurpose


def _card(public_id: UUID, *, context: RequestContext) -> BankCard:
    """Lock the card of the customer on which the money is to arrive; read its holder with it."""
    mine = BankCard.objects.filter(customer=context.customer.pk, public_id=public_id)
    with_holder = mine.select_related("customer").only(*_CARD, *_HOLDER)
    card = with_holder.select_for_update(of=("self",)).first()
    if card is None or card.state == BankCardState.UNBOUND:
        raise cards.CardUnknownError
    if card.state != BankCardState.ACTIVE:
        raise cards.CardNotActiveError(card=card)
    return card


_CARD = ("customer", "state", "public_id", "bank", "last_four")
_HOLDER = ("customer__name", "customer__id_number")


def _store(drawn: _Drawn, *, context: RequestContext) -> Loan:
    """Write the loan with all that follows from it, in one statement; return the loan.

    Its instalments, the signed agreement, the hold on its card, the payout, and the message that
    lets the payout leave once this has committed.
    """
    loan_id, payout_id = bulk.next_ids(Loan, Payout)
    loan = _loan(loan_id, drawn, context=context)
    holder = disbursement.holder_of(loan_id)
    hold = cards.new_hold(drawn.card, holder=holder, by=context.by, at=context.at)
    payout = _payout(payout_id, loan, context=context)
    message = outbox.new(disbursement.message_of(payout), at=context.at)

    instalments = _instalments(loan, drawn.quote)
    agreement = _agreement(loan, drawn, context=context)
    bulk.store([loan], instalments, [agreement], [hold], [payout], [message])
    outbox.deliver_soon()
    workflow.save_changes([loan])
    return loan


def _loan(loan_id: int, drawn: _Drawn, *, context: RequestContext) -> Loan:
    """Return the loan of the sheet, whose money was ordered; nothing is owed yet."""
    quote = drawn.quote
    loan = Loan(
        id=loan_id,
        public_id=uuid4(),
        customer_id=quote.customer_id,
        line_id=drawn.line_id,
        terms_id=quote.terms_id,
        plan=quote.plan,
        principal_fen=quote.amount_fen,
        daily_rate_ppm=quote.daily_rate_ppm,
        rate_factor_permille=quote.factor_permille,
        proof_until_on=_proof_until_on(quote),
        purpose=drawn.purpose.value,
        card=drawn.card,
        drawn_on=quote.drawn_on,
        unpaid_principal_fen=0,
        accrued_on=quote.drawn_on,
    )
    reason = LoanReason.DRAWN_BY_CUSTOMER
    workflow.move([loan], "disburse", by=context.by, reason=reason, at=context.at)
    return loan


def _instalments(loan: Loan, quote: Quote) -> list[Instalment]:
    """Return the instalments as the sheet has them."""
    rows = plans.rows(
        quote.amount_fen, Plan(quote.plan), first_due_on=quote.first_due_on,
        terms=terms_of(quote.terms_id),
    )  # fmt: skip
    return [
        Instalment(
            loan=loan, customer_id=loan.customer_id, number=row.number, due_on=row.due_on,
            principal_fen=row.principal_fen, plan_fee_fen=row.fee_fen, unpaid_principal_fen=0,
            accrual=Accrual.NONE, segment_on=quote.drawn_on,
        )
        for row in rows
    ]  # fmt: skip


def _proof_until_on(quote: Quote) -> date | None:
    """Return the last day on which the use can be proven; None at the full rate (RATE-10)."""
    if quote.factor_permille == scenarios.PERMILLE:
        return None
    return scenarios.proof_until_on(quote.drawn_on, current(QuotePolicy, on=quote.drawn_on))


def _agreement(loan: Loan, drawn: _Drawn, *, context: RequestContext) -> LoanAgreement:
    """Return the agreement in both languages, with the grant that signed it (OPS-6)."""
    quote, borrower = drawn.quote, drawn.card.customer
    texts = {}
    for language in agreement.LANGUAGES:
        with override(language):
            texts[language] = agreement.text(
                language,
                AgreedLoan(
                    masking.name(borrower.name),
                    masking.id_number(borrower.id_number),
                    str(drawn.card),
                    quote.amount_fen,
                    str(dict(PLANS)[quote.plan]),
                    str(dict(PURPOSES)[loan.purpose]),
                    quote.drawn_on,
                    quote.digest,
                ),
            )
    return LoanAgreement(
        loan=loan, authorisation=drawn.grant, sheet_digest=quote.digest, texts=texts,
        digest=agreement.digest(texts), signed_at=context.at,
    )  # fmt: skip


def _payout(payout_id: int, loan: Loan, *, context: RequestContext) -> Payout:
    """Return the payout of a loan to its card."""
    assert loan.card_id is not None, "a loan is paid out to a card"
    number = number_of(PayoutKind.DISBURSEMENT, loan.pk, 1)
    plan = PayoutPlan(
        PayoutKind.DISBURSEMENT, number, loan.customer_id, loan.card_id, loan.principal_fen,
        loan_id=loan.pk,
    )  # fmt: skip
    payout = payouts.planned(plan, by=context.by, on=context.on, at=context.at)
    payout.pk = payout_id
    return payout
