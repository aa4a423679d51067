"""The offer of a cost sheet for a bill that is to be paid in instalments (LAW-2, REPAY-6)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.onboarding.context import RequestContext
from backoffice.core.errors import RefusalCause, Refused
from backoffice.core.policy import current
from backoffice.platform import idempotency
from loans.accounting.queries.positions import terms_of
from loans.contracts.operations import offers
from loans.contracts.queries import burden
from loans.contracts.queries.pricing import CustomerPrice
from loans.contracts.rules import plans
from loans.contracts.rules.cost_sheet import Price, SheetLoan, SheetQuestion
from loans.contracts.rules.due_dates import converted_first_due_on
from loans.contracts.rules.plans import with_plan_fees
from loans.conversion.rules.conversion import ConversionBlocker, bill_blocker
from loans.models import (
    Bill,
    Conversion,
    ConversionState,
    Instalment,
    LoanState,
    Plan,
    Quote,
    QuotePurpose,
)
from loans.policy import LoanTerms, QuotePolicy

_CAUSES = {
    ConversionBlocker.PAST_DUE: (
        _("Its due date has passed."),
        _("Pay the bill; a bill can be converted until its due date."),
    ),
    ConversionBlocker.CLOSED: (
        _("It is closed: it was paid, or a later bill asks for what is left of it."),
        _("Choose the bill that asks for it now."),
    ),
    ConversionBlocker.PLANNED: (
        _("The conversion of its loans is planned already."),
        _("Read the bill: it shows the plan and the day on which it takes effect."),
    ),
    ConversionBlocker.OTHER_LOAN: (
        _("A loan that you named is not repaid in one amount under this bill, or was paid."),
        _("Name loans of this bill that are repaid in one amount, or none for all of them."),
    ),
    ConversionBlocker.NO_BULLET: (
        _("No principal that is repaid in one amount is left unpaid on it."),
        _("Pay the bill; interest, fees and instalments cannot be converted."),
    ),
    ConversionBlocker.NO_PLAN: (
        _("It is asked for in one amount already."),
        _("Choose a plan of instalments."),
    ),
}


class NotConvertibleError(Refused):
    """The bill cannot be converted into instalments: ``reason`` is the code of the cause.

    Principal of plan rows is no part of it (REPAY-6).
    """

    public_facts = ("reason",)
    code = "quote-not-convertible"
    message = _("This bill cannot be converted into instalments: {why}")
    remedy = "{remedy}"

    @classmethod
    def of(cls, blocker: ConversionBlocker) -> "NotConvertibleError":
        """Return the refusal that names what stands against the conversion."""
        why, remedy = _CAUSES[blocker]
        return cls(reason=blocker.value, why=why, remedy=remedy)

    @classmethod
    def causes(cls) -> Iterable[RefusalCause]:
        """Return what can stand against a conversion."""
        return [RefusalCause(code, why, remedy) for code, (why, remedy) in _CAUSES.items()]


class ConversionRequest(NamedTuple):
    """The bill a customer wants to pay in instalments, and which of its loans (REPAY-6).

    By public ids; without loans every bullet loan of the bill is meant.
    """

    bill_id: UUID
    plan: Plan
    loan_ids: tuple[UUID, ...] = ()


def offer(request: ConversionRequest, *, context: RequestContext) -> Quote:
    """Offer a cost sheet for a bill whose unpaid principal becomes a plan when due (REPAY-6).

    The sheet names the loans and the most that is converted of each: what is paid until the due
    date is not. Its fee is that of the policy of the day; everything else of a loan stays as it
    was signed, so that the sheet of several loans shows the contingent costs of the oldest.

    Raises:
        Bill.DoesNotExist: the customer has no such bill.
        NotConvertibleError: not issued, past due, without bullet principal, or to a bullet; a
            loan that is no bullet under it, or whose conversion is planned.
        offers.NotAssessedError, offers.ScoreStopsLoansError, offers.PlanNotOpenError,
        offers.ConsentWithdrawnError: the price.
        offers.TooManyQuotesError: the offers of the day are used up.
    """
    bill = Bill.objects.get(customer=context.customer, public_id=request.bill_id)
    policy = current(QuotePolicy, on=context.on)
    blocker = bill_blocker(bill.state, due_on=bill.due_on, on=context.on)
    if request.plan == Plan.BULLET:
        blocker = ConversionBlocker.NO_PLAN
    rows = [] if blocker else _convertible(bill, request)
    if not rows:
        raise NotConvertibleError.of(blocker or _loan_blocker(bill, request))
    price = offers.price_of(request.plan, context)
    offers.take_one(context, policy)
    return _offer(bill, rows, price, plan=request.plan, policy=policy, context=context)


@transaction.atomic(durable=True)
@idempotency.replies
def _offer(
    bill: Bill,
    rows: Sequence[Instalment],
    price: CustomerPrice,
    *,
    plan: Plan,
    policy: QuotePolicy,
    context: RequestContext,
) -> Quote:
    loans = tuple(
        SheetLoan(str(row.loan.public_id), row.loan.drawn_on, row.unpaid_principal_fen)
        for row in rows
    )
    asked = SheetQuestion(
        QuotePurpose.CONVERSION,
        tuple(loan.principal_fen for loan in loans),
        plan,
        bill.due_on,
        converted_first_due_on(bill.due_on),
        Price(0),
        with_plan_fees(terms_of(rows[0].loan.terms_id), current(LoanTerms, on=context.on)),
        burden.burden_of(
            context.customer.pk, on=context.on, policy=policy,
            leave_out=[row.loan_id for row in rows],
        ),
        loans,
    )  # fmt: skip
    return offers.store(asked, price, bill=bill, policy=policy, context=context)


def _convertible(bill: Bill, request: ConversionRequest) -> list[Instalment]:
    """Return the bullets of a bill that can still be converted, the oldest loan first.

    None where one that is named is not among them.
    """
    bullets = bill.instalments.filter(
        loan__plan=Plan.BULLET, loan__converted_on=None, loan__state=LoanState.ACTIVE,
        unpaid_principal_fen__gte=plans.count_of(request.plan),
    ).exclude(loan__conversions__state=ConversionState.PLANNED)  # fmt: skip
    if request.loan_ids:
        bullets = bullets.filter(loan__public_id__in=request.loan_ids)
    rows = list(bullets.select_related("loan").order_by("loan__drawn_on", "loan"))
    return rows if len(rows) == len(set(request.loan_ids)) or not request.loan_ids else []


def _loan_blocker(bill: Bill, request: ConversionRequest) -> ConversionBlocker:
    """Return why loans of a bill that can be converted cannot."""
    meant = Conversion.objects.filter(loan__instalments__bill=bill, state=ConversionState.PLANNED)
    if request.loan_ids:
        meant = meant.filter(loan__public_id__in=request.loan_ids)
    if meant.exists():
        return ConversionBlocker.PLANNED
    return ConversionBlocker.OTHER_LOAN if request.loan_ids else ConversionBlocker.NO_BULLET
