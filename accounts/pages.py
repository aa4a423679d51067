"""The one page of people that is a file: a proof, handed to somebody of the staff who says why."""

from http import HTTPStatus
from typing import cast
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from accounts.models import Staff
from accounts.operations import proofs
from backoffice import clock

_REASON_MAX = 200  # as many characters as the record of it holds


@require_POST
@permission_required("accounts.view_assetfile", raise_exception=True)
def proof(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with the content of a proof as a file to keep, for a ``reason`` that is recorded.

    Whatever the file holds, no browser runs it, guesses its type or keeps a copy.
    """
    reason = request.POST.get("reason", "").strip()
    if not 0 < len(reason) <= _REASON_MAX:
        words = gettext("Say why you need to see this, in at most %d characters.") % _REASON_MAX
        return HttpResponse(words, status=HTTPStatus.BAD_REQUEST, content_type="text/plain")
    try:
        shown = proofs.content(
            public_id, staff=cast("Staff", request.user), reason=reason, at=clock.now()
        )
    except proofs.ProofUnknownError as refusal:
        raise Http404(str(refusal)) from None
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


urlpatterns = [
    path("proofs/<uuid:public_id>", admin.site.admin_view(proof), name="accounts_proof_file"),
]
