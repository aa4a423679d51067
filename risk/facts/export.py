"""The section of partner events in the customer export."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection, latest
from risk.models import PartnerEvent

SECTIONS = (
    CopySection(
        "partner_events", _("What partners reported about you"),
        {"partner": _("partner"), "kind": _("kind"), "source": _("consent"),
         "occurred_at": _("occurred at"), "amount_fen": _("amount in fen"),
         "direction": _("direction"), "result": _("result"), "category": _("category"),
         "since": _("since")},
        latest(PartnerEvent, "partner", "kind", "source", "occurred_at", "amount_fen",
               "direction", "result", "category", "since_on"),
    ),
)  # fmt: skip
