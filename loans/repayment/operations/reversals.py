"""Reversal of a repayment: the bank took the money back, or it was entered by mistake (GEN-9).

One person proposes, another approves. The repayment stays as a fact and counts no more: its bills
run again without it, so that bills and loans reopen, the ledger is reversed, the line is used again
and the outcome of each bill is reported again. Money of it that waited is not there any more.
Money that was refunded already cannot be taken back here: then nothing is reversed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.core import bulk, clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.reasons import Reason
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.rules.codes import COLLECTED_STATES, BillState, DebitMode
from loans.accounting.rules.position import BillPosition
from loans.accounting.rules.reasons import LoanReason
from loans.billing.queries.customers import bills_of
from loans.models import (
    DebitOrder,
    Origin,
    Payout,
    Repayment,
    RepaymentReversal,
    ReversalCause,
    UnappliedFunds,
)
from loans.models.repayment import REVERSAL_APPROVAL
from loans.repayment.operations import reprocess
from loans.repayment.operations.reprocess import RepaymentEffect
from loans.repayment.operations.run_start import older_bills
from loans.repayment.rules import Money
from risk.lines import operations as lines

KIND = REVERSAL_APPROVAL
# Money that waited and is refunded, or may be: its payout names it for good.
_GONE = Q(refunded_at__isnull=False) | Exists(Payout.objects.filter(unapplied=OuterRef("pk")))


class ReversedAlreadyError(Refused):
    """The repayment is reversed already, or does not exist."""

    code = "repayment-reversed"
    message = _("This repayment is reversed already.")
    remedy = _("Reload its page: it shows the reversal.")


class NotEnteredError(Refused):
    """Only a bank transfer is entered by people."""

    code = "repayment-not-entered"
    message = _("The channel reported this repayment; nobody entered it.")
    remedy = _("Reverse it only if the bank took the money back.")


class RepaymentRefundedError(Refused):
    """Money that a reversal needs was refunded to the customer, or its refund was tried."""

    code = "repayment-refunded"
    message = _(
        "{amount} yuan that the bills would need without this repayment were refunded, or their "
        "refund was tried."
    )
    remedy = _(
        "This repayment stays booked. Recover that amount from the customer, and enter what "
        "arrives as a bank transfer."
    )


class ReversalRequest(NamedTuple):
    """A repayment to be reversed, and why."""

    repayment_id: int
    cause: ReversalCause


@transaction.atomic
def propose(
    requests: Sequence[ReversalRequest], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Propose to reverse repayments, to be decided by a second person.

    Raises:
        ReversedAlreadyError: a repayment is reversed, or unknown.
        NotEnteredError: a repayment that the channel reported was not entered by mistake.
        RepaymentRefundedError: money of a repayment was refunded.
        approvals.AlreadyProposedError: a reversal of a repayment is open.
        approvals.NotPermittedError: the person may not propose reversals.
    """
    for one in requests:
        repayment = _require(one)
        _require_not_refunded(surplus_of(repayment))
    proposals = [Proposal(KIND, one.repayment_id, {"cause": one.cause}) for one in requests]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the reason of the proposal explains the reversal
    at: datetime,
) -> None:
    """Reverse approved repayments; called by ``approvals.approve``.

    Raises:
        ReversedAlreadyError: a repayment was reversed meanwhile.
        NotEnteredError: as ``propose`` does.
        RepaymentRefundedError: money that the bills would need without a repayment was refunded.
    """
    for approval in approved:
        request = request_of(approval)
        batch = _locked(Repayment.objects.get(pk=request.repayment_id))
        repayment = _require(request)
        RepaymentReversal.objects.create(
            repayment=repayment,
            customer_id=repayment.customer_id,
            approval=approval,
            cause=request.cause,
            reason=approval.reason,
            reversed_by=by,
            reversed_on=clock.day_of(at),
            reversed_at=at,
        )
        _run_again(batch, repayment, by=by, at=at)


def _locked(repayment: Repayment) -> LoanBatch:
    """Lock every bill of the customer of a repayment, and the loan it was for."""
    loan_ids = set() if repayment.loan_id is None else {repayment.loan_id}
    return LoanBatch.lock_loans(loan_ids, bill_ids=bills_of({repayment.customer_id}))


def _money(batch: LoanBatch, repayment: Repayment) -> Money:
    """Return a repayment as an event; by hand it has settled any of the older bills."""
    named = repayment.bill_id
    older = older_bills(batch, named) if named is not None else ()
    return reprocess.money_of(repayment, older_ids=older)


def _run_again(batch: LoanBatch, repayment: Repayment, *, by: str, at: datetime) -> None:
    """Run what a reversed repayment settled again without it, and report how bills end now."""
    on = clock.day_of(at)
    waiting = UnappliedFunds.objects.filter(customer=repayment.customer_id)
    gone = {
        one.pk: one.amount_fen
        for one in waiting.filter(_GONE).select_for_update(of=("self",)).order_by("pk")
    }
    money = _money(batch, repayment)
    try:
        rerun = reprocess.rerun(
            batch,
            [money],
            on=on,
            reason=Reason(LoanReason.REVERSAL, {"repayment": str(repayment)}),
        )
        _let_cycles_go_on(batch, rerun.before)
        batch.write(by=by, at=at)
    except ProtectedError as error:  # of money that waited, which its payout names
        raise RepaymentRefundedError(amount=yuan(sum(gone.values()))) from error
    kept = waiting.filter(pk__in=gone).values_list("pk", "amount_fen")
    missing_fen = sum(gone.values()) - sum(fen for _pk, fen in kept)
    if missing_fen > 0:
        raise RepaymentRefundedError(amount=yuan(missing_fen))
    reprocess.report(batch, rerun, by=by, on=on, at=at)
    was_overdue = {one.id for one in rerun.before if one.overdue_on}
    now = [batch.position.bills[one.id] for one in rerun.before]
    late = [one.id for one in now if one.overdue_on and one.id not in was_overdue]
    customers = [batch.bills[bill_id].customer_id for bill_id in late]
    lines.suspend(customers, by=by, reason=LoanReason.REPAYMENT_REVERSED, at=at)


def _let_cycles_go_on(batch: LoanBatch, before: Iterable[BillPosition]) -> None:
    """Let the debit cycle of bills that are open again go on, under numbers that are not used.

    A bill that was closed has no next day of debit: the window of its cycle decides.
    """
    bills = [batch.position.bills[one.id] for one in before]
    open_again = [one for one in bills if one.state in COLLECTED_STATES]
    automatic = DebitOrder.objects.filter(
        bill_id__any=bulk.Of(one.id for one in open_again), origin=Origin.AUTO
    )
    made = Counter(bulk.rows(automatic, "bill_id", "cycle"))
    for bill in open_again:
        is_debited = bill.mode != DebitMode.OFF and bill.state != BillState.OVERDUE
        batch.change_bill(
            bill.id,
            tries=max(bill.tries, made[bill.id, bill.cycle]),
            debit_on=bill.debit_on or (bill.cycle_on if is_debited else None),
        )


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("reversal of a repayment"),
        apply=apply,
        permission="loans.decide_reversal",
        propose_permission="loans.propose_reversal",
    )
    approvals.let_read(KIND, "loans.view_repayment")


def effect(repayment: Repayment, *, on: date) -> RepaymentEffect:
    """Return what the bills would come to on a day without a repayment."""
    with transaction.atomic():
        batch = _locked(repayment)
        return reprocess.preview(batch, _money(batch, repayment), on=on, is_new=False)


def _require(request: ReversalRequest) -> Repayment:
    """Return a repayment that can be reversed for this cause."""
    found = Repayment.objects.select_related("order").filter(pk=request.repayment_id, reversal=None)
    repayment = found.first()
    if repayment is None:
        raise ReversedAlreadyError
    if request.cause == ReversalCause.MISTAKE and not is_entered(repayment):
        raise NotEnteredError
    return repayment


def is_entered(repayment: Repayment) -> bool:
    """Say whether staff entered a repayment; every other one was reported by the channel."""
    return repayment.order.origin == Origin.TRANSFER


def surplus_of(repayment: Repayment) -> QuerySet[UnappliedFunds]:
    """Return what a repayment brought that was not owed."""
    return UnappliedFunds.objects.filter(repayment=repayment)


def is_refunded(repayment: Repayment) -> bool:
    """Say whether money of a repayment went back to the customer: it can not be reversed then."""
    return surplus_of(repayment).filter(_GONE).exists()


def _require_not_refunded(funds: QuerySet[UnappliedFunds]) -> None:
    refunded_fen = sum(one.amount_fen for one in funds.filter(_GONE))
    if refunded_fen:
        raise RepaymentRefundedError(amount=yuan(refunded_fen))


def request_of(approval: Approval) -> ReversalRequest:
    """Return what a request wants to reverse."""
    assert approval.subject_id is not None, "a reversal names its repayment"
    return ReversalRequest(approval.subject_id, ReversalCause(approval.payload["cause"]))
