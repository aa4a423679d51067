"""The section of assessments in the customer export."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection, latest
from risk.models import Assessment, SpecialReview

SECTIONS = (
    CopySection(
        "assessments", _("Assessments"),
        {"state": _("state"), "requested_at": _("requested at"), "decided_at": _("decided at"),
         "score": _("score"), "grade": _("grade"), "rate_ppm": _("daily rate in millionths"),
         "limit_fen": _("limit in fen"), "inputs": _("inputs"), "result": _("result")},
        latest(Assessment, "state", "requested_at", "decided_at", "score", "grade", "rate_ppm",
               "limit_fen", "inputs", "result"),
    ),
    CopySection(
        "special_reviews", _("Reviews of large payments"),
        {"state": _("state"), "partner": _("partner"), "event_id": _("event id"),
         "amount_fen": _("amount in fen"), "opened_at": _("opened at"),
         "decided_at": _("decided at")},
        latest(SpecialReview, "state", "partner", "event_id", "amount_fen", "opened_at",
               "decided_at"),
    ),
)  # fmt: skip
