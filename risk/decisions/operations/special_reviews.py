"""Special reviews of large payments: opened with the payment, decided by a person (SCORE-3)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.core import clock, workflow
from backoffice.core.errors import Refused
from backoffice.core.policy import current
from backoffice.platform import work_queue
from risk.decisions.operations import purchases
from risk.decisions.rules.reasons import DecisionReason
from risk.facts.operations.events import ReceivedPayment
from risk.lines import operations as lines
from risk.models import SpecialReview, SpecialReviewState
from risk.policy import ScoringPolicy
from risk.scoring.rules import special_review as rules

QUEUE = "special-review"


def _sla(on: date) -> timedelta:
    return timedelta(hours=current(ScoringPolicy, on=on).special_review_hours)


WORK_QUEUE = work_queue.Queue(
    name=QUEUE,
    title=_("special reviews of large payments"),
    sla=_sla,
    permission="risk.decide_specialreview",
)


class NotOpenError(Refused):
    """The special review was decided before."""

    code = "special-review-decided"
    message = _("{review} was decided before.")
    remedy = _("Reload its page; somebody else was faster.")


def open_for(payments: Sequence[ReceivedPayment], *, at: datetime) -> None:
    """Open one review for each payment above 5,000.00, in the transaction that stores it.

    A payment received before keeps its review, whatever became of it.
    """
    assert connection.in_atomic_block, "a review is opened with its payment"
    policy = current(ScoringPolicy, on=clock.day_of(at))
    large = [one for one in payments if rules.is_needed(one.amount_fen, policy=policy)]
    if not large:
        return
    SpecialReview.objects.bulk_create(
        [
            SpecialReview(
                customer_id=one.customer_id,
                partner=one.partner,
                event_id=one.event_id,
                amount_fen=one.amount_fen,
                occurred_at=one.occurred_at,
                opened_at=at,
                due_at=rules.due_at(at, policy=policy),
            )
            for one in large
        ],
        ignore_conflicts=True,
    )
    keys = [one.event_id for one in large]
    mine = SpecialReview.objects.filter(
        partner=large[0].partner, event_id__in=keys, state=SpecialReviewState.OPEN
    )
    work_queue.add(list(mine), queue=QUEUE, at=at)


@transaction.atomic(durable=True)
def decide(
    review_id: int, *, is_suspicious: bool, by: str, reason: str, at: datetime
) -> SpecialReview:
    """Decide on a special review, once; passing it releases the hold of the purchase (LIMIT-6).

    Raises:
        NotOpenError: somebody has decided it.
    """
    review = SpecialReview.objects.select_for_update().get(pk=review_id)
    if review.state != SpecialReviewState.OPEN:
        raise NotOpenError(review=review)
    transition = "suspect" if is_suspicious else "clear"
    workflow.move([review], transition, by=by, reason=reason, at=at)
    workflow.save([review], "decided_at")
    work_queue.finish([review], queue=QUEUE, by=by, reason=DecisionReason.DECIDED, at=at)
    if not is_suspicious:
        lines.release_holds([purchases.source_of(review.partner, review.event_id)], by=by, at=at)
    return review
