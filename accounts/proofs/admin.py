"""Proofs that customers uploaded: handed to staff who say why, and reviewed (LIMIT-3, LIMIT-4)."""

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.customers.rows import CustomersRows
from accounts.models import (
    ASSET_KINDS,
    OCCUPATIONS,
    REVIEWED_KINDS,
    VERDICTS,
    AssetProof,
    ProofKind,
    ProofReview,
    Staff,
)
from accounts.onboarding.rules.occupations import Occupation
from accounts.proofs.operations import proofs, reviews
from accounts.proofs.operations.reviews import ProofFinding
from accounts.proofs.rules.findings import ProofVerdict
from backoffice.core import clock
from backoffice.core.money import yuan
from backoffice.web import wording
from backoffice.web.admin_actions import (
    AdminAction,
    AdminActionsMixin,
    Field,
    FieldError,
    whole_yuan_fen,
)
from backoffice.web.readonly_admin import PageSection, address, display, label

NUMBER_SECONDS = 60  # after them the page with a number closes


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


def _show_number(request: HttpRequest, proof: AssetProof, given: dict[str, Any]) -> HttpResponse:
    """Answer with the number of the asset, on a page that closes by itself."""
    number = proofs.asset_number(
        proof.public_id, staff=cast("Staff", request.user), reason=given["reason"], at=clock.now()
    )
    page = TemplateResponse(
        request,
        "admin/accounts/unmasked.html",
        {
            **site.each_context(request),
            "title": str(proof),
            "shown": [(_("number of the asset"), [number])],
            "seconds": NUMBER_SECONDS,
            "address": address(proof),
        },
    )
    page["Cache-Control"] = "no-store"
    page["Refresh"] = f"{NUMBER_SECONDS}; url={address(proof)}"
    return page


def _review(request: HttpRequest, finding: ProofFinding, reason: str) -> str:
    at = clock.now()
    reviews.review([finding], by=str(request.user), reason=reason, at=at, on=clock.day_of(at))
    return gettext("The review of the proof is stored.")


def _accept_asset(request: HttpRequest, proof: AssetProof, given: dict[str, Any]) -> str:
    finding = ProofFinding(proof.pk, ProofVerdict.ACCEPTED)
    return _review(request, finding, given["reason"])


def _accept_income(request: HttpRequest, proof: AssetProof, given: dict[str, Any]) -> str:
    income_fen = whole_yuan_fen(given["income"], _("monthly income in yuan"))
    finding = ProofFinding(proof.pk, ProofVerdict.ACCEPTED, monthly_income_fen=income_fen)
    return _review(request, finding, given["reason"])


def _accept_occupation(request: HttpRequest, proof: AssetProof, given: dict[str, Any]) -> str:
    try:
        since_on = date.fromisoformat(given["since"])
    except ValueError:
        raise FieldError(field=_("in this occupation since")) from None
    occupation = Occupation(given["occupation"])
    finding = ProofFinding(
        proof.pk, ProofVerdict.ACCEPTED, occupation=occupation, since_on=since_on
    )
    return _review(request, finding, given["reason"])


def _reject(request: HttpRequest, proof: AssetProof, given: dict[str, Any]) -> str:
    finding = ProofFinding(proof.pk, ProofVerdict(given["verdict"]))
    return _review(request, finding, given["reason"])


def _is_of(*kinds: ProofKind) -> Callable[[AssetProof], bool]:
    return lambda proof: proof.kind in kinds


_REJECTED = tuple((code, words) for code, words in VERDICTS if code != ProofVerdict.ACCEPTED)
_RIGHT = "accounts.decide_proofreview"


@admin.register(AssetProof)
class AssetProofPages(AdminActionsMixin, CustomersRows):
    """What customers uploaded as proof, and what a person found in it."""

    prefix = "A"
    latest_by = "uploaded_at"
    list_display = ("__str__", "customer_link", "kind", "content_type", "size", "valid_until_on",
                    "uploaded_at")  # fmt: skip
    list_filter = ("kind",)
    fields = (*list_display[1:], "has_asset_number", "verdict", "public_id")
    record_actions = (
        AdminAction("download", _("Download the file"), "accounts.view_assetfile", _download,
            explanation=_("Who saw what, and why, is kept and shown to the customer.")),
        AdminAction("show-number", _("Show the number"), "accounts.view_assetfile", _show_number,
            is_open=lambda proof: proof.asset_blind is not None,
            explanation=_("Who saw what, and why, is kept and shown to the customer.")),
        AdminAction("accept-asset", _("Accept the asset"), _RIGHT, _accept_asset, kind="primary",
            is_open=_is_of(*ASSET_KINDS),
            explanation=_("The file shows that the customer owns the asset of the number that was "
                          "sent: look at both. It raises the target of the limit from now on.")),
        AdminAction("accept-income", _("Accept the income"), _RIGHT, _accept_income, kind="primary",
            is_open=_is_of(ProofKind.INCOME),
            fields=(Field("income", _("monthly income in yuan"), length_max=20,
                          keeps_numbers=True),),
            explanation=_("The mean monthly income that the file shows, after tax. The limit "
                          "follows it from now on.")),
        AdminAction("accept-occupation", _("Accept the occupation"), _RIGHT, _accept_occupation,
            kind="primary", is_open=_is_of(ProofKind.OCCUPATION),
            fields=(Field("occupation", _("occupation"), "select", OCCUPATIONS),
                    Field("since", _("in this occupation since"), "date")),
            explanation=_("What the file shows; it counts for a year.")),
        AdminAction("reject", _("Reject the proof"), _RIGHT, _reject, kind="danger",
            is_open=_is_of(*REVIEWED_KINDS),
            fields=(Field("verdict", _("verdict"), "select", _REJECTED),),
            explanation=_("The customer reads the verdict and may send another file.")),
    )  # fmt: skip

    @display(description=_("number of the asset"))
    def has_asset_number(self, proof: AssetProof) -> str:
        """Return whether the customer sent the number of the asset."""
        return gettext("sent") if proof.asset_blind is not None else gettext("not sent")

    @display(description=_("verdict"))
    def verdict(self, proof: AssetProof) -> SafeString:
        """Return the verdict in force, as a coloured label."""
        found = reviews.latest_of([proof]).get(proof.pk)
        if found is None:
            return label(_("not reviewed"), "pending")
        return label(found.get_verdict_display(), found.verdict)

    def sections(self, request: HttpRequest, record: AssetProof) -> list[PageSection]:
        """Return the reviews of the proof, the latest first."""
        mine = ProofReview.objects.filter(proof_id=record.public_id).order_by("-pk")
        rows = [
            (one.at, one.get_verdict_display(), _shown(one), wording.actor(one.reviewed_by),
             one.reason)
            for one in mine.select_related("customer")
        ]  # fmt: skip
        heads = (_("at"), _("verdict"), _("what it shows"), _("reviewer"), _("reason"))
        return [PageSection(_("Reviews"), heads, rows), *super().sections(request, record)]


def _shown(review: ProofReview) -> str:
    """Return in words what an accepted proof evidences."""
    if review.monthly_income_fen is not None:
        return gettext("{income} yuan a month").format(income=yuan(review.monthly_income_fen))
    if review.occupation:
        since = date_format(review.since_on) if review.since_on else ""
        return f"{review.get_occupation_display()} {since}".strip()
    return ""
