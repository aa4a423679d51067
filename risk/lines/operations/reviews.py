"""Limit reviews (额度复核): one person proposes another limit, a second one decides (LIMIT-2).

The decided limit becomes the target, which the line reaches by daily steps (LIMIT-5). The frame of
approvals refuses a decision by the proposer, and so does the database. A proposal may answer the
human review of a limit cut (LAW-18): the limit is then higher than the target, and the approval
upholds the review.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock
from backoffice.core.errors import Refused
from backoffice.core.models import Approval
from backoffice.core.money import yuan
from backoffice.core.reasons import Reason
from backoffice.core.staff import StaffMember
from backoffice.platform import approvals
from backoffice.platform.approvals import Proposal
from risk.lines.operations import cut_reviews
from risk.lines.operations.batch import LineBatch, locked
from risk.lines.operations.grants import agree, require_possible
from risk.lines.queries.amounts import goes_to_fen
from risk.lines.queries.cuts import LIMIT_REVIEW
from risk.lines.rules.reasons import LineReason
from risk.models import CreditLine, CreditLineState, CutReview

KIND = LIMIT_REVIEW


class LineClosedError(Refused):
    """The line is closed."""

    code = "line-closed"
    message = _("The credit line is closed.")
    remedy = _("A closed line has no limit to review.")


class UnchangedLimitError(Refused):
    """The line has the proposed limit as its target already."""

    code = "limit-unchanged"
    message = _("The line goes to {limit} yuan already.")
    remedy = _("Propose another limit.")


class LimitReview(NamedTuple):
    """A proposed limit of a line in fen, and a reference of the evidence.

    ``cut_review_id`` is the human review of a cut that the proposal answers.
    """

    line_id: int
    limit_fen: int
    evidence: str
    cut_review_id: int | None = None


@transaction.atomic
def propose(
    reviews: Sequence[LimitReview], *, by: StaffMember, reason: str, at: datetime
) -> list[Approval]:
    """Propose other limits of lines, to be decided by a second person.

    Raises:
        LineClosedError: a line is closed.
        grants.LimitRangeError: a limit is out of range, or no whole step.
        UnchangedLimitError: a line goes to that limit already.
        cut_reviews.CutReviewDoneError: the review of a cut does not wait for a decision.
        cut_reviews.CutDecidedBeforeError: the person decided the cut.
        cut_reviews.CutLimitNotHigherError: the limit is not above the target of the line.
        approvals.AlreadyProposedError: a review of a line is open.
        approvals.NotPermittedError: the person may not propose reviews.
    """
    batch = _batch([one.line_id for one in reviews], by=str(by), at=at)
    for one in reviews:
        _require_review(one, batch)
        _require_cut(one, batch)
    proposals = [Proposal(KIND, one.line_id, _payload(one)) for one in reviews]
    return approvals.propose(proposals, by=by, reason=reason, at=at)


def apply(
    approved: Sequence[Approval],
    *,
    by: str,
    reason: str,  # noqa: ARG001 - the reason of the proposal explains the limit
    at: datetime,
) -> None:
    """Let the approved limits become the targets; called by ``approvals.approve``.

    Raises:
        LineClosedError: a line was closed meanwhile.
        grants.LimitRangeError: a limit is out of the range in force by now.
        UnchangedLimitError: a line goes to that limit by now.
        cut_reviews.CutReviewDoneError: the review of a cut was decided meanwhile.
        cut_reviews.CutDecidedBeforeError: the second person decided the cut.
        cut_reviews.CutLimitNotHigherError: the target is not below the limit any more.
    """
    batch = _batch([_review(one).line_id for one in approved], by=by, at=at)
    for approval in approved:
        review = _review(approval)
        line = _require_review(review, batch)
        cut = _require_cut(review, batch)
        words = Reason(LineReason.REVIEWED, {"text": approval.reason})
        agree(line, review.limit_fen, words, batch, evidence=f"approval:{approval.pk}")
        if cut is not None:
            cut_reviews.uphold(cut, by=by, reason=words, at=at)
    batch.write()


def register() -> None:
    """Register the kind of request, once, when the site is ready."""
    approvals.register(
        KIND,
        title=_("limit review"),
        apply=apply,
        permission="risk.decide_limitreview",
        propose_permission="risk.propose_limitreview",
    )


def _review(approval: Approval) -> LimitReview:
    assert approval.subject_id is not None, "a review names its line"
    payload = approval.payload
    return LimitReview(
        approval.subject_id, payload["limit_fen"], payload["evidence"], payload.get("cut_review")
    )


def _payload(review: LimitReview) -> dict[str, Any]:
    values = {"limit_fen": review.limit_fen, "evidence": review.evidence}
    if review.cut_review_id is None:
        return values
    return {**values, "cut_review": review.cut_review_id}


def _batch(line_ids: Sequence[int], *, by: str, at: datetime) -> LineBatch:
    return LineBatch(locked(line_ids), by=by, on=clock.day_of(at), at=at)


def _require_review(review: LimitReview, batch: LineBatch) -> CreditLine:
    """Return the line of a review that changes something."""
    line = batch.lines.get(review.line_id)
    if line is None or line.state == CreditLineState.CLOSED:
        raise LineClosedError
    require_possible(review.limit_fen, batch=batch)
    if goes_to_fen(line) == review.limit_fen:
        raise UnchangedLimitError(limit=yuan(review.limit_fen))
    return line


def _require_cut(review: LimitReview, batch: LineBatch) -> CutReview | None:
    """Return the open review of a cut that a proposal answers, locked after its line."""
    if review.cut_review_id is None:
        return None
    found = cut_reviews.locked_open(review.cut_review_id, by=batch.by)
    assert found.change.line_id == review.line_id, "the review is about the line"
    cut_reviews.require_higher(review.limit_fen, now_fen=goes_to_fen(batch.lines[review.line_id]))
    return found
