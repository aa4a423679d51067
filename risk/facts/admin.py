"""Staff pages of partner events: what was received, of nobody else anything readable."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.web.readonly_admin import day_filter
from risk.models import PartnerEvent


@admin.register(PartnerEvent)
class PartnerEventPages(CustomersRows):
    """Partner events: counterparties, friends and employers are stored as indexes only."""

    prefix = "E"
    latest_by = "occurred_on"
    list_display = (
        "__str__", "customer_link", "partner", "kind", "source", "occurred_at", "direction",
        "result", "amount_yuan", "category",
    )  # fmt: skip
    list_filter = (day_filter("occurred_on", _("occurred on")), "kind", "source")
