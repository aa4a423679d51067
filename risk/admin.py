"""Staff pages of risk: those of credit lines are registered by their package."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core import reasons
from backoffice.web.readonly_admin import day_filter, display, label
from risk.appeals import admin as appeals
from risk.bureau import admin as bureau
from risk.decisions import admin as decisions
from risk.facts import admin as facts
from risk.lines import admin as lines
from risk.models import Conduct
from risk.simulation import admin as simulation

__all__ = ["ConductAdmin", "appeals", "bureau", "decisions", "facts", "lines", "simulation"]


@admin.register(Conduct)
class ConductAdmin(CustomersRows):
    """Payment history: the outcome of each bill."""

    latest_by = "due_on"
    list_display = (
        "source_words", "customer_link", "due_on", "total_yuan", "minimum_yuan", "paid_yuan",
        "outcome_label", "paid_on", "recorded_at",
    )  # fmt: skip
    list_filter = (day_filter("due_on", _("due on")), "outcome")
    hidden = ("source",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return every visible column, the source in words."""
        return ["source_words", *super().get_fields(request, obj)]

    @display(description=_("source"))
    def source_words(self, row: Conduct) -> str:
        """Return the bill that was reported."""
        return str(reasons.worded(row.source))

    @display(description=_("outcome"))
    def outcome_label(self, row: Conduct) -> SafeString:
        """Return the outcome as a coloured label."""
        return label(row.get_outcome_display(), row.outcome)
