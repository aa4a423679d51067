"""What keeps a customer from leaving, and what of ours ends when one leaves (LAW-18)."""

from datetime import datetime

from django.db.models import Q

from backoffice.core import workflow
from risk.models import CreditLine, CreditLineState


def obstacle(customer_id: int) -> str:
    """Return why a customer cannot leave: a line is drawn, or a drawdown is under way."""
    used = Q(drawn_fen__gt=0) | Q(reserved_fen__gt=0)
    is_used = CreditLine.objects.filter(used, customer=customer_id).exists()
    return "line-in-use" if is_used else ""


def end(customer_id: int, *, by: str, reason: str, at: datetime) -> None:
    """Close the line of a customer who leaves: nothing may be drawn any more."""
    open_still = CreditLine.objects.filter(customer=customer_id)
    lines = list(
        open_still.exclude(state=CreditLineState.CLOSED).select_for_update().order_by("pk")
    )
    workflow.move(lines, "close", by=by, reason=reason, at=at)
    workflow.save(lines)
