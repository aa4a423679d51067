"""The section of credit reports in the customer export."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.privacy.operations.exports import CopySection
from risk.bureau import queries
from risk.models import BureauReport


def _reports(customer_id: int, limit: int) -> Iterable[Sequence[Any]]:
    mine = BureauReport.objects.filter(customer=customer_id).order_by("-pk")
    for report in mine[:limit]:
        found = queries.reading_of(report)
        read = (found.months, found.inquiry_count, found.other_limit_fen) if found else (None,) * 3
        yield (report.provider, report.fetched_at, report.has_file, *read)


SECTIONS = (
    CopySection(
        "bureau_reports", _("Credit reports about you"),
        {"provider": _("provider"), "fetched_at": _("fetched at"),
         "has_file": _("the bureau has a file"), "months": _("last 24 months"),
         "inquiries": _("applications in 30 days"),
         "other_limit_fen": _("limits elsewhere, in fen")},
        _reports,
    ),
)  # fmt: skip
