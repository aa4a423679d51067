"""The closed months of the ledger, each with the trial balance that was stored."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from backoffice.web.admin_actions import AdminAction, AdminActionsMixin
from backoffice.web.readonly_admin import PageSection, ReadOnlyAdmin
from loans.general_ledger.admin import pages, tables
from loans.general_ledger.queries import exports
from loans.models import ClosedMonth


@admin.register(ClosedMonth)
class ClosedMonthPages(AdminActionsMixin, ReadOnlyAdmin):
    """Months that take no more postings; the pages of the ledger stand beside them."""

    ordering = ("-month",)
    list_select_related = ("approval",)
    list_display = (
        "__str__", "transfers", "moved_yuan", "reason", "closed_by_shown", "at",
    )  # fmt: skip
    fields = (*list_display[1:], "approval_link")
    record_actions: ClassVar[list[AdminAction]] = [
        pages.export_action(exports.CLOSED_MONTH, lambda closed: {"month": str(closed)})
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the ledger."""
        return pages.urls(self.admin_site) + super().get_urls()

    def sections(self, request: HttpRequest, record: ClosedMonth) -> list[PageSection]:
        """Return the trial balance as it was when the month was closed."""
        lines = [exports.sided(one) for one in exports.closed_lines(record.month)]
        title = _("Trial balance at the close")
        return [tables.trial_balance(lines, str(record), title=title)]
