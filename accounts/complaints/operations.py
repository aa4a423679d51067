"""Complaints of customers, and the day by which each is answered."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from accounts.customers.rules.reasons import AccountReason
from accounts.models import Complaint, ComplaintState, Customer
from accounts.onboarding import operations as onboarding
from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.platform import idempotency


class AnsweredError(Refused):
    """The complaint has its answer."""

    code = "complaint-answered"
    message = _("{complaint} has been answered.")
    remedy = _("Reload its page; somebody else was faster.")


@transaction.atomic(durable=True)
@idempotency.replies
def file(customer: Customer, *, text: str, by: str, at: datetime) -> Complaint:
    """Take a complaint down; the day of its answer is fixed now."""
    on = clock.day_of(at)
    days = onboarding.numbers(on=on).complaint_days
    filed = Complaint.objects.create(
        customer=customer, text=text, filed_at=at, due_on=on + timedelta(days=days)
    )
    trace.note([filed], "file", by=by, reason=AccountReason.FILED_BY_CUSTOMER, at=at)
    return filed


@transaction.atomic(durable=True)
def answer(complaint_id: int, *, words: str, by: models.Model, at: datetime) -> Complaint:
    """Answer a complaint, once, as a member of the staff.

    Raises:
        AnsweredError: somebody has answered it.
    """
    complaint = Complaint.objects.select_for_update().get(pk=complaint_id)
    if complaint.state != ComplaintState.FILED:
        raise AnsweredError(complaint=complaint)
    Complaint.objects.filter(pk=complaint.pk).update(answer=words)
    workflow.move(
        [complaint], "reply", by=str(by), reason=AccountReason.ANSWERED, at=at, answerer=by
    )
    workflow.save([complaint], "answered_by", "answered_at")
    return complaint
