"""Conversions of bills into instalments: confirmed by the customer, effective when due (REPAY-6).

A confirmed cost sheet names the loans. Until the due date the conversion is planned, and nothing of
the bill changes; at 00:05 of the due date, or at once for who asks on that day, what is unpaid then
becomes the plan. A payment before is not lost: the amounts of the sheet are the most there can be,
and the plan of what is left follows by the same rule. A conversion whose bill was paid by then, or
is due on another day, lapses; an earlier value date that is reported later makes the plan smaller,
and the reversal of a payment larger, than it was on the day (GEN-9). What has lapsed stays so.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.onboarding.context import RequestContext
from backoffice.core import workflow
from backoffice.core.errors import NextCall, Refused
from backoffice.platform import idempotency
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import BillMove, Plan
from loans.accounting.rules.reasons import LoanReason
from loans.contracts.operations import offers, quotes
from loans.contracts.operations.quotes import QuoteUse
from loans.contracts.queries import blockers
from loans.contracts.rules import plans
from loans.contracts.rules.due_dates import converted_first_due_on
from loans.conversion.operations import sheets
from loans.conversion.queries import conversions
from loans.conversion.rules.conversion import (
    ConversionBlocker,
    bill_blocker,
    convertible_fen,
)
from loans.delinquency.operations import end_of_day
from loans.models import Bill, BillState, Conversion, ConversionState, Loan, Quote, QuotePurpose
from risk.conduct import operations as conduct


class ConversionPlannedError(Refused):
    """A loan of the cost sheet is converted already, or is going to be on the due date."""

    code = "conversion-planned"
    message = _("The conversion of this bill is planned already.")
    remedy = _("Read the bill: it shows the plan and the day on which it takes effect.")
    calls = (NextCall("read-bills", "GET", "/api/v1/bills"),)


class ConversionDecidedError(Refused):
    """The conversion has taken effect, or has lapsed."""

    code = "conversion-decided"
    message = _("The conversion has taken effect or has lapsed.")
    remedy = _("Read it again: a conversion can be withdrawn until the day it takes effect.")
    calls = (NextCall("read-bills", "GET", "/api/v1/bills"),)


REFUSALS = (
    *quotes.USE_REFUSALS,
    offers.NotAssessedError,
    offers.ScoreStopsLoansError,
    offers.PlanNotOpenError,
    offers.ConsentWithdrawnError,
    sheets.NotConvertibleError,
    offers.DebitPendingError,
    ConversionPlannedError,
)


class ConversionOrder(NamedTuple):
    """The bill that a customer converts, the confirmed cost sheet for it, and the plan on it."""

    bill_id: UUID
    quote_id: UUID
    plan: Plan


@transaction.atomic(durable=True)
@idempotency.replies
def request(asked: ConversionOrder, *, context: RequestContext) -> list[Conversion]:
    """Plan the conversion of the loans on a cost sheet; on the due date it takes effect at once.

    The score that opens the plan is that of this moment; a later one changes nothing (REPAY-6). The
    same request again finds its cost sheet used.

    Raises:
        Bill.DoesNotExist: the customer has no such bill.
        quotes.QuoteUnknownError, quotes.QuoteNotConfirmedError, quotes.QuoteUsedError,
        quotes.QuoteExpiredError: the cost sheet cannot be used.
        quotes.QuoteOtherError: it is for another bill, plan or due date, or shows less principal.
        offers.NotAssessedError, offers.ScoreStopsLoansError, offers.PlanNotOpenError,
        offers.ConsentWithdrawnError: the plan is not open to the customer now.
        sheets.NotConvertibleError: a loan of the sheet was paid meanwhile, or its bill was.
        ConversionPlannedError: a loan of the sheet is converted, or going to be.
        offers.DebitPendingError: on the due date itself, a debit whose result is pending.
    """
    customer, by, at, on = context.customer, context.by, context.at, context.on
    bill_id = Bill.objects.values_list("pk", flat=True).get(
        customer=customer, public_id=asked.bill_id
    )
    [quote] = quotes.use(
        [QuoteUse(asked.quote_id, customer.pk, QuotePurpose.CONVERSION, bill_id)], by=by, at=at
    )
    batch = LoanBatch.lock([bill_id])
    due_on = batch.position.bills[bill_id].due_on
    assert on <= due_on, "a cost sheet is valid no longer than its day, nor offered after D"
    if (quote.plan, quote.first_due_on) != (asked.plan, converted_first_due_on(due_on)):
        raise quotes.QuoteOtherError(**quotes.next_sheet(QuotePurpose.CONVERSION))
    offers.price_of(asked.plan, context)
    loans = _loans(batch, bill_id, quote, on=on)
    line = blockers.open_line(customer.pk, on=on) if on == due_on else None
    if line is not None and line.has_pending_debit:
        raise offers.DebitPendingError

    found = Conversion.objects.bulk_create(
        Conversion(
            customer=customer, bill_id=bill_id, loan=loan, quote=quote, plan=quote.plan,
            effective_on=due_on, offered_fen=offered_fen, requested_at=at,
        )
        for loan, offered_fen in loans
    )  # fmt: skip
    trace.note(found, "request", by=by, reason=LoanReason.CONVERSION_ASKED, at=at)
    if on == due_on:
        _take_effect(batch, found, by=by, at=at)
    return list(
        Conversion.objects.filter(quote=quote).select_related("bill", "loan").order_by("pk")
    )


def _loans(batch: LoanBatch, bill_id: int, quote: Quote, *, on: date) -> list[tuple[Loan, int]]:
    """Return the loans of a cost sheet with their principal on it, all of which can be converted.

    Raises:
        sheets.NotConvertibleError: one is no bullet of the bill, or was paid meanwhile.
        ConversionPlannedError: one is converted, or going to be.
        quotes.QuoteOtherError: more is unpaid of one than the sheet shows.
    """
    of_bill = {str(loan.public_id): loan for loan in batch.loans.values()}
    bill, found = batch.position.bills[bill_id], []
    for shown in quote.sheet["loans"]:
        loan = of_bill.get(shown["id"])
        if loan is None:
            raise sheets.NotConvertibleError.of(ConversionBlocker.OTHER_LOAN)
        standing = Conversion.objects.filter(loan=loan).exclude(state=ConversionState.LAPSED)
        if standing.exists():
            raise ConversionPlannedError
        fen = convertible_fen(bill, loan.pk, batch.position.loans[loan.pk], Plan(quote.plan))
        if not fen:
            closed = bill_blocker(bill.state, due_on=bill.due_on, on=on)
            raise sheets.NotConvertibleError.of(closed or ConversionBlocker.NO_BULLET)
        if fen > shown["principal_fen"]:
            raise quotes.QuoteOtherError(**quotes.next_sheet(QuotePurpose.CONVERSION))
        found.append((loan, shown["principal_fen"]))
    return found


@transaction.atomic
def take_effect(bill_ids: Sequence[int], *, by: str, on: date, at: datetime) -> int:
    """Convert what is planned of some bills up to a day; return how many conversions it decided.

    Each takes effect on its own day, whenever the batch of that day runs. Again, nothing is left
    to decide.
    """
    ids = {one.bill_id for one in conversions.planned(bill_ids, until=on)}
    if not ids:
        return 0
    batch = LoanBatch.lock(ids)
    found = conversions.planned(ids, until=on)
    _take_effect(batch, found, by=by, at=at)
    return len(found)


@transaction.atomic
def withdraw(
    conversion_ids: Sequence[int], *, by: str, reason: str, at: datetime
) -> list[Conversion]:
    """Let planned conversions lapse at the wish of their customers; the bills stay as they are.

    Raises:
        ConversionDecidedError: one has taken effect, or has lapsed.
    """
    rows = Conversion.objects.filter(pk__in=conversion_ids)
    bills = Bill.objects.filter(pk__in=rows.values("bill_id")).order_by("pk")
    list(bills.select_for_update())  # the 00:05 batch decides under the same locks
    found = list(rows.order_by("pk"))
    if any(one.state != ConversionState.PLANNED for one in found):
        raise ConversionDecidedError
    _withdraw(found, by=by, reason=reason, at=at)
    return found


@transaction.atomic
def withdraw_of_bill(bill_id: UUID, *, context: RequestContext) -> list[Conversion]:
    """Let what is planned of a customer's bill lapse, before the day on which it takes effect.

    On that day 00:05 comes first, whenever its batch runs. What was withdrawn before stays so: the
    same call again changes nothing.

    Raises:
        Bill.DoesNotExist: the customer has no such bill, or nothing of it was to be converted.
        ConversionDecidedError: a conversion has taken effect, its day has come, or it has lapsed
            for another reason.
    """
    bill = Bill.objects.select_for_update().get(customer=context.customer, public_id=bill_id)
    found = list(bill.conversions.order_by("pk"))
    if not found:
        raise Bill.DoesNotExist
    planned = [one for one in found if one.state == ConversionState.PLANNED]
    is_over = any(one.effective_on <= context.on for one in planned)
    last = found[-1]
    if is_over or not (planned or last.lapsed_because == LoanReason.CONVERSION_WITHDRAWN):
        raise ConversionDecidedError
    _withdraw(planned, by=context.by, reason=LoanReason.CONVERSION_WITHDRAWN, at=context.at)
    return planned


def _withdraw(planned: Sequence[Conversion], *, by: str, reason: str, at: datetime) -> None:
    for one in planned:
        one.lapsed_because = LoanReason.CONVERSION_WITHDRAWN
    workflow.move(planned, "lapse", by=by, reason=reason, at=at)
    workflow.save(planned, "decided_at", "lapsed_because")


def catch_up(customer_ids: Collection[int], *, by: str, on: date, at: datetime) -> None:
    """Convert, in the caller's transaction, what earlier days than ``on`` should have (GEN-8).

    Money of a day does not undo what the batch of an earlier one had to do first.
    """
    missed = conversions.missed(customer_ids, before=on)
    if missed:
        take_effect(missed, by=by, on=on - timedelta(days=1), at=at)


def _take_effect(batch: LoanBatch, found: Sequence[Conversion], *, by: str, at: datetime) -> None:
    """Convert what can be converted of locked bills, and let the rest lapse."""
    lapsed = {one.pk: reason for one in found if (reason := _blocker(batch, one))}
    due = [one for one in found if one.pk not in lapsed]
    for one in due:
        batch.add_rows(one.loan_id, plans.count_of(Plan(one.plan)))
    result = batch.run(conversions.event_of(one) for one in due)
    batch.write(by=by, at=at)
    paid = {one.id for one in result.decisions if one.move == BillMove.PAY}
    ended = [(batch.position.bills[bill_id], BillState.PAID) for bill_id in sorted(paid)]
    conduct.record(end_of_day.reports(batch, ended), at=at)

    days = sorted({one.effective_on for one in found})
    for day in days:
        of_day = [one for one in due if one.effective_on == day]
        reason = LoanReason.CONVERTED
        workflow.move(of_day, "take_effect", by=by, reason=reason, at=at, effective_on=day)
    for one in found:
        if one.pk in lapsed:
            one.lapsed_because = lapsed[one.pk]
            workflow.move([one], "lapse", by=by, reason=lapsed[one.pk], at=at)
    workflow.save(found, "decided_at", "lapsed_because")


def _blocker(batch: LoanBatch, conversion: Conversion) -> LoanReason | None:
    """Return why a conversion lapses, None where it takes effect."""
    bill = batch.position.bills[conversion.bill_id]
    if bill.due_on != conversion.effective_on:
        return LoanReason.EXTENDED
    loan = batch.position.loans.get(conversion.loan_id)
    plan = Plan(conversion.plan)
    fen = convertible_fen(bill, conversion.loan_id, loan, plan) if loan else 0
    if not fen:
        return LoanReason.NOTHING_TO_CONVERT
    return LoanReason.ABOVE_COST_SHEET if fen > conversion.offered_fen else None
