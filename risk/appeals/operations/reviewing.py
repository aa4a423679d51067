"""Reviews of appeals: taken by a person, who asks for more or rejects (FAQ-8, LAW-18).

Whoever made the contested decision does not review it. Upholding needs a second person.
"""

from datetime import datetime
from http import HTTPStatus

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.customers import trace
from backoffice.core import workflow
from backoffice.core.crypto import Sealed
from backoffice.core.errors import Refused
from backoffice.core.models import Approval, ApprovalState
from backoffice.core.staff import StaffMember
from backoffice.platform import work_queue
from risk.appeals.operations.queue import QUEUE
from risk.appeals.rules.deadlines import Contested
from risk.appeals.rules.reasons import AppealReason
from risk.bureau import operations as bureau_reports
from risk.bureau.operations import BureauState
from risk.gateways.bureau import CreditBureau
from risk.models import Appeal, AppealState

KIND = "appeal"  # of the requests that two people decide


class AppealNotWaitingError(Refused):
    """The appeal does not wait for a reviewer."""

    code = "appeal-not-waiting"
    message = _("{appeal} does not wait for a reviewer.")
    remedy = _("Reload its page; it may have been decided, or it waits for the customer.")


class AppealNotInReviewError(Refused):
    """The appeal is not in review."""

    code = "appeal-not-in-review"
    message = _("{appeal} is not in review.")
    remedy = _("Take it first; one that waits for the customer comes back by itself.")


class NotReviewerError(Refused):
    """Another person reviews the appeal."""

    code = "appeal-of-another-reviewer"
    message = _("{reviewer} reviews {appeal}.")
    remedy = _("Take it over first.")


class AppealDecidedBeforeError(Refused):
    """Who made the contested decision takes no part in the appeal (FAQ-8)."""

    status = HTTPStatus.FORBIDDEN
    code = "appeal-decided-before"
    message = _("You made the decision that {appeal} contests.")
    remedy = _("Leave the appeal to another person.")


class ProposalOpenError(Refused):
    """A proposal to uphold the appeal waits for a second person."""

    code = "appeal-proposal-open"
    message = _("A proposal to uphold {appeal} waits for a second person.")
    remedy = _("Have it decided or withdrawn first.")


class NoReportContestedError(Refused):
    """The appeal contests no credit report."""

    code = "appeal-without-report"
    message = _("{appeal} contests no credit report.")
    remedy = _("Decide it by its materials.")


class ReportPendingError(Refused):
    """The bureau has not answered with a newer report."""

    code = "appeal-report-pending"
    message = _("The bureau has not sent a newer report.")
    remedy = _("Try again later; without the customer's consent none is fetched.")


@transaction.atomic(durable=True)
def take(appeal_id: int, *, by: StaffMember, at: datetime) -> Appeal:
    """Take a submitted appeal for review, or take it over from another reviewer.

    Raises:
        AppealNotWaitingError: it is neither submitted nor in review.
        AppealDecidedBeforeError: the person made the contested decision.
        ProposalOpenError: a proposal of the other reviewer is open.
    """
    appeal = locked(appeal_id)
    if appeal.state not in (AppealState.SUBMITTED, AppealState.IN_REVIEW):
        raise AppealNotWaitingError(appeal=appeal)
    require_uninvolved(appeal, by=str(by))
    reason = AppealReason.TAKEN
    if appeal.state == AppealState.IN_REVIEW:
        _require_no_proposal(appeal)
        appeal.reviewer_id = by.pk
        trace.note([appeal], "take", by=str(by), reason=reason, at=at)
    else:
        workflow.move([appeal], "take", by=str(by), reason=reason, at=at, reviewer=by)
    workflow.save([appeal], "reviewer")
    return appeal


@transaction.atomic(durable=True)
def ask_for_more(appeal_id: int, *, question: str, by: StaffMember, at: datetime) -> Appeal:
    """Ask the customer for more, in words that the customer reads; the deadline stands still.

    Raises:
        AppealNotInReviewError: it is not in review.
        NotReviewerError: another person reviews it.
        ProposalOpenError: a proposal to uphold it is open.
    """
    appeal = in_review(appeal_id, by=by)
    _require_no_proposal(appeal)
    Appeal.objects.filter(pk=appeal.pk).update(question=Sealed(question))
    workflow.move([appeal], "ask", by=str(by), reason=question, at=at)
    workflow.save([appeal], "asked_at")
    work_queue.finish([appeal], queue=QUEUE, by=str(by), reason=AppealReason.ASKED, at=at)
    return appeal


@transaction.atomic(durable=True)
def reject(appeal_id: int, *, answer: str, by: StaffMember, reason: str, at: datetime) -> Appeal:
    """Reject an appeal with an answer that the customer reads; the contested decision stands.

    Raises:
        AppealNotInReviewError: it is not in review.
        NotReviewerError: another person reviews it.
        ProposalOpenError: a proposal to uphold it is open.
    """
    appeal = in_review(appeal_id, by=by)
    _require_no_proposal(appeal)
    Appeal.objects.filter(pk=appeal.pk).update(answer=Sealed(answer))
    workflow.move([appeal], "reject", by=str(by), reason=reason, at=at, decider=str(by))
    finish(appeal, by=str(by), at=at)
    return appeal


def ask_bureau(appeal_id: int, *, bureau: CreditBureau, by: StaffMember, at: datetime) -> Appeal:
    """Fetch a newer credit report where the customer contests the one there is.

    The bureau is asked outside any transaction; the new report counts in the preview from then on.

    Raises:
        AppealNotInReviewError: it is not in review.
        NotReviewerError: another person reviews it.
        NoReportContestedError: the appeal contests no credit report.
        ReportPendingError: the bureau has not answered with a report, or the consent is withdrawn.
    """
    with transaction.atomic(durable=True):
        appeal = in_review(appeal_id, by=by)
        if appeal.kind != Contested.BUREAU:
            raise NoReportContestedError(appeal=appeal)
        trace.note([appeal], "ask-bureau", by=str(by), reason=AppealReason.REPORT_ASKED, at=at)
    owner = appeal.customer_id
    fetched = bureau_reports.fetch([owner], bureau=bureau, at=at, is_renewed=True)[owner]
    if fetched.state is not BureauState.READY:
        raise ReportPendingError(state=fetched.state.value)
    return appeal


def finish(appeal: Appeal, *, by: str, at: datetime) -> None:
    """Store the decision of an appeal that was moved, and take it off the queue."""
    workflow.save([appeal], "outcome", "decided_at", "decided_by")
    work_queue.finish([appeal], queue=QUEUE, by=by, reason=AppealReason.DECIDED, at=at)


def locked(appeal_id: int) -> Appeal:
    """Lock and return an appeal with the contested assessment."""
    rows = Appeal.objects.select_related("assessment__review_of", "reviewer")
    return rows.select_for_update(of=("self",)).get(pk=appeal_id)


def in_review(appeal_id: int, *, by: StaffMember) -> Appeal:
    """Lock and return an appeal that the person reviews.

    Raises:
        AppealNotInReviewError: it is not in review.
        NotReviewerError: another person reviews it.
    """
    appeal = locked(appeal_id)
    if appeal.state != AppealState.IN_REVIEW:
        raise AppealNotInReviewError(appeal=appeal)
    if appeal.reviewer_id != by.pk:
        raise NotReviewerError(appeal=appeal, reviewer=appeal.reviewer)
    return appeal


def require_uninvolved(appeal: Appeal, *, by: str) -> None:
    """Refuse who made the contested decision, or the one that it reviewed.

    Raises:
        AppealDecidedBeforeError: the person did.
    """
    if is_involved(appeal, by=by):
        raise AppealDecidedBeforeError(appeal=appeal)


def is_involved(appeal: Appeal, *, by: str) -> bool:
    """Return whether a person made the contested decision, or the one that it reviewed (FAQ-8)."""
    contested = appeal.assessment
    before = contested.review_of
    return by in (contested.decided_by, before.decided_by if before else "")


def _require_no_proposal(appeal: Appeal) -> None:
    proposed = Approval.objects.filter(
        kind=KIND, subject_id=appeal.pk, state=ApprovalState.PROPOSED
    )
    if proposed.exists():
        raise ProposalOpenError(appeal=appeal)
