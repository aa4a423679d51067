"""Staff pages of credit reports: what decisions read in one, never the report itself."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from backoffice.core.money import yuan
from backoffice.web.readonly_admin import PageSection
from risk.bureau import queries
from risk.bureau.rules import BureauCode
from risk.models import BureauReport

CODES = {
    BureauCode.NO_DATA: _("no data"),
    BureauCode.NOTHING_DUE: _("nothing due"),
    BureauCode.DUE_LATER: _("due after the end of the month"),
    BureauCode.SETTLED: _("account settled"),
    BureauCode.NORMAL: _("repaid on time"),
    BureauCode.D30: _("1 to 30 days past due"),
    BureauCode.D60: _("31 to 60 days past due"),
    BureauCode.D90: _("61 to 90 days past due"),
    BureauCode.D120: _("91 to 120 days past due"),
    BureauCode.D150: _("121 to 150 days past due"),
    BureauCode.D180: _("151 to 180 days past due"),
    BureauCode.D181: _("more than 180 days past due"),
    BureauCode.CHARGED_OFF: _("account charged off"),
    BureauCode.GUARANTOR: _("repaid by the guarantor"),
    BureauCode.IN_KIND: _("settled in kind"),
    BureauCode.BAD_DEBT: _("bad debt"),
}


@admin.register(BureauReport)
class BureauReportPages(CustomersRows):
    """Credit reports: when, under which consent, and their summary."""

    prefix = "BR"
    latest_by = "fetched_at"
    list_display = ("__str__", "customer_link", "provider", "has_file", "fetched_at")
    list_filter = ("has_file",)
    fields = ("customer_link", "provider", "call_number", "has_file", "fetched_at",
              "consent_link", "digest")  # fmt: skip

    def sections(self, request: HttpRequest, record: Any) -> list[PageSection]:
        """Return what decisions read in the report, as of the day it was fetched."""
        found = queries.reading_of(record)
        title, heads = _("What decisions read"), (_("fact"), _("value"))
        if found is None:
            return [PageSection(title, (), (), note=_("The content is erased."))]
        rows = (
            (_("last 24 months"), found.months),
            (_("gravest code"), f"{found.worst} {CODES[BureauCode(found.worst)]}"),
            (_("thin file"), _("yes") if found.is_thin else _("no")),
            (_("months 1, 2, 3"), f"{found.count_1}, {found.count_2}, {found.count_3}"),
            (_("applications in 30 days"), found.inquiry_count),
            (_("limits elsewhere, in yuan"), yuan(found.other_limit_fen)),
        )
        return [PageSection(title, heads, rows)]
