"""The sections that risk adds to the customer export."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection, latest
from risk.models import Conduct, CreditLine

SECTIONS = (
    CopySection(
        "credit_lines", _("Credit lines"),
        {"state": _("state"), "limit_fen": _("limit in fen"),
         "temporary_fen": _("temporary limit in fen"), "drawn_fen": _("drawn in fen"),
         "opened_on": _("opened on")},
        latest(CreditLine, "state", "limit_fen", "temporary_fen", "drawn_fen", "opened_on"),
    ),
    CopySection(
        "conduct", _("Payment history"),
        {"due_on": _("due on"), "total_fen": _("bill total in fen"),
         "paid_fen": _("paid in fen"), "outcome": _("outcome")},
        latest(Conduct, "due_on", "total_fen", "paid_fen", "outcome"),
    ),
)  # fmt: skip
