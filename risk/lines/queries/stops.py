"""Why nothing can be drawn on a line that is not active, and what its customer can do (REPAY-18).

Bills are known to an app above, which registers how an overdue one is found.
"""

from collections.abc import Callable
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import NextCall, RefusalCause
from backoffice.core.models import WorkItem, WorkItemState
from risk.models import CreditLine, CreditLineState

RESUMPTION_QUEUE = "line-resumption"  # of stopped lines that a person lets resume (REPAY-19)
_SUPPORT = NextCall("ask-support", "POST", "/api/v1/me/complaints")
_READ = NextCall("read-line", "GET", "/api/v1/me/line")


class LineStop(StrEnum):
    """What stops a line."""

    FROZEN = "frozen"
    BILL_OVERDUE = "bill-overdue"
    IN_REVIEW = "in-review"
    STOPPED = "stopped-by-staff"
    LOW_LIMIT = "limit-below-minimum"


CAUSES = {
    LineStop.FROZEN: RefusalCause(
        LineStop.FROZEN,
        _("It was frozen for your safety, or for a check."),
        _("Ask support to have it reviewed."),
    ),
    LineStop.BILL_OVERDUE: RefusalCause(
        LineStop.BILL_OVERDUE, _("A bill of yours is overdue."), _("Pay it first.")
    ),
    LineStop.IN_REVIEW: RefusalCause(
        LineStop.IN_REVIEW,
        _("After long arrears we review whether it resumes."),
        _("Nothing needs to be done; ask support if it takes longer than three days."),
    ),
    LineStop.STOPPED: RefusalCause(
        LineStop.STOPPED,
        _("Our staff have stopped it."),
        _("Ask support to have it reviewed."),
    ),
    LineStop.LOW_LIMIT: RefusalCause(
        LineStop.LOW_LIMIT,
        _("Your computed limit is below the lowest limit."),
        _("It resumes by itself once the computed limit is high enough."),
    ),
}
CALLS = {
    LineStop.FROZEN: (_SUPPORT,),
    LineStop.BILL_OVERDUE: (
        NextCall("list-bills", "GET", "/api/v1/bills"),
        NextCall("pay-bill", "POST", "/api/v1/bills/{id}/payments"),
    ),
    LineStop.IN_REVIEW: (_SUPPORT,),
    LineStop.STOPPED: (_SUPPORT,),
    LineStop.LOW_LIMIT: (NextCall("list-changes", "GET", "/api/v1/me/line/changes"), _SUPPORT),
}
_overdue: list[Callable[[int], bool]] = []


def register(has_overdue_bill: Callable[[int], bool]) -> None:
    """Let an app above answer whether a customer, by id, has an overdue bill."""
    _overdue.append(has_overdue_bill)


def stop_of(line: CreditLine) -> LineStop | None:
    """Return what stops a line, the one the customer can end first; None where it is active."""
    if line.state == CreditLineState.FROZEN:
        return LineStop.FROZEN
    if line.state != CreditLineState.SUSPENDED:
        return None
    if any(has_overdue_bill(line.customer_id) for has_overdue_bill in _overdue):
        return LineStop.BILL_OVERDUE
    waiting = WorkItem.objects.filter(
        queue=RESUMPTION_QUEUE, subject_type=CreditLine._meta.label_lower, subject_id=line.pk
    )
    if waiting.exclude(state=WorkItemState.DONE).exists():
        return LineStop.IN_REVIEW
    return LineStop.LOW_LIMIT if line.is_below_minimum and not line.is_stopped else LineStop.STOPPED


def sentences(stop: LineStop) -> str:
    """Return what stops a line, and what can be done, in the active language."""
    cause = CAUSES[stop]
    space = "" if str(cause.message).endswith("。") else " "
    return f"{cause.message}{space}{cause.remedy}"


def next_steps(stop: LineStop) -> list[dict[str, str]]:
    """Return the endpoints with which the customer follows them."""
    return [{**call._asdict(), "state": "open"} for call in (*CALLS[stop], _READ)]
