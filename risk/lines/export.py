"""The sections that risk adds to the customer export."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection, latest
from accounts.privacy.rules import masking
from risk.models import Conduct, CreditLine, CutReview, LimitChange, TemporaryLimit


def _cut_reviews(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    mine = CutReview.objects.filter(customer=customer_id).select_related("change")
    return [
        (one.change.effective_on, one.state, one.requested_at, one.due_at, one.decided_at,
         None if one.answer is None else masking.text(one.answer))
        for one in mine.order_by("-pk")[:limit]
    ]  # fmt: skip


SECTIONS = (
    CopySection(
        "credit_lines", _("Credit lines"),
        {"state": _("state"), "limit_fen": _("limit in fen"),
         "temporary_fen": _("temporary limit in fen"), "drawn_fen": _("drawn in fen"),
         "opened_on": _("opened on")},
        latest(CreditLine, "state", "limit_fen", "temporary_fen", "drawn_fen", "opened_on"),
    ),
    CopySection(
        "limit_changes", _("Limit changes"),
        {"effective_on": _("effective on"), "old_fen": _("old limit in fen"),
         "new_fen": _("new limit in fen"), "target_fen": _("target in fen"), "rule": _("rule"),
         "reason": _("reason")},
        latest(LimitChange, "effective_on", "old_fen", "new_fen", "target_fen", "rule", "reason"),
    ),
    CopySection(
        "cut_reviews", _("Human reviews of limit cuts"),
        {"effective_on": _("effective on"), "state": _("state"),
         "requested_at": _("requested at"), "due_at": _("due at"),
         "decided_at": _("decided at"), "answer": _("answer to the customer")},
        _cut_reviews,
    ),
    CopySection(
        "temporary_limits", _("Temporary limits"),
        {"state": _("state"), "amount_fen": _("amount in fen"), "granted_on": _("granted on"),
         "valid_to_on": _("valid to")},
        latest(TemporaryLimit, "state", "amount_fen", "granted_on", "valid_to_on"),
    ),
    CopySection(
        "conduct", _("Payment history"),
        {"due_on": _("due on"), "total_fen": _("bill total in fen"),
         "paid_fen": _("paid in fen"), "outcome": _("outcome")},
        latest(Conduct, "due_on", "total_fen", "paid_fen", "outcome"),
    ),
)  # fmt: skip
