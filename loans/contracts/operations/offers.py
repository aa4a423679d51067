"""The offer of a cost sheet: what may be drawn, at what price (LAW-2, REPAY-1).

An offer promises nothing: the line is reserved, and what stops a drawdown is asked again, when the
loan is drawn.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.onboarding.context import RequestContext
from backoffice.core import clock
from backoffice.core.errors import NextCall, RefusalCause, Refused
from backoffice.core.money import yuan
from backoffice.core.policy import current
from backoffice.platform import idempotency, rate_limit
from loans.accounting.operations.terms import signed_under
from loans.contracts import sheet_text
from loans.contracts.queries import blockers, burden, due_dates, pricing
from loans.contracts.queries.pricing import CustomerPrice
from loans.contracts.rules import cost_sheet, plans, scenarios
from loans.contracts.rules.cost_sheet import Price, SheetQuestion
from loans.models import Bill, Plan, Quote, QuotePurpose, Scenario
from loans.policy import LoanTerms, QuotePolicy
from risk.lines.queries import stops
from risk.lines.queries.amounts import NoLineError, summary
from risk.models import CreditLine, CreditLineState

SCOPE = "quotes"
# SCORE-9 withdrawing one of them stops scoring, and new loans with it.
_SCORED_BY = ("payment", "bureau")
_ASSESS = (NextCall("request-assessment", "POST", "/api/v1/me/assessments"),)
_READ_LINE = (NextCall("read-line", "GET", "/api/v1/me/line"),)


class AmountNotDrawableError(Refused):
    """The amount is below the lowest one, or no whole number of yuan (REPAY-1)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("amount_min_fen", "amount_step_fen")
    code = "quote-amount-not-drawable"
    message = _("At least {least} yuan can be drawn, in steps of {step} yuan.")
    remedy = _("Choose another amount.")


class AboveUsableError(Refused):
    """The amount is above what the credit line has left (LIMIT-9)."""

    public_facts = ("usable_fen",)
    code = "quote-above-usable"
    message = _("Your credit line has {usable} yuan left that can be drawn.")
    remedy = _("Choose a smaller amount, or repay first.")
    calls = _READ_LINE


class LineStoppedError(Refused):
    """The credit line is suspended or frozen: nothing new is lent on it."""

    public_facts = ("state", "reason", "next_steps")
    code = "quote-line-stopped"
    message = _("Nothing can be drawn on your credit line at the moment.")
    remedy = "{why}"
    calls = _READ_LINE

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return what can stop a line."""
        return stops.CAUSES.values()


class NotAssessedError(Refused):
    """There is no decided assessment whose score could price a loan (RATE-1)."""

    code = "quote-not-assessed"
    message = _("There is no decided assessment of yours.")
    remedy = _("Request one; its score gives the rate.")
    calls = _ASSESS


class ScoreStopsLoansError(Refused):
    """The latest assessment stops new loans: its score or its history (SCORE-11, ELIG-11)."""

    code = "quote-score-stops-loans"
    message = _("After your latest assessment nothing new is lent.")
    remedy = _("Read its report: it names the reasons, and what you may do.")
    calls = (NextCall("read-report", "GET", "/api/v1/me/report"),)


class PlanNotOpenError(Refused):
    """The score does not open this plan (REPAY-6)."""

    public_facts = ("plans",)
    code = "quote-plan-not-open"
    message = _("Your score does not open this plan.")
    remedy = _("Choose one of the plans that are open to you.")


class ConsentWithdrawnError(Refused):
    """A consent without which no score is computed was withdrawn (SCORE-9)."""

    public_facts = ("purposes",)
    code = "quote-consent-withdrawn"
    message = _("You have withdrawn a consent without which nothing new is lent.")
    remedy = _("Give it again, or repay what is running as agreed.")
    calls = (NextCall("read-consents", "GET", "/api/v1/me/consents"),)


class BillUnpaidError(Refused):
    """A bill is unpaid after its due date (REPAY-18)."""

    code = "quote-bill-unpaid"
    message = _("A bill of yours is unpaid after its due date.")
    remedy = _("Pay it first; then you can draw again.")


class DebitPendingError(Refused):
    """The result of a debit is not known yet (REPAY-18)."""

    code = "quote-debit-pending"
    message = _("A payment of yours is on its way.")
    remedy = _("Try again when its result is known, at the latest the next day.")


class ScenarioWithPlanError(Refused):
    """A scenario lowers daily interest, which a plan does not bear (RATE-10)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "quote-scenario-with-plan"
    message = _("A scenario lowers the daily rate; a plan has a fee instead.")
    remedy = _("Leave out the scenario, or choose the plan bullet.")


class TooManyQuotesError(Refused):
    """The customer has asked for the highest number of cost sheets of a day."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "quotes-too-many"
    message = _("You have asked for as many cost sheets as one may in a day.")
    remedy = _("Use one that is still valid, or try again tomorrow.")


PRICE_REFUSALS = (
    NotAssessedError,
    ScoreStopsLoansError,
    PlanNotOpenError,
    ConsentWithdrawnError,
    TooManyQuotesError,
)
DRAW_REFUSALS = (NoLineError, LineStoppedError, BillUnpaidError, DebitPendingError)


class DrawdownRequest(NamedTuple):
    """What a customer wants to draw; a scenario lowers the rate of a bullet loan (RATE-10)."""

    amount_fen: int
    plan: Plan
    scenario: Scenario | None = None


def offer(request: DrawdownRequest, *, context: RequestContext) -> Quote:
    """Offer a cost sheet for a drawdown of today (LAW-2, REPAY-1).

    Raises:
        ScenarioWithPlanError: a scenario with a plan of instalments.
        AmountNotDrawableError: below 100.00, or no whole yuan.
        NoLineError, LineStoppedError, BillUnpaidError, DebitPendingError: nothing can be drawn.
        AboveUsableError: more than is usable (LIMIT-9).
        NotAssessedError, ScoreStopsLoansError, PlanNotOpenError, ConsentWithdrawnError: the price.
        TooManyQuotesError: the offers of the day are used up.
    """
    policy = current(QuotePolicy, on=context.on)
    if request.scenario is not None and request.plan != Plan.BULLET:
        raise ScenarioWithPlanError
    _require_amount(request.amount_fen, policy)
    usable_fen = summary(require_drawable(context)).usable_fen
    if request.amount_fen > usable_fen:
        raise AboveUsableError(usable_fen=usable_fen, usable=yuan(usable_fen))
    price = price_of(request.plan, context)
    take_one(context, policy)
    return _offer(request, price, policy=policy, context=context)


def require_drawable(context: RequestContext) -> CreditLine:
    """Return the line on which the customer may draw now; a drawdown asks again before it is made.

    Raises:
        NoLineError: the customer has no open line.
        LineStoppedError: the line is suspended or frozen.
        BillUnpaidError: a bill is unpaid after its due date (REPAY-18).
        DebitPendingError: the result of a debit is pending (REPAY-18).
    """
    found = blockers.open_line(context.customer.pk, on=context.on)
    if found is None:
        raise NoLineError
    if found.line.state != CreditLineState.ACTIVE:
        raise _stopped(found.line)
    if found.has_unpaid_bill:
        raise BillUnpaidError
    if found.has_pending_debit:
        raise DebitPendingError
    return found.line


def _stopped(line: CreditLine) -> LineStoppedError:
    """Return the refusal of a line that is suspended or frozen, with what can be done about it."""
    stop = stops.stop_of(line)
    assert stop is not None, "an active line is not stopped, and a closed one is not found"
    return LineStoppedError(
        state=line.state, reason=stop.value, why=stops.sentences(stop),
        next_steps=stops.next_steps(stop),
    )  # fmt: skip


def _require_amount(amount_fen: int, policy: QuotePolicy) -> None:
    if amount_fen < policy.amount_min_fen or amount_fen % policy.amount_step_fen:
        raise AmountNotDrawableError(
            amount_min_fen=policy.amount_min_fen, amount_step_fen=policy.amount_step_fen,
            least=yuan(policy.amount_min_fen), step=yuan(policy.amount_step_fen),
        )  # fmt: skip


def price_of(plan: Plan, context: RequestContext) -> CustomerPrice:
    """Return the price of a loan by the latest score, which opens the plan (REPAY-6).

    Raises:
        ConsentWithdrawnError: a consent without which no score is computed (SCORE-9).
        NotAssessedError: there is no decided assessment.
        ScoreStopsLoansError: nothing new is lent after the latest one.
        PlanNotOpenError: its score does not open the plan.
    """
    withdrawn = [one for one in _SCORED_BY if one in context.status.withdrawn_consents]
    if withdrawn:
        raise ConsentWithdrawnError(purposes=withdrawn)
    price = pricing.price_of(context.customer, on=context.on)
    if price is None:
        raise NotAssessedError
    if price.graded.rate_ppm is None:
        raise ScoreStopsLoansError
    if not plans.is_open(plan, price.graded.plans):
        opened = [one.value for one in Plan if plans.is_open(one, price.graded.plans)]
        raise PlanNotOpenError(plans=opened)
    return price


def take_one(context: RequestContext, policy: QuotePolicy) -> None:
    """Count an offer of the day.

    Raises:
        TooManyQuotesError: the offers of the day are used up.
    """
    on, limit = clock.day_of(context.wall_at), policy.quotes_a_day_max
    if not rate_limit.take(scope=SCOPE, subject=context.subject, on=on, limit=limit):
        raise TooManyQuotesError


@transaction.atomic(durable=True)
@idempotency.replies
def _offer(
    request: DrawdownRequest,
    price: CustomerPrice,
    *,
    policy: QuotePolicy,
    context: RequestContext,
) -> Quote:
    customer_id, on = context.customer.pk, context.on
    terms = current(LoanTerms, on=on)
    assert price.graded.rate_ppm is not None, "a price was found"
    is_bullet = request.plan == Plan.BULLET
    asked = SheetQuestion(
        QuotePurpose.DRAWDOWN,
        (request.amount_fen,),
        request.plan,
        on,
        due_dates.next_first_due_on(customer_id, drawn_on=on, terms=terms),
        Price(
            price.graded.rate_ppm if is_bullet else 0,
            scenarios.factor_permille(request.scenario, policy),
            request.scenario,
            scenarios.proof_until_on(on, policy),
        ),
        terms,
        burden.burden_of(customer_id, on=on, policy=policy),
    )
    return store(asked, price, bill=None, policy=policy, context=context)


def store(
    asked: SheetQuestion,
    price: CustomerPrice,
    *,
    bill: Bill | None,
    policy: QuotePolicy,
    context: RequestContext,
) -> Quote:
    """Store the sheet of a question with its texts, in the transaction of the caller."""
    sheet = cost_sheet.sheet(asked)
    texts = sheet_text.in_both_languages(sheet)
    return Quote.objects.create(
        customer=context.customer,
        purpose=asked.purpose,
        bill=bill,
        amount_fen=sum(asked.principals_fen),
        plan=asked.plan,
        scenario=asked.price.scenario or "",
        score=price.score,
        daily_rate_ppm=asked.price.rate_ppm,
        factor_permille=asked.price.factor_permille,
        terms=signed_under(asked.terms),
        drawn_on=asked.drawn_on,
        first_due_on=asked.first_due_on,
        sheet=sheet,
        text_zh=texts["zh-hans"],
        text_en=texts["en"],
        digest=cost_sheet.digest(sheet, texts),
        must_read_seconds=policy.must_read_seconds,
        offered_at=context.at,
        expires_at=_expires_at(context.at, on=context.on, policy=policy),
    )


def _expires_at(at: datetime, *, on: date, policy: QuotePolicy) -> datetime:
    """Return until when a quote is valid: its schedule is that of its day, so no longer than it."""
    day_ends_at = clock.moment_of(on + timedelta(days=1), time.min)
    return min(at + timedelta(minutes=policy.valid_minutes), day_ends_at)
