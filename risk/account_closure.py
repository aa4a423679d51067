"""Account closure: what blocks it, and what ends with it (LAW-18)."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import NextCall
from risk.appeals.operations import closing as appeals
from risk.lines import operations as lines
from risk.lines.operations import cut_reviews
from risk.models import OPEN_STATES, Assessment, BureauPayload, CreditLine

WORDS = {
    "line-in-use": _(
        "Your credit line is in use: it is free when what was drawn is repaid by its bills."
    ),
    "assessment-open": _(
        "Your assessment is not decided yet: read by when it will be, and complain if that is over."
    ),
}
CALLS = {
    "line-in-use": (NextCall("read-line", "GET", "/api/v1/me/line"),),
    "assessment-open": (NextCall("read-next-steps", "GET", "/api/v1/me"),),
}


def blocker(customer_id: int) -> str:
    """Return the code of what blocks an account closure.

    That is drawn principal, a reservation, or an assessment without a decision.
    """
    used = Q(drawn_fen__gt=0) | Q(reserved_fen__gt=0)
    is_used = CreditLine.objects.filter(used, customer=customer_id).exists()
    if is_used:
        return "line-in-use"
    is_open = Assessment.objects.filter(customer=customer_id, state__in=OPEN_STATES).exists()
    return "assessment-open" if is_open else ""


def end(customer_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Close the credit line of a customer and erase the content of the credit reports.

    An open appeal and an open review of a limit cut end without a decision (FAQ-8, LAW-18). Partner
    events stay: append-only facts under a customer id, which name nobody once the identity is
    erased.
    """
    appeals.end([customer_id], by=by, at=at)
    cut_reviews.end([customer_id], by=by, at=at)
    BureauPayload.objects.filter(customer=customer_id).delete()
    lines.close([customer_id], by=by, reason=reason, at=at)
