"""Staff pages of partner events: what was received, of nobody else anything readable."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.web.readonly_admin import day_filter, display
from risk.models import PartnerEvent

FACT_NAMES = {"channel": _("payment method"), "period_months": _("months covered")}


@admin.register(PartnerEvent)
class PartnerEventPages(CustomersRows):
    """Partner events: counterparties, friends and employers are stored as indexes only."""

    prefix = "E"
    latest_by = "occurred_on"
    list_display = (
        "__str__", "customer_link", "partner", "kind", "source", "occurred_at", "direction",
        "result", "amount_yuan", "category",
    )  # fmt: skip
    fields = (
        "customer_link", "partner", "event_id", "kind", "source", "occurred_at", "received_at",
        "amount_yuan", "direction", "result", "category", "since_on", "facts_shown",
    )  # fmt: skip
    list_filter = (day_filter("occurred_on", _("occurred on")), "kind", "source")

    @display(description=_("further facts"))
    def facts_shown(self, event: Any) -> SafeString:
        """Return the further facts, each with its name, one a line."""
        lines = (
            (_("{name}: {value}").format(name=FACT_NAMES.get(name, name), value=value),)
            for name, value in event.facts.items()
        )
        return format_html_join("", "<div>{}</div>", lines)
