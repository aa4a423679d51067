"""Appeals as their customers read them."""

from typing import NamedTuple

from risk.models import WRITABLE_STATES, Appeal, AppealOutcome, Assessment


class NextAppealCall(NamedTuple):
    """What the customer may call next for an appeal."""

    step: str
    state: str
    method: str
    endpoint: str


def of(customer_id: int) -> list[Appeal]:
    """Return the appeals of a customer, the newest first."""
    mine = Appeal.objects.filter(customer=customer_id).select_related("assessment")
    return list(mine.order_by("-pk"))


def new_assessment(appeal: Appeal) -> Assessment | None:
    """Return the decision that followed from an upheld appeal."""
    return Assessment.objects.filter(appeal=appeal).first()


def next_calls(appeal: Appeal) -> list[NextAppealCall]:
    """Return what the customer may do: add and submit, or ask support about a rejection."""
    address = f"/api/v1/appeals/{appeal.public_id}"
    if appeal.state in WRITABLE_STATES:
        return [
            NextAppealCall("add-material", "open", "POST", f"{address}/materials"),
            NextAppealCall("submit-appeal", "open", "POST", f"{address}/submit"),
        ]
    if appeal.outcome == AppealOutcome.REJECTED:
        return [NextAppealCall("ask-support", "open", "POST", "/api/v1/me/complaints")]
    return []
