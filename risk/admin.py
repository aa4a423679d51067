"""Staff pages of credit lines and payment history."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.web.readonly_admin import amount, day_filter, display, label
from risk.bureau import admin as bureau
from risk.facts import admin as facts
from risk.models import Conduct, CreditLine

__all__ = ["ConductAdmin", "CreditLineAdmin", "bureau", "facts"]


@admin.register(CreditLine)
class CreditLineAdmin(CustomersRows):
    """Credit lines: limit, drawn, reserved and available amounts."""

    prefix = "L"
    latest_by = "opened_on"
    list_display = (
        "__str__", "customer_link", "state_label", "limit_yuan", "temporary_yuan", "drawn_yuan",
        "reserved_yuan", "available_yuan", "opened_on",
    )  # fmt: skip
    list_filter = ("state",)
    fieldsets = (
        (None, {"fields": (("customer_link", "state_label", "opened_on"),)}),
        (_("Amounts"), {"fields": (
            ("limit_yuan", "temporary_yuan"), ("buffer_percent", "available_yuan"),
            ("drawn_yuan", "held_yuan", "reserved_yuan"),
        )}),
    )  # fmt: skip

    @display(description=_("available"))
    def available_yuan(self, line: CreditLine) -> SafeString | str:
        """Return the available amount in yuan; 0 for an inactive line."""
        whole_fen = (line.limit_fen + line.temporary_fen) * (1000 - line.buffer_permille) // 1000
        available_fen = whole_fen - line.held_fen - line.drawn_fen - line.reserved_fen
        return amount(max(available_fen, 0) if line.state == "active" else 0)


@admin.register(Conduct)
class ConductAdmin(CustomersRows):
    """Payment history: the outcome of each bill."""

    latest_by = "due_on"
    list_display = (
        "source", "customer_link", "due_on", "total_yuan", "minimum_yuan", "paid_yuan",
        "outcome_label", "recorded_at",
    )  # fmt: skip
    list_filter = (day_filter("due_on", _("due on")), "outcome")

    @display(description=_("outcome"))
    def outcome_label(self, row: Conduct) -> SafeString:
        """Return the outcome as a coloured label."""
        return label(row.get_outcome_display(), row.outcome)
