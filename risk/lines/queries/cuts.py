"""Cuts of limits: which changes they are, what a person was asked, and what stood before (LAW-18).

A change is looked at with its line as a whole: what is a fall depends on the change before.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.customer_page.queries.timeline import TimelineEntry
from backoffice.core import bulk, reasons
from backoffice.core.models import Approval, ApprovalState, StateChange
from risk.lines.rules import cuts as rules
from risk.lines.rules.cuts import TargetChange
from risk.lines.rules.reasons import LineReason
from risk.models import CutReview, CutReviewState, GrowthChange, LimitChange, ModelInputs
from risk.policy import AssessmentPolicy

LIMIT_REVIEW = "limit-review"  # the kind of request by which another limit is proposed
EACH_MAX = 50
_OF_INPUTS = (LineReason.NEW_INPUTS, LineReason.REVIEWED)
_OF_GROWTH = (
    LineReason.BILL_IN_FULL, LineReason.BILL_OVERDUE, LineReason.BILL_CORRECTED,
    LineReason.ANNIVERSARY,
)  # fmt: skip


class ListedChange(NamedTuple):
    """A change of a limit, the fall that it belongs to if it is a cut, and the review of that."""

    change: LimitChange
    origin: LimitChange | None
    review: CutReview | None


class StoredInputs(NamedTuple):
    """What a target was computed from: the inputs of the model and the exact growth factor."""

    inputs: ModelInputs | None
    growth: str


def listed(line_id: int, *, most: int) -> list[ListedChange]:
    """Return the latest changes of a line, the newest first, with falls and reviews."""
    rows = LimitChange.objects.filter(line=line_id).order_by("-pk")
    found = [*rows[: most + 1]][::-1]
    falls = rules.origins([_target(one) for one in found])
    origins = [None if fall is None else found[fall] for fall in falls]
    ids = sorted({one.pk for one in origins if one is not None})
    asked = CutReview.objects.filter(change_id__any=bulk.Of(ids))
    reviews = {one.change_id: one for one in asked}
    pairs = zip(found, origins, strict=True)
    all_of = [ListedChange(one, fall, reviews.get(fall.pk if fall else 0)) for one, fall in pairs]
    return all_of[::-1][:most]


def origin(change: LimitChange) -> LimitChange | None:
    """Return the fall that a change belongs to; None if it is no cut."""
    rows = LimitChange.objects.filter(line=change.line_id, pk__lte=change.pk).order_by("pk")
    found = list(rows)
    fall = rules.origins([_target(one) for one in found])[-1]
    return None if fall is None else found[fall]


def is_reviewable(found: ListedChange, *, at: datetime, policy: AssessmentPolicy) -> bool:
    """Return whether the customer may ask a person to look at this cut; others may be open."""
    fall = found.origin
    if fall is None or found.review is not None or rules.is_of_assessment(fall.evidence):
        return False
    return at <= rules.requested_until(fall.at, policy=policy)


def deciders(change: LimitChange) -> set[str]:
    """Return the actors who decided a change: both persons of a limit review (LIMIT-2)."""
    found = {change.changed_by}
    kind, _colon, number = change.evidence.partition(":")
    if kind == "approval" and number.isdecimal():
        agreed = Approval.objects.filter(pk=number)
        for names in agreed.values_list("proposed_by__username", "decided_by__username"):
            found |= {name for name in names if name}
    return found


def open_proposal(review: CutReview) -> Approval | None:
    """Return the proposal of another limit that waits for a second person."""
    proposed = Approval.objects.filter(
        kind=LIMIT_REVIEW, subject_id=review.change.line_id, state=ApprovalState.PROPOSED
    )
    return proposed.filter(payload__cut_review=review.pk).first()


def steps_since(review: CutReview) -> list[LimitChange]:
    """Return the changes of the line after the reviewed one, the oldest first."""
    change = review.change
    rows = LimitChange.objects.filter(line=change.line_id, pk__gt=change.pk)
    return list(rows.order_by("pk")[:EACH_MAX])


def before(change: LimitChange) -> LimitChange | None:
    """Return the change of the line before this one."""
    rows = LimitChange.objects.filter(line=change.line_id, pk__lt=change.pk)
    return rows.order_by("-pk").first()


def inputs_around(change: LimitChange) -> tuple[StoredInputs, StoredInputs]:
    """Return what the target was computed from before a change and after it.

    New inputs name the evidence of their change, as an approved limit does. A growth step has the
    moment of its change.
    """
    rows = ModelInputs.objects.filter(line=change.line_id, at__lte=change.at).order_by("-pk")
    latest = rows.first()
    old = latest
    if change.reason in _OF_INPUTS:
        latest = rows.filter(evidence=change.evidence).first() or latest
        old = rows.filter(pk__lt=latest.pk).first() if latest else None
    step = GrowthChange.objects.filter(line=change.line_id, at__lte=change.at).order_by("-pk")
    found = step.first()
    growth = found.after if found else "1"
    is_step = found is not None and change.reason in _OF_GROWTH
    return StoredInputs(old, found.before if found and is_step else growth), StoredInputs(
        latest, growth
    )


def history(customer_id: int) -> Iterator[TimelineEntry]:
    """Yield what happened to the human reviews of the limit cuts of a customer."""
    mine = CutReview.objects.filter(customer=customer_id).order_by("-pk")[:EACH_MAX]
    reviews = {one.pk: one for one in mine}
    states = dict(CutReviewState.choices)
    for one in reviews.values():
        yield TimelineEntry(one.requested_at, _("human review of a limit cut"), str(one))
    moves = StateChange.objects.filter(
        subject_type=CutReview._meta.label_lower, subject_id__in=sorted(reviews)
    ).exclude(target="")
    for move in moves.order_by("pk"):
        detail = f"{reviews[move.subject_id]} → {states[move.target]}: "
        detail += reasons.text(move.reason, move.facts)
        yield TimelineEntry(move.at, _("human review of a limit cut"), detail, move.actor)


def _target(change: LimitChange) -> TargetChange:
    return TargetChange(change.old_fen, change.new_fen, change.target_fen, change.reason)
