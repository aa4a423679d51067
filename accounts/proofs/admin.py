"""Proofs that customers uploaded; a file is handed to somebody of the staff who says why."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from accounts.models import AssetProof, Staff
from accounts.proofs import operations as proofs
from backoffice.core import clock
from backoffice.web.admin_actions import AdminAction, AdminActionsMixin


def _download(request: HttpRequest, proof: AssetProof, given: dict[str, Any]) -> HttpResponse:
    """Answer with the file to keep; no browser runs it, guesses its type or keeps a copy."""
    shown = proofs.content(
        proof.public_id, staff=cast("Staff", request.user), reason=given["reason"], at=clock.now()
    )
    return HttpResponse(
        shown.content,
        content_type=shown.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{shown.file_name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


@admin.register(AssetProof)
class AssetProofPages(AdminActionsMixin, CustomersRows):
    """What customers uploaded as proof; what it proves a person decides."""

    latest_by = "uploaded_at"
    list_display = ("__str__", "customer_link", "kind", "content_type", "size", "valid_until_on",
                    "uploaded_at")  # fmt: skip
    list_filter = ("kind",)
    fields = (*list_display[1:], "public_id")
    record_actions = (
        AdminAction("download", _("Download the file"), "accounts.view_assetfile", _download,
            explanation=_("Who saw what, and why, is kept and shown to the customer.")),
    )  # fmt: skip
