"""Charge-off (核销): two people give an overdue loan up as a loss (OPS-3).

The balance sheet changes, the debt does not: the customer owes what the contract says, penalty
included, and direct debits go on as before (REPAY-18). What is paid is recovery income, and a loan
that owes nothing any more is recovered.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.operations.closed_days import require_closed
from loans.accounting.rules.codes import LoanState
from loans.delinquency.rules.charge_off import ChargeOffLoan
from loans.models import ChargeOff, Instalment, Loan
from loans.models.loss import CHARGE_OFF_KIND


class LoanNotOverdueError(Refused):
    """The loan is not overdue."""

    code = "charge-off-not-overdue"
    message = _("{loan} is not overdue.")
    remedy = _("Only an overdue loan is charged off.")


@transaction.atomic
def propose(
    loan_ids: Sequence[int], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Propose to charge loans off, to be decided by a second person.

    Raises:
        LoanNotOverdueError: a loan is not overdue.
        approvals.AlreadyProposedError: a request about a loan is open.
        approvals.NotPermittedError: the person may not propose charge-offs.
    """
    for loan in Loan.objects.filter(pk__in=loan_ids).order_by("pk"):
        _require_overdue(loan)
    proposals = [Proposal(CHARGE_OFF_KIND, loan_id) for loan_id in loan_ids]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the charge-off keeps the reason of the proposal
    at: datetime,
) -> None:
    """Charge the loans off today; called by ``approvals.approve``.

    Raises:
        LoanNotOverdueError: a loan was cured or settled meanwhile.
        closed_days.DayNotClosedError: the 00:05 batch has not decided on a bill of a loan yet.
    """
    on = clock.day_of(at)
    loan_ids = [loan_id_of(one) for one in approved]
    batch = _batch(loan_ids)
    for loan_id in loan_ids:
        _require_overdue(batch.loans[loan_id])
    require_closed(batch.position.bills.values(), on=on)

    batch.run(ChargeOffLoan(loan_id, on) for loan_id in loan_ids)
    batch.write(by=by, at=at)
    ChargeOff.objects.bulk_create(
        ChargeOff(
            loan_id=loan_id, customer_id=batch.loans[loan_id].customer_id, approval=one,
            charged_off_on=on, reason=one.reason, charged_off_by=by, at=at,
        )
        for loan_id, one in zip(loan_ids, approved, strict=True)
    )  # fmt: skip


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        CHARGE_OFF_KIND,
        title=_("charge-off of a loan"),
        apply=apply,
        permission="loans.decide_chargeoff",
        propose_permission="loans.propose_chargeoff",
        summary=_summary,
    )
    approvals.let_read(CHARGE_OFF_KIND, "loans.view_chargeoff")


def _batch(loan_ids: Sequence[int]) -> LoanBatch:
    """Lock the loans with every bill that asks for instalments of them."""
    under = Instalment.objects.filter(loan__in=loan_ids, bill__isnull=False)
    return LoanBatch.lock(under.values_list("bill_id", flat=True))


def _require_overdue(loan: Loan) -> None:
    if loan.state != LoanState.OVERDUE:
        raise LoanNotOverdueError(loan=loan)


def loan_id_of(approval: Approval) -> int:
    """Return the loan that a request is about."""
    assert approval.subject_id is not None, "a charge-off names its loan"
    return approval.subject_id


def _summary(approval: Approval) -> str:
    """Return what becomes of the loan, in one sentence."""
    words = gettext("{loan} is given up as a loss. The debt stays; direct debits go on as before.")
    return words.format(loan=Loan.objects.get(pk=loan_id_of(approval)))
