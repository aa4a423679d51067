"""Later due dates: a customer asks before the overdue record, the staff approve or decline (FAQ-7).

An approved extension takes effect on its day: the bill is asked again from the new due date on.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.onboarding.context import RequestContext
from backoffice.core import workflow
from backoffice.core.crypto import Sealed
from backoffice.core.errors import NextCall, Refused
from backoffice.core.policy import current
from backoffice.core.staff import StaffMember
from backoffice.platform import idempotency, work_queue
from loans.accounting.operations.batch import LoanBatch
from loans.accounting.operations.closed_days import require_closed
from loans.accounting.rules.reasons import LoanReason
from loans.billing.rules.extension import EXTENDABLE, Extend, days_max
from loans.models import Bill, DebitOrder, Extension, ExtensionState, Origin
from loans.policy import LoanOperations

QUEUE = "extension"
WORK_QUEUE = work_queue.Queue(
    name=QUEUE,
    title=_("extensions to decide"),
    sla=timedelta(days=1),
    permission="loans.decide_extension",
)


class ExtensionRequest(NamedTuple):
    """By how many days a customer asks to move the due date of a bill, and why."""

    bill_id: UUID
    days: int
    reason: str


class NotExtendableError(Refused):
    """The bill is not asked at the moment, or its overdue record exists (FAQ-7)."""

    public_facts = ("state",)
    code = "bill-not-extendable"
    message = _("The due date of this bill cannot be moved.")
    remedy = _("Only a bill that is due or in grace has another due date. Pay what is unpaid.")


class ExtensionDaysError(Refused):
    """The due date would move by too many days (FAQ-7)."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    public_facts = ("days_max",)
    code = "extension-days"
    message = _("This due date moves by {days_max} days at most.")
    remedy = _("Ask for fewer days: it stays before the due date of your next bill.")


class ExtensionPastError(Refused):
    """The new due date has passed."""

    code = "extension-past"
    message = _("The new due date, {extended_to}, has passed.")
    remedy = _("Decline the request; the customer may ask for more days.")


class ExtensionOpenError(Refused):
    """A request of the customer waits for its decision."""

    code = "extension-open"
    message = _("A request for a later due date waits for its decision.")
    remedy = _("Wait for the answer: it comes within a day.")
    calls = (NextCall("read-bills", "GET", "/api/v1/bills"),)


class ExtensionTooSoonError(Refused):
    """A due date of the customer was moved in the last 180 days (FAQ-7)."""

    public_facts = ("available_on",)
    code = "extension-too-soon"
    message = _(
        "A due date of yours was moved lately; the next one can be moved on {available_on}."
    )
    remedy = _("Pay what is unpaid, or ask customer support.")


class ExtensionDecidedError(Refused):
    """The request has been decided."""

    code = "extension-decided"
    message = _("{extension} has been decided.")
    remedy = _("Reload its page; somebody else was faster.")


@transaction.atomic(durable=True)
@idempotency.replies
def request(asked: ExtensionRequest, *, context: RequestContext) -> Extension:
    """Ask for a later due date of a bill, once per 180 days, before its overdue record (FAQ-7).

    Raises:
        Bill.DoesNotExist: the customer has no such bill.
        NotExtendableError: the bill is neither due nor in grace.
        ExtensionOpenError: a request of the customer waits for its decision.
        ExtensionTooSoonError: an extension was approved in the last 180 days.
        ExtensionDaysError: more than 30 days, or a due date not before that of the next bill.
    """
    mine = Bill.objects.select_for_update().filter(customer=context.customer)
    bill = mine.get(public_id=asked.bill_id)
    locked = context.locked()
    policy = current(LoanOperations, on=locked.on)
    if bill.state not in EXTENDABLE:
        raise NotExtendableError(state=bill.state)
    _require_seldom(locked.customer.pk, on=locked.on, policy=policy)
    most = days_max(bill.due_on, policy_days_max=policy.extension_days_max)
    if not 1 <= asked.days <= most:
        raise ExtensionDaysError(days_max=most)

    extension = Extension.objects.create(
        customer=locked.customer,
        bill=bill,
        days=asked.days,
        due_on=bill.due_on,
        extended_to_on=bill.due_on + timedelta(days=asked.days),
        reason=Sealed(asked.reason),
        requested_at=locked.at,
    )
    trace.note(
        [extension], "request", by=locked.by, reason=LoanReason.EXTENSION_ASKED, at=locked.at
    )
    work_queue.add([extension], queue=QUEUE, at=locked.at)
    return extension


@transaction.atomic
def approve(
    extension_ids: list[int], *, by: StaffMember, on: date, reason: str, at: datetime
) -> list[Extension]:
    """Move the due dates of bills from a day on, as the customers asked (FAQ-7).

    Raises:
        ExtensionDecidedError: one has been decided.
        NotExtendableError: a bill was paid meanwhile, or its overdue record exists.
        ExtensionPastError: a new due date has passed.
        closed_days.DayNotClosedError: the 00:05 batch has not decided on a bill yet.
    """
    bill_ids = Extension.objects.filter(pk__in=extension_ids).values_list("bill_id", flat=True)
    batch = LoanBatch.lock(bill_ids)
    found = _locked(extension_ids)
    for one in found:
        bill = batch.position.bills[one.bill_id]
        if bill.state not in EXTENDABLE:
            raise NotExtendableError(state=bill.state)
        if one.extended_to_on <= on:
            raise ExtensionPastError(extended_to=one.extended_to_on.isoformat())
        require_closed([bill], on=on)

    batch.run(
        Extend(one.bill_id, on, one.extended_to_on, tries=_orders_made(batch, one.bill_id))
        for one in found
    )
    batch.write(by=str(by), at=at)
    _decide(found, "approve", by=by, on=on, reason=reason, at=at)
    return found


@transaction.atomic
def decline(
    extension_ids: list[int],
    *,
    answer: str,
    by: StaffMember,
    on: date,
    reason: str,
    at: datetime,
) -> list[Extension]:
    """Leave due dates as they are, with an answer that the customer reads.

    Raises:
        ExtensionDecidedError: one has been decided.
    """
    found = _locked(extension_ids)
    Extension.objects.filter(pk__in=[one.pk for one in found]).update(answer=Sealed(answer))
    _decide(found, "decline", by=by, on=on, reason=reason, at=at)
    return found


def without_effect(*, on: date) -> list[int]:
    """Return the bills with open requests that no approval could carry out on a day."""
    return list(_without_effect(on=on).values_list("bill_id", flat=True))


@transaction.atomic
def lapse(bill_ids: Sequence[int], *, by: str, on: date, at: datetime) -> list[Extension]:
    """Decline the open requests of some bills that no approval could carry out, by the system.

    The bill is paid, closed or overdue, or the due date that was asked for has come (FAQ-7).
    """
    locked = Bill.objects.select_for_update().filter(pk__in=bill_ids).order_by("pk")
    stale = _without_effect(on=on).filter(bill__in=[bill.pk for bill in locked])
    found = list(stale.select_for_update(of=("self",)).order_by("pk"))
    for one in found:
        one.decided_on = on
    reason = LoanReason.EXTENSION_LAPSED
    workflow.move(found, "decline", by=by, reason=reason, at=at)
    workflow.save(found, "decided_on", "decided_at")
    work_queue.finish(found, queue=QUEUE, by=by, reason=reason, at=at)
    return found


def _without_effect(*, on: date) -> QuerySet[Extension]:
    waiting = Extension.objects.filter(state=ExtensionState.REQUESTED)
    return waiting.filter(~Q(bill__state__in=EXTENDABLE) | Q(extended_to_on__lte=on))


def _require_seldom(customer_id: int, *, on: date, policy: LoanOperations) -> None:
    """Refuse a request while another one is open, or too soon after the last approved one."""
    mine = Extension.objects.filter(customer=customer_id).defer("reason", "answer")
    if mine.filter(state=ExtensionState.REQUESTED).exists():
        raise ExtensionOpenError
    last = mine.filter(state=ExtensionState.APPROVED).order_by("decided_on").last()
    if last is None:
        return
    assert last.decided_on is not None
    available_on = last.decided_on + timedelta(days=policy.extension_every_days)
    if on < available_on:
        raise ExtensionTooSoonError(available_on=available_on.isoformat())


def _orders_made(batch: LoanBatch, bill_id: int) -> int:
    """Return how many automatic orders the cycle of a bill has: their numbers are taken."""
    cycle = batch.position.bills[bill_id].cycle
    return DebitOrder.objects.filter(bill=bill_id, origin=Origin.AUTO, cycle=cycle).count()


def _locked(extension_ids: list[int]) -> list[Extension]:
    """Lock and return requests that wait for their decision.

    Raises:
        ExtensionDecidedError: one does not.
    """
    rows = Extension.objects.select_for_update().filter(pk__in=extension_ids).order_by("pk")
    found = list(rows)
    for one in found:
        if one.state != ExtensionState.REQUESTED:
            raise ExtensionDecidedError(extension=one)
    return found


def _decide(
    found: list[Extension], move: str, *, by: StaffMember, on: date, reason: str, at: datetime
) -> None:
    """Store a decision and take the requests off the queue."""
    for one in found:
        one.decided_by_id, one.decided_on = by.pk, on
    workflow.move(found, move, by=str(by), reason=reason, at=at)
    workflow.save(found, "decided_on", "decided_at", "decided_by")
    work_queue.finish(found, queue=QUEUE, by=str(by), reason=LoanReason.EXTENSION_DECIDED, at=at)
