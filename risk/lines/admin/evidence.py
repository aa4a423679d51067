"""The evidence of limit changes and inputs, as a link where it names a record with a page."""

from django.utils.safestring import SafeString

from accounts.models import AssetProof, ProofReview
from backoffice.core import reasons
from backoffice.core.models import Approval
from backoffice.web.readonly_admin import link


def shown(evidence: str) -> SafeString | str:
    """Return a link to the request or the proof that the evidence names, else words."""
    kind, _colon, number = evidence.partition(":")
    if not number.isdecimal():
        return str(reasons.worded(evidence))
    if kind == "approval":
        return link(Approval.objects.filter(pk=number).first()) or evidence
    if kind == "proof-review":
        return link(_proof(int(number))) or evidence
    return str(reasons.worded(evidence))


def _proof(review_id: int) -> AssetProof | None:
    """Return the proof of a review, unless the customer has deleted it."""
    reviewed = ProofReview.objects.filter(pk=review_id).values("proof_id")
    return AssetProof.objects.filter(public_id__in=reviewed).defer("asset_number").first()
