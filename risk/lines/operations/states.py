"""States of credit lines: suspend and resume, freeze and unfreeze, close."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.core import bulk, workflow
from backoffice.core.errors import Refused
from backoffice.core.reasons import Given
from backoffice.platform import work_queue
from risk.lines.queries.stops import RESUMPTION_QUEUE
from risk.models import CreditLine, CreditLineState

QUEUE = RESUMPTION_QUEUE
WORK_QUEUE = work_queue.Queue(
    name=QUEUE,
    title=_("suspended lines to review after long arrears"),
    sla=timedelta(days=3),
    permission="risk.suspend_creditline",
)

_SUSPENDABLE = (CreditLineState.ACTIVE, CreditLineState.SUSPENDED)


class LineStateError(Refused):
    """The line is not in a state that the step leaves."""

    code = "line-state"
    message = _("The credit line is {state}; this step is not possible now.")
    remedy = _("Reload the page: somebody else may have been faster.")


class LineBelowMinimumError(Refused):
    """The line is suspended because the computed limit is below the lowest limit (LIMIT-1)."""

    code = "line-below-minimum"
    message = _("The computed limit of the line is below the lowest limit.")
    remedy = _("It resumes by itself once the computed limit is high enough; review the limit.")


@transaction.atomic
def suspend(customer_ids: Sequence[int], *, by: str, reason: Given, at: datetime) -> None:
    """Stop drawdowns on the lines of these customers (REPAY-18).

    A line that is suspended for a low limit is stopped too: it resumes when neither holds.
    """
    lines = _of_customers(customer_ids, Q(state__in=_SUSPENDABLE, is_stopped=False))
    _stop(lines, by=by, reason=reason, at=at)


@transaction.atomic
def resume(customer_ids: Sequence[int], *, by: str, reason: Given, at: datetime) -> None:
    """Allow drawdowns again on the suspended lines of these customers (REPAY-19).

    A line whose computed limit is below the lowest limit stays suspended (LIMIT-1).
    """
    lines = _of_customers(customer_ids, Q(state=CreditLineState.SUSPENDED))
    _let_go(lines, by=by, reason=reason, at=at)


@transaction.atomic
def request_resumption(customer_ids: Sequence[int], *, at: datetime) -> None:
    """Let a person decide whether the stopped lines of these customers resume (REPAY-19).

    A line that waits for it already stays in the queue once.
    """
    stopped = Q(state=CreditLineState.SUSPENDED, is_stopped=True)
    work_queue.add(_of_customers(customer_ids, stopped), queue=QUEUE, at=at)


@transaction.atomic
def suspend_line(line_id: int, *, by: str, reason: Given, at: datetime) -> None:
    """Stop drawdowns on a line, by a member of the staff.

    Raises:
        LineStateError: it is neither active nor suspended for a low limit alone.
    """
    line = _locked(line_id)
    if line.state not in _SUSPENDABLE or line.is_stopped:
        raise LineStateError(state=line.get_state_display())
    _stop([line], by=by, reason=reason, at=at)


@transaction.atomic
def resume_line(line_id: int, *, by: str, reason: Given, at: datetime) -> None:
    """Allow drawdowns again on a line, by a member of the staff (REPAY-19).

    Raises:
        LineStateError: it is not suspended.
        LineBelowMinimumError: the computed limit is below the lowest limit, and nobody stopped it.
    """
    line = _locked(line_id)
    if line.state != CreditLineState.SUSPENDED:
        raise LineStateError(state=line.get_state_display())
    if line.is_below_minimum and not line.is_stopped:
        raise LineBelowMinimumError
    _let_go([line], by=by, reason=reason, at=at)


@transaction.atomic
def freeze(line_id: int, *, by: str, reason: Given, at: datetime) -> None:
    """Stop everything but repayments on a line (SEC-11).

    Raises:
        LineStateError: it is neither active nor suspended.
    """
    line = _locked(line_id)
    if line.state not in _SUSPENDABLE:
        raise LineStateError(state=line.get_state_display())
    workflow.move([line], "freeze", by=by, reason=reason, at=at)
    workflow.save([line])


@transaction.atomic
def unfreeze(line_id: int, *, by: str, reason: Given, at: datetime) -> None:
    """Lift a freeze; a line that was stopped, or whose limit is too low, is suspended then.

    Raises:
        LineStateError: it is not frozen.
    """
    line = _locked(line_id)
    if line.state != CreditLineState.FROZEN:
        raise LineStateError(state=line.get_state_display())
    is_held = line.is_stopped or line.is_below_minimum
    way = "unfreeze_suspended" if is_held else "unfreeze"
    workflow.move([line], way, by=by, reason=reason, at=at)
    workflow.save([line])


@transaction.atomic
def close(customer_ids: Sequence[int], *, by: str, reason: Given, at: datetime) -> None:
    """End the open lines of these customers; what was drawn is still owed."""
    lines = _of_customers(customer_ids, ~Q(state=CreditLineState.CLOSED))
    workflow.move(lines, "close", by=by, reason=reason, at=at)
    workflow.save(lines)
    work_queue.finish(lines, queue=QUEUE, by=by, reason=reason, at=at)


def _of_customers(customer_ids: Sequence[int], which: Q) -> list[CreditLine]:
    if not customer_ids:
        return []
    lines = CreditLine.objects.filter(which, customer_id__any=bulk.Of(customer_ids))
    return list(lines.select_for_update().order_by("pk"))


def _locked(line_id: int) -> CreditLine:
    return CreditLine.objects.select_for_update().get(pk=line_id)


def _stop(lines: Sequence[CreditLine], *, by: str, reason: Given, at: datetime) -> None:
    for line in lines:
        line.is_stopped = True
    active = [line for line in lines if line.state == CreditLineState.ACTIVE]
    workflow.move(active, "suspend", by=by, reason=reason, at=at)
    workflow.save(lines, "is_stopped")


def _let_go(lines: Sequence[CreditLine], *, by: str, reason: Given, at: datetime) -> None:
    for line in lines:
        line.is_stopped = False
    free = [line for line in lines if not line.is_below_minimum]
    workflow.move(free, "resume", by=by, reason=reason, at=at)
    workflow.save(lines, "is_stopped")
    work_queue.finish(lines, queue=QUEUE, by=by, reason=reason, at=at)
