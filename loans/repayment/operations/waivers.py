"""Waivers: one person proposes to give up charges of a bill, a second one decides.

What was waived stays charged for the cap of RATE-7, so that it never comes back. Principal is never
waived.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.operations.closed_days import require_closed
from loans.accounting.queries.statement import statement_of
from loans.accounting.rules.codes import BillMove, BillState
from loans.accounting.rules.debt import NOTHING, Debt
from loans.accounting.rules.reasons import LoanReason
from loans.delinquency.operations import end_of_day
from loans.delinquency.rules.waiver import WAIVABLE, WaiveCharges
from loans.models import Bill, Waiver
from loans.models.waiver import KIND
from loans.repayment.operations import lines
from risk.conduct import operations as conduct

TITLES = {
    "penalty_fen": _("penalty interest"),
    "late_fee_fen": _("late fee"),
    "interest_fen": _("interest"),
    "plan_fee_fen": _("plan fee"),
}
assert tuple(TITLES) == WAIVABLE, "every charge that is waived has its title"


class ChargeWaiver(NamedTuple):
    """Charges of a bill to give up, in fen; of its components principal is none."""

    bill_id: int
    debt: Debt


class WaiverEmptyError(Refused):
    """Nothing is to be waived."""

    code = "waiver-empty"
    message = _("Enter an amount to waive.")
    remedy = _("At least one of the amounts is above 0.")


class WaiverTooHighError(Refused):
    """More is to be waived than is unpaid."""

    code = "waiver-too-high"
    message = _("{component}: {unpaid} yuan are unpaid; {waived} is more than that.")
    remedy = _("Waive at most what is unpaid; a bill that is closed asks nothing any more.")


@transaction.atomic
def propose(
    waivers: Sequence[ChargeWaiver], *, by: StaffMember, on: date, reason: str, at: datetime
) -> list[Approval]:
    """Propose to give up charges of bills as of a day, to be decided by a second person.

    Raises:
        WaiverEmptyError: no amount is above 0.
        WaiverTooHighError: a component is above what is unpaid of it.
        closed_days.DayNotClosedError: the 00:05 batch has not decided on a bill yet.
        approvals.AlreadyProposedError: a waiver of a bill is open.
        approvals.NotPermittedError: the person may not propose waivers.
    """
    batch = LoanBatch.lock_bills(one.bill_id for one in waivers)
    for one in waivers:
        _require_unpaid(batch, one, on=on)
    proposals = [Proposal(KIND, one.bill_id, _payload(one.debt)) for one in waivers]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the waiver keeps the reason of the proposal
    at: datetime,
) -> None:
    """Give up the approved charges from today on; called by ``approvals.approve``.

    Raises:
        WaiverTooHighError: a component is above what is unpaid of it by now.
        closed_days.DayNotClosedError: the 00:05 batch has not decided on a bill yet.
    """
    on = clock.day_of(at)
    batch = LoanBatch.lock(waiver_of(one).bill_id for one in approved)
    for one in approved:
        _require_unpaid(batch, waiver_of(one), on=on)

    carried = {one.id for one in batch.position.bills.values() if one.state == BillState.CARRIED}
    waivers = [_stored(one, batch, by=by, on=on, at=at) for one in approved]
    result = batch.run(
        WaiveCharges(waiver.pk, waiver.bill_id, waiver_of(one).debt, on)
        for waiver, one in zip(waivers, approved, strict=True)
    )
    batch.write(by=by, at=at)

    paid = {one.id for one in result.decisions if one.move == BillMove.PAY} - carried
    _report_paid(batch, sorted(paid), by=by, on=on, at=at)


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("waiver of charges"),
        apply=apply,
        permission="loans.decide_waiver",
        propose_permission="loans.propose_waiver",
        summary=_summary,
    )
    approvals.let_read(KIND, "loans.view_waiver")


def unpaid_of(bill_id: int, *, on: date) -> Debt:
    """Return what is owed under a bill on a day, interest and penalty to that day included."""
    statement = statement_of(Bill.objects.get(pk=bill_id), on=on)
    return reduce(add, (part.debt for _row, part in statement.owed), NOTHING)


def _require_unpaid(batch: LoanBatch, waiver: ChargeWaiver, *, on: date) -> None:
    """Refuse more than is unpaid on a day, and a day that is not closed."""
    assert not waiver.debt.principal_fen, "principal is never waived"
    if not any(waiver.debt):
        raise WaiverEmptyError
    require_closed([batch.position.bills[waiver.bill_id]], on=on)
    unpaid = batch.preview(waiver.bill_id, on=on).owed(waiver.bill_id)
    for name in WAIVABLE:
        waived_fen, unpaid_fen = getattr(waiver.debt, name), getattr(unpaid, name)
        if not 0 <= waived_fen <= unpaid_fen:
            raise WaiverTooHighError(
                component=TITLES[name],
                unpaid=yuan(unpaid_fen),
                waived=yuan(waived_fen),
            )


def _payload(debt: Debt) -> dict[str, int]:
    return {name: getattr(debt, name) for name in WAIVABLE}


def waiver_of(approval: Approval) -> ChargeWaiver:
    """Return what a request is about."""
    assert approval.subject_id is not None, "a waiver names its bill"
    return ChargeWaiver(approval.subject_id, Debt(**approval.payload))


def _stored(approval: Approval, batch: LoanBatch, *, by: str, on: date, at: datetime) -> Waiver:
    """Store an approved waiver as a fact."""
    waiver = waiver_of(approval)
    return Waiver.objects.create(
        approval=approval,
        bill_id=waiver.bill_id,
        customer_id=batch.bills[waiver.bill_id].customer_id,
        waived_on=on,
        **approval.payload,
        reason=approval.reason,
        waived_by=by,
        at=at,
    )


def _report_paid(
    batch: LoanBatch, bill_ids: Sequence[int], *, by: str, on: date, at: datetime
) -> None:
    """Report the bills that nothing is owed of any more, and let lines of cured ones resume."""
    paid = [batch.position.bills[bill_id] for bill_id in bill_ids]
    conduct.record(
        [
            end_of_day.report(batch, bill, BillState.PAID)
            for bill in paid
            if bill.overdue_on is None
        ],
        at=at,
    )
    cured = {batch.bills[bill.id].customer_id for bill in paid if bill.overdue_on is not None}
    lines.resume(cured, by=by, reason=LoanReason.PAST_DUE_PAID, on=on, at=at)


def _summary(approval: Approval) -> str:
    """Return what is given up, of which bill, in one sentence."""
    waiver = waiver_of(approval)
    words = gettext(
        "{amount} yuan of charges of bill {bill} are given up; they are not charged again."
    )
    bill = Bill.objects.get(pk=waiver.bill_id)
    return words.format(amount=yuan(waiver.debt.total_fen), bill=bill)
